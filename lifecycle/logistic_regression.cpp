#include "lifecycle/logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/stope/window_summary.h"
#include "engine/train/class_weights.h"
#include "engine/train/training_step.h"

namespace deepmine::lifecycle {
namespace {

constexpr int levels_count = static_cast<int>(stope::risk_level_count);

std::array<double, stope::window_summary_count> summary_of(const stope::Dataset& dataset,
                                                           std::uint32_t number) {
  const stope::Window& window = dataset.windows()[number];
  const stope::PreparedStope& stope = dataset.stopes()[window.stope];
  std::array<double, stope::window_summary_count> summary{};
  stope::write_window_summary(stope.features, stope.readings.window(window.end, dataset.plan().days),
                              summary.data());
  return summary;
}

/// The training windows in memory: standardised summaries, targets and weights of all heads.
struct TrainingTable {
  std::vector<std::vector<float>> features;       // by window
  std::vector<std::vector<std::int8_t>> targets;  // by head
  std::vector<std::vector<float>> weights;        // by head
};

/// One batch, filled from the table.
class TableBatch {
 public:
  TableBatch(const LinearHeads& network, int capacity)
      : targets_(static_cast<std::size_t>(network.heads()),
                 std::vector<std::int8_t>(static_cast<std::size_t>(capacity))),
        weights_(static_cast<std::size_t>(network.heads()),
                 std::vector<float>(static_cast<std::size_t>(capacity))) {
    arena_.build([&](nn::Arena& arena) {
      features_ = arena.activations<float>(nn::BatchShape{capacity}.blocks(), network.features(), 1);
    });
  }

  float* column(std::size_t position) {
    const int p = static_cast<int>(position);
    return features_.column(p / nn::block_size, p % nn::block_size);
  }
  void fill(const TrainingTable& table, std::span<const std::uint32_t> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(table.features[rows[i]].begin(), table.features[rows[i]].end(), column(i));
      for (std::size_t head = 0; head < targets_.size(); ++head) {
        targets_[head][i] = table.targets[head][rows[i]];
        weights_[head][i] = table.weights[head][rows[i]];
      }
    }
  }
  LinearHeads::Inputs inputs() const { return {features_}; }
  LinearHeads::Targets targets() const {
    LinearHeads::Targets targets;
    targets.current = {targets_[0].data(), weights_[0].data()};
    for (std::size_t k = 1; k < targets_.size(); ++k)
      targets.future[k - 1] = {targets_[k].data(), weights_[k].data()};
    return targets;
  }

 private:
  nn::Arena arena_;
  nn::Activations<float> features_;
  std::vector<std::vector<std::int8_t>> targets_;
  std::vector<std::vector<float>> weights_;
};

/// Rows of batches, shuffled anew for each pass; a pass that has fewer left than a batch ends.
class RowOrder {
 public:
  RowOrder(std::size_t rows, RandomKey key) : rows_(rows), stream_(key), next_(rows) {
    std::iota(rows_.begin(), rows_.end(), 0U);
  }
  std::span<const std::uint32_t> next(std::size_t count) {
    if (next_ + count > rows_.size()) {
      stream_.shuffle(rows_);
      next_ = 0;
    }
    next_ += count;
    return std::span(rows_).subspan(next_ - count, count);
  }

 private:
  std::vector<std::uint32_t> rows_;
  RandomStream stream_;
  std::size_t next_;
};

void add_targets(TrainingTable& table, const stope::Dataset& dataset, const stope::WindowSelection& training,
                 train::ClassWeights choice) {
  const stope::ClassCounts counts = dataset.class_counts(training);
  std::vector<std::vector<double>> class_weights{train::class_weights(choice, counts.current)};
  for (const auto& level_counts : counts.future)
    class_weights.push_back(train::class_weights(choice, level_counts));
  table.targets.resize(class_weights.size());
  table.weights.resize(class_weights.size());
  std::vector<std::int8_t> targets(class_weights.size());
  for (const std::uint32_t window : training.windows) {
    targets[0] = dataset.current_target(window);
    dataset.write_future_targets(window, training.targets_before, targets.data() + 1);
    for (std::size_t head = 0; head < targets.size(); ++head) {
      const bool is_known = targets[head] != stope::masked;
      table.targets[head].push_back(is_known ? targets[head] : std::int8_t{0});
      table.weights[head].push_back(
          is_known ? static_cast<float>(class_weights[head][static_cast<std::size_t>(targets[head])]) : 0.0f);
    }
  }
}

}  // namespace

