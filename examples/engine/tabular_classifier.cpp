// A network of one's own on the engine, for a table: will the next shift in a coal mine bring a strong bump?
// Words and numbers as features, a rare class that counts as much as the frequent one, judged by 10-fold
// cross-validation.
//
//     tabular_classifier seismic-bumps.csv     # 18 attributes, then class 0 or 1
//     tabular_classifier                       # a table that it makes itself, in a few seconds
//
//   features ─► DenseBlock (Dense, relu, batch normalisation, dropout) ─► DenseBlock ─► Dense 1 ─► logit
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "engine/nn/dense_block.h"
#include "engine/nn/error.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/losses.h"
#include "engine/train/class_weights.h"
#include "engine/train/training_step.h"

using namespace deepmine;
using nn::Activations;

// ---- the network: what train::TrainingStep asks for, and nothing else

class TabularClassifier {
 public:
  using Inputs = Activations<const float>;  ///< features × block_size a block
  using Targets = nn::LossTargets<float>;
  struct InputGradients {};
  struct Workspace {
    nn::DenseBlock<float>::Cache first, second;
    nn::Dense<float>::Cache logit;
    Activations<float> d_first, d_second, d_logit;
    double* block_loss = nullptr;
  };

  TabularClassifier(int features, int units, double dropout)
      : first_(layout_, "first", features, units, dropout),
        second_(layout_, "second", units, units / 2, dropout),
        logit_(layout_, "logit", units / 2, 1, nn::Activation::none) {
    layout_.finish();
  }
  TabularClassifier(const TabularClassifier&) = delete;
  TabularClassifier& operator=(const TabularClassifier&) = delete;

  const nn::ParameterLayout& layout() const { return layout_; }

  void plan(nn::Arena& arena, int largest_batch, Workspace& w) const {
    const int blocks = nn::BatchShape{largest_batch}.blocks();
    first_.plan(arena, blocks, 1, w.first);
    second_.plan(arena, blocks, 1, w.second);
    logit_.plan(arena, blocks, 1, w.logit);
    w.d_first = arena.activations<float>(blocks, first_.outputs(), 1);
    w.d_second = arena.activations<float>(blocks, second_.outputs(), 1);
    w.d_logit = arena.activations<float>(blocks, 1, 1);
    w.block_loss = arena.take<double>(static_cast<std::size_t>(blocks));
  }
  void forward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& x,
               Workspace& w) const {
    first_.forward(pass, parameters, x, w.first);
    second_.forward(pass, parameters, w.first.output, w.second);
    logit_.forward(pass, parameters, w.second.output, w.logit);
  }
  void loss(const nn::Pass<float>& pass, const Targets& targets, Workspace& w) const {
    nn::binary_cross_entropy<float>(pass, w.logit.output, targets, 1.0, w.d_logit, w.block_loss);
  }
  void backward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& x,
                Workspace& w, const nn::Gradients<float>& gradients, const InputGradients&) const {
    logit_.backward(pass, parameters, w.second.output, w.logit, w.d_logit, nn::overwrite(w.d_second),
                    gradients);
    second_.backward(pass, parameters, w.first.output, w.second, w.d_second, nn::overwrite(w.d_first),
                     gradients);
    first_.backward(pass, parameters, x, w.first, w.d_first, nn::nowhere<float>(), gradients);
  }
  int heads() const { return 1; }
  double head_loss(const Workspace& w, const nn::BatchShape& batch, int /*head*/) const {
    return std::accumulate(w.block_loss, w.block_loss + batch.blocks(), 0.0);
  }
  float logit(const Workspace& w, int sample) const {
    return *w.logit.output.column(sample / nn::block_size, sample % nn::block_size);
  }

 private:
  nn::ParameterLayout layout_;
  nn::DenseBlock<float> first_, second_;
  nn::Dense<float> logit_;
};

// ---- data

struct Row {
  std::vector<double> features;
  int label = 0;
};

/// Numbers become sign · ln(1 + |x|), because energies span decades; a word becomes its rank among the words
/// of its column (`a`, `b`, … are grades here).
std::vector<Row> read_csv(const char* path) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::data_invalid, std::string(path) + ": can't be opened");
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells(1);
    for (const char c : line) c == ',' ? (void)cells.emplace_back() : cells.back().push_back(c);
    Row& row = rows.emplace_back();
    row.label = cells.back() == "1" ? 1 : 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
      double value = 0;
      const auto [end, fault] = std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), value);
      const bool is_number = fault == std::errc() && end == cells[i].data() + cells[i].size();
      row.features.push_back(is_number ? std::copysign(std::log1p(std::fabs(value)), value)
                                       : static_cast<double>(cells[i].empty() ? 0 : cells[i][0] - 'a'));
    }
  }
  return rows;
}

/// One row in six is of the rare class, which lies in a ring.
std::vector<Row> make_ring() {
  RandomStream random(1);
  std::vector<Row> rows;
  for (int i = 0; i < 900; ++i) {
    const int label = i % 6 == 0 ? 1 : 0;
    const double radius = (label == 1 ? 2.0 : 1.0) + 0.3 * random.normal(), angle = random.uniform(0, 6.28);
    rows.push_back({{radius * std::cos(angle), radius * std::sin(angle), random.normal()}, label});
  }
  return rows;
}

/// Mean and deviation of every feature over some rows: what a network was trained with, it is judged with.
struct Scaler {
  std::vector<double> mean, deviation;

  Scaler(const std::vector<Row>& rows, const std::vector<std::size_t>& chosen) {
    const std::size_t features = rows[0].features.size();
    for (std::size_t i = 0; i < features; ++i) {
      double sum = 0, squares = 0;
      for (const std::size_t row : chosen) sum += rows[row].features[i];
      mean.push_back(sum / static_cast<double>(chosen.size()));
      for (const std::size_t row : chosen) squares += std::pow(rows[row].features[i] - mean[i], 2);
      const double found = std::sqrt(squares / static_cast<double>(chosen.size()));
      deviation.push_back(found > 0 ? found : 1);
    }
  }
};

class Batch {
 public:
  Batch(int features, int largest)
      : labels_(static_cast<std::size_t>(largest)), weights_(labels_.size(), 1.0f) {
    arena_.build([&](nn::Arena& arena) {
      x_ = arena.activations<float>(nn::BatchShape{largest}.blocks(), features, 1);
    });
  }
  void put(int sample, const Row& row, const Scaler& scaler, double weight) {
    float* const column = x_.column(sample / nn::block_size, sample % nn::block_size);
    for (std::size_t i = 0; i < row.features.size(); ++i)
      column[i] = static_cast<float>((row.features[i] - scaler.mean[i]) / scaler.deviation[i]);
    labels_[static_cast<std::size_t>(sample)] = static_cast<std::int8_t>(row.label);
    weights_[static_cast<std::size_t>(sample)] = static_cast<float>(weight);
  }
  Activations<const float> inputs() const { return x_; }
  nn::LossTargets<float> targets() const { return {labels_.data(), weights_.data()}; }

 private:
  nn::Arena arena_;
  Activations<float> x_;
  std::vector<std::int8_t> labels_;
  std::vector<float> weights_;
};

// ---- training and prediction

struct Recipe {
  int units = 32, epochs = 30, networks = 5;
  double dropout = 0.3, learning_rate = 2e-3;
};