LogisticRegression::LogisticRegression(const stope::Dataset& dataset, const stope::WindowSelection& training,
                                       const LogisticPlan& plan)
    : network_(static_cast<int>(stope::window_summary_count),
               static_cast<int>(dataset.plan().horizons.size()), levels_count),
      parameters_(std::make_unique<nn::Parameters<float>>(network_.layout(), true)) {
  if (training.windows.size() < 2)
    throw Error(ErrorCode::data_invalid,
                "logistic regression needs at least 2 windows to learn from, found " +
                    std::to_string(training.windows.size()));
  fit_scales(dataset, training);
  fit(dataset, training, plan);
}

void LogisticRegression::fit_scales(const stope::Dataset& dataset, const stope::WindowSelection& training) {
  std::vector<stope::ColumnFit> fits(stope::window_summary_count);
  for (const std::uint32_t window : training.windows) {
    const auto summary = summary_of(dataset, window);
    for (std::size_t k = 0; k < fits.size(); ++k) fits[k].add(summary[k]);
  }
  for (const stope::ColumnFit& column : fits) scales_.push_back(column.finish());
}

void LogisticRegression::fit(const stope::Dataset& dataset, const stope::WindowSelection& training,
                             const LogisticPlan& plan) {
  TrainingTable table;
  for (const std::uint32_t window : training.windows) {
    table.features.emplace_back(stope::window_summary_count);
    write_summary(dataset, window, table.features.back().data());
  }
  add_targets(table, dataset, training, plan.class_weights);
  nn::initialise(*parameters_, derive_key(plan.seed, "logistic regression"));

  train::TrainingPlan recipe;
  recipe.l2 = plan.l2;
  recipe.clip_norm = 0;
  const auto size = std::min(static_cast<std::size_t>(plan.batch_size), training.windows.size());
  train::TrainingStep<LinearHeads, float> step(network_, *parameters_, recipe, static_cast<int>(size),
                                               nn::default_kernels());
  TableBatch batch(network_, static_cast<int>(size));
  RowOrder order(training.windows.size(), derive_key(plan.seed, "shuffle of logistic regression"));
  const int steps =
      std::max(plan.fewest_steps,
               plan.passes * static_cast<int>(training.windows.size() / static_cast<std::size_t>(size)));
  for (int number = 0; number < steps; ++number) {
    batch.fill(table, order.next(size));
    const double part_done = number / static_cast<double>(steps);
    const double rate = plan.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * part_done));
    last_loss_ = step.step(batch.inputs(), batch.targets(), static_cast<int>(size), rate, 1).total;
  }
}

void LogisticRegression::write_summary(const stope::Dataset& dataset, std::uint32_t window,
                                       float* out) const {
  const auto summary = summary_of(dataset, window);
  // What never varied in training says nothing; another value of it would be arbitrarily large.
  for (std::size_t k = 0; k < summary.size(); ++k)
    out[k] =
        scales_[k].lowest < scales_[k].highest ? static_cast<float>(scales_[k].scaled(summary[k])) : 0.0f;
}

Answers LogisticRegression::answers(const stope::Dataset& dataset,
                                    const stope::WindowSelection& selection) const {
  constexpr int capacity = 64;
  LinearHeads::Workspace workspace;
  nn::Arena arena;
  arena.build([&](nn::Arena& planned) { network_.plan(planned, capacity, workspace); });
  TableBatch batch(network_, capacity);
  Answers answers;
  for (std::size_t first = 0; first < selection.windows.size(); first += capacity) {
    const auto part = std::span(selection.windows)
                          .subspan(first, std::min<std::size_t>(capacity, selection.windows.size() - first));
    for (std::size_t i = 0; i < part.size(); ++i) write_summary(dataset, part[i], batch.column(i));
    nn::Team::run(1, [&](const nn::Team& team) {
      network_.forward({team, nn::default_kernels(), {static_cast<int>(part.size())}, nn::inference_mode},
                       parameters_->view(), batch.inputs(), workspace);
    });
    for (std::size_t i = 0; i < part.size(); ++i) {
      Logits logits;
      for (const LinearHeads::Head& head : workspace.heads) {
        const int p = static_cast<int>(i);
        const float* z = head.logits.output.column(p / nn::block_size, p % nn::block_size);
        logits.insert(logits.end(), z, z + head.logits.output.features);
      }
      add_answer(answers, logits, dataset.plan().horizons.size(), {});
    }
  }
  return answers;
}

}  // namespace deepmine::lifecycle