/// Adds the logits of one network for `judged`, trained on `training`.
void add_votes(const std::vector<Row>& rows, const std::vector<std::size_t>& training,
               const std::vector<std::size_t>& judged, const Recipe& recipe, std::uint64_t seed,
               std::vector<double>& votes) {
  const int features = static_cast<int>(rows[0].features.size());
  const TabularClassifier network(features, recipe.units, recipe.dropout);
  nn::Parameters<float> parameters(network.layout(), true);
  nn::initialise(parameters, seed);
  train::TrainingPlan plan;
  plan.batch_size = 64;
  plan.seed = seed;
  const Scaler scaler(rows, training);
  std::array<std::int64_t, 2> counts{};
  for (const std::size_t row : training) ++counts[static_cast<std::size_t>(rows[row].label)];
  const std::vector<double> weights = train::class_weights(train::ClassWeights::balanced, counts);

  train::TrainingStep<TabularClassifier, float> step(network, parameters, plan, plan.batch_size,
                                                     nn::default_kernels());
  Batch batch(features, plan.batch_size);
  RandomStream random(derive_key(seed, "order"));
  std::vector<std::size_t> order = training;
  for (int epoch = 0; epoch < recipe.epochs; ++epoch) {
    const double rate = recipe.learning_rate * 0.5 * (1 + std::cos(3.14159265 * epoch / recipe.epochs));
    random.shuffle(order);
    for (std::size_t first = 0; first + 1 < order.size();
         first += static_cast<std::size_t>(plan.batch_size)) {
      const int size = static_cast<int>(
          std::min<std::size_t>(static_cast<std::size_t>(plan.batch_size), order.size() - first));
      for (int i = 0; i < size; ++i) {
        const Row& row = rows[order[first + static_cast<std::size_t>(i)]];
        batch.put(i, row, scaler, weights[static_cast<std::size_t>(row.label)]);
      }
      step.step(batch.inputs(), batch.targets(), size, rate, 1);
    }
  }

  const int count = static_cast<int>(judged.size());
  Batch all(features, count);
  for (int i = 0; i < count; ++i) all.put(i, rows[judged[static_cast<std::size_t>(i)]], scaler, 1);
  nn::Arena arena;
  TabularClassifier::Workspace workspace;
  arena.build([&](nn::Arena& a) { network.plan(a, count, workspace); });
  nn::Team::run(1, [&](const nn::Team& team) {
    const nn::Pass<float> pass{team, nn::default_kernels(), {count}, nn::inference_mode, nullptr, nullptr};
    network.forward(pass, parameters.view(), all.inputs(), workspace);
  });
  for (int i = 0; i < count; ++i) votes[judged[static_cast<std::size_t>(i)]] += network.logit(workspace, i);
}

/// Which fold each row belongs to: the rows of each class dealt out in a random order.
std::vector<int> deal_folds(const std::vector<Row>& rows, int folds, std::uint64_t seed) {
  std::vector<int> fold(rows.size());
  RandomStream random(derive_key(seed, "folds"));
  for (const int label : {0, 1}) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].label == label) members.push_back(i);
    random.shuffle(members);
    for (std::size_t i = 0; i < members.size(); ++i) fold[members[i]] = static_cast<int>(i) % folds;
  }
  return fold;
}

/// Mean of the shares of both classes that are found. Of all rows, each judged by networks that never saw it.
double balanced_accuracy(const std::vector<Row>& rows, const std::vector<double>& votes) {
  std::array<double, 2> all{}, found{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all[static_cast<std::size_t>(rows[i].label)] += 1;
    found[static_cast<std::size_t>(rows[i].label)] += (votes[i] > 0) == (rows[i].label == 1) ? 1 : 0;
  }
  std::printf("  %.0f of %.0f of the rare class found, %.0f of %.0f others rightly left alone\n", found[1],
              all[1], found[0], all[0]);
  return (found[0] / all[0] + found[1] / all[1]) / 2;
}

int run(int argument_count, char** arguments) {
  constexpr int folds = 10;
  const bool from_file = argument_count > 1;
  const std::vector<Row> rows = from_file ? read_csv(arguments[1]) : make_ring();
  Recipe recipe;
  if (!from_file) recipe.networks = 1, recipe.epochs = 40;
  const int repetitions = from_file ? 3 : 1;
  std::printf("%zu rows of %zu features, %d folds\n", rows.size(), rows.at(0).features.size(), folds);
  double sum = 0;
  for (int repetition = 1; repetition <= repetitions; ++repetition) {
    const std::vector<int> fold = deal_folds(rows, folds, static_cast<std::uint64_t>(repetition));
    std::vector<double> votes(rows.size());
    for (int judged_fold = 0; judged_fold < folds; ++judged_fold) {
      std::vector<std::size_t> training, judged;
      for (std::size_t i = 0; i < rows.size(); ++i) (fold[i] == judged_fold ? judged : training).push_back(i);
      for (int n = 0; n < recipe.networks; ++n)
        add_votes(rows, training, judged, recipe, static_cast<std::uint64_t>(1000 * repetition + n), votes);
    }
    const double result = balanced_accuracy(rows, votes);
    std::printf("folds %d: balanced accuracy %.4f\n", repetition, result);
    sum += result;
  }
  std::printf("mean of %d: balanced accuracy %.4f\n", repetitions, sum / repetitions);
  return 0;
}

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
