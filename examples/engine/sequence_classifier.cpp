// A network of one's own on the engine: which of several speakers said it? Sequences of differing length,
// with masks; a layer of one's own; several networks that vote.
//
//     sequence_classifier japanese_vowels_long.csv     # id, split, speaker, t, c1 … c12
//     sequence_classifier                              # sequences that it makes itself, in a few seconds
//
//   x(t) ───────────► LSTM ─► mean over the steps that count ─┐
//                                                             ├─► concatenate ─► dropout ─► Dense ─► logits
//   x(T − 1 − t) ───► LSTM ─► mean over the steps that count ─┘
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "engine/nn/dense.h"
#include "engine/nn/dropout.h"
#include "engine/nn/elementwise.h"
#include "engine/nn/error.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/losses.h"
#include "engine/nn/lstm.h"
#include "engine/train/training_step.h"

using namespace deepmine;
using nn::Activations;

// ---- a layer of one's own: y = 1/n · Σ x(t) over the n steps that count

namespace mean_over_steps {

void forward(const nn::Pass<float>& pass, Activations<const float> x, Activations<float> y) {
  pass.for_my_blocks([&](int block, int) {
    for (int position = 0; position < nn::block_size; ++position) {
      float* const mean = y.column(block, position);
      std::fill_n(mean, y.features, 0.0f);
      const int steps = x.valid_steps(pass.batch, block, position);
      for (int step = 0; step < steps; ++step) {
        const float* const column = x.column(block, step * nn::block_size + position);
        for (int i = 0; i < y.features; ++i) mean[i] += column[i] / static_cast<float>(steps);
      }
    }
  });
}

/// Columns that don't count get 0, as every layer expects.
void backward(const nn::Pass<float>& pass, Activations<const float> dy, Activations<float> dx) {
  pass.for_my_blocks([&](int block, int) {
    for (int column = 0; column < dx.columns(); ++column) {
      const int position = column % nn::block_size;
      const auto steps = static_cast<float>(dx.valid_steps(pass.batch, block, position));
      const bool counts = dx.column_counts(pass.batch, block, column);
      for (int i = 0; i < dx.features; ++i)
        dx.column(block, column)[i] = counts ? dy.column(block, position)[i] / steps : 0.0f;
    }
  });
}

}  // namespace mean_over_steps

// ---- the network: what train::TrainingStep asks for, and nothing else

struct Sizes {
  int features = 12, steps = 29, units = 64, classes = 9;
  double dropout = 0.4;
};

class SequenceClassifier {
 public:
  struct Inputs {
    Activations<const float> forwards, backwards;  ///< features × (steps · block_size) a block, with lengths
  };
  using Targets = nn::LossTargets<float>;
  struct InputGradients {};
  struct Branch {
    nn::Lstm<float>::Cache lstm;
    Activations<float> mean, d_mean, d_lstm;
  };
  struct Workspace {
    Branch forwards, backwards;
    Activations<float> joined, d_joined, d_dropped, d_logits;
    nn::Dropout<float>::Cache dropout;
    nn::Dense<float>::Cache logits;
    double* block_loss = nullptr;
  };

  explicit SequenceClassifier(const Sizes& sizes)
      : sizes_(sizes),
        forwards_(layout_, "forwards", sizes.features, sizes.units, {}),
        backwards_(layout_, "backwards", sizes.features, sizes.units, {}),
        dropout_("dropout", sizes.dropout),
        logits_(layout_, "logits", 2 * sizes.units, sizes.classes, nn::Activation::none) {
    layout_.finish();
  }
  SequenceClassifier(const SequenceClassifier&) = delete;
  SequenceClassifier& operator=(const SequenceClassifier&) = delete;

  const nn::ParameterLayout& layout() const { return layout_; }

  void plan(nn::Arena& arena, int largest_batch, Workspace& w) const {
    const int blocks = nn::BatchShape{largest_batch}.blocks();
    plan_branch(arena, blocks, forwards_, w.forwards);
    plan_branch(arena, blocks, backwards_, w.backwards);
    for (Activations<float>* tensor : {&w.joined, &w.d_joined, &w.d_dropped})
      *tensor = arena.activations<float>(blocks, 2 * sizes_.units, 1);
    dropout_.plan(arena, blocks, 2 * sizes_.units, 1, w.dropout);
    logits_.plan(arena, blocks, 1, w.logits);
    w.d_logits = arena.activations<float>(blocks, sizes_.classes, 1);
    w.block_loss = arena.take<double>(static_cast<std::size_t>(blocks));
  }

  void forward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& inputs,
               Workspace& w) const {
    forward_branch(pass, parameters, forwards_, inputs.forwards, w.forwards);
    forward_branch(pass, parameters, backwards_, inputs.backwards, w.backwards);
    nn::put_features<float>(pass, w.forwards.mean, 0, w.joined);
    nn::put_features<float>(pass, w.backwards.mean, sizes_.units, w.joined);
    dropout_.forward(pass, w.joined, w.dropout);
    logits_.forward(pass, parameters, w.dropout.output, w.logits);
  }

  void loss(const nn::Pass<float>& pass, const Targets& targets, Workspace& w) const {
    nn::categorical_cross_entropy<float>(pass, w.logits.output, targets, 1.0, w.d_logits, w.block_loss);
  }

  void backward(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters, const Inputs& inputs,
                Workspace& w, const nn::Gradients<float>& gradients, const InputGradients&) const {
    logits_.backward(pass, parameters, w.dropout.output, w.logits, w.d_logits, nn::overwrite(w.d_dropped),
                     gradients);
    dropout_.backward(pass, w.dropout, w.d_dropped, nn::overwrite(w.d_joined));
    nn::cut_features<float>(pass, w.d_joined, 0, w.forwards.d_mean);
    nn::cut_features<float>(pass, w.d_joined, sizes_.units, w.backwards.d_mean);
    backward_branch(pass, parameters, forwards_, inputs.forwards, w.forwards, gradients);
    backward_branch(pass, parameters, backwards_, inputs.backwards, w.backwards, gradients);
  }

  int heads() const { return 1; }
  double head_loss(const Workspace& w, const nn::BatchShape& batch, int /*head*/) const {
    return std::accumulate(w.block_loss, w.block_loss + batch.blocks(), 0.0);
  }
  const float* logits(const Workspace& w, int sample) const {
    return w.logits.output.column(sample / nn::block_size, sample % nn::block_size);
  }

 private:
  void plan_branch(nn::Arena& arena, int blocks, const nn::Lstm<float>& lstm, Branch& branch) const {
    lstm.plan(arena, blocks, sizes_.steps, branch.lstm);
    branch.mean = arena.activations<float>(blocks, sizes_.units, 1);
    branch.d_mean = arena.activations<float>(blocks, sizes_.units, 1);
    branch.d_lstm = arena.activations<float>(blocks, sizes_.units, sizes_.steps);
  }
  static void forward_branch(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters,
                             const nn::Lstm<float>& lstm, Activations<const float> x, Branch& branch) {
    lstm.forward(pass, parameters, x, branch.lstm);
    mean_over_steps::forward(pass, branch.lstm.output, branch.mean);
  }
  static void backward_branch(const nn::Pass<float>& pass, const nn::ParameterView<float>& parameters,
                              const nn::Lstm<float>& lstm, Activations<const float> x, Branch& branch,
                              const nn::Gradients<float>& gradients) {
    branch.d_lstm.lengths = x.lengths;
    mean_over_steps::backward(pass, branch.d_mean, branch.d_lstm);
    lstm.backward(pass, parameters, x, branch.lstm, branch.d_lstm, nn::nowhere<float>(), gradients);
  }

  Sizes sizes_;
  nn::ParameterLayout layout_;
  nn::Lstm<float> forwards_, backwards_;
  nn::Dropout<float> dropout_;
  nn::Dense<float> logits_;
};

// ---- data

struct Sequence {
  std::vector<std::vector<float>> steps;  ///< each with all features
  int label = 0;
};
struct Data {
  std::vector<Sequence> training, test;
};

/// id, split, label (from 1), t, then the features; the rows of a sequence follow each other.
Data read_csv(const char* path) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::data_invalid, std::string(path) + ": can't be opened");
  Data data;
  std::string line, last_id;
  std::getline(file, line);
  for (int number = 2; std::getline(file, line); ++number) {
    std::vector<std::string> cells(1);
    for (const char c : line) c == ',' ? (void)cells.emplace_back() : cells.back().push_back(c);
    if (cells.size() < 5)
      throw Error(ErrorCode::data_invalid, "line " + std::to_string(number) + ": too short");
    std::vector<Sequence>& part = cells[1] == "train" ? data.training : data.test;
    if (cells[0] != last_id) part.push_back({{}, std::stoi(cells[2]) - 1});
    last_id = cells[0];
    std::vector<float>& step = part.back().steps.emplace_back();
    for (std::size_t i = 4; i < cells.size(); ++i) step.push_back(std::stof(cells[i]));
  }
  return data;
}

/// Three classes of noisy waves that differ in how fast they turn.
Data make_waves() {
  RandomStream random(1);
  Data data;
  for (int i = 0; i < 180; ++i) {
    Sequence sequence{{}, i % 3};
    const int length = 7 + static_cast<int>(random.below(14));
    const double phase = random.uniform(0, 6.28), speed = 0.5 + 0.6 * sequence.label;
    for (int t = 0; t < length; ++t)
      sequence.steps.push_back({static_cast<float>(std::sin(phase + speed * t) + 0.3 * random.normal()),
                                static_cast<float>(std::cos(phase + speed * t) + 0.3 * random.normal())});
    (i < 120 ? data.training : data.test).push_back(std::move(sequence));
  }
  return data;
}

/// Mean 0 and deviation 1 over the steps of the training part.
void standardise(Data& data) {
  const std::size_t features = data.training[0].steps[0].size();
  for (std::size_t i = 0; i < features; ++i) {
    double count = 0, sum = 0, squares = 0;
    for (const Sequence& sequence : data.training)
      for (const auto& step : sequence.steps) count += 1, sum += step[i];
    const double mean = sum / count;
    for (const Sequence& sequence : data.training)
      for (const auto& step : sequence.steps) squares += (step[i] - mean) * (step[i] - mean);
    const double deviation = std::sqrt(squares / count);
    for (auto* part : {&data.training, &data.test})
      for (Sequence& sequence : *part)
        for (auto& step : sequence.steps) step[i] = static_cast<float>((step[i] - mean) / deviation);
  }
}

/// A batch as the engine wants it: both directions, lengths, labels.
class Batch {
 public:
  Batch(const Sizes& sizes, int largest) : sizes_(sizes) {
    const int blocks = nn::BatchShape{largest}.blocks();
    arena_.build([&](nn::Arena& arena) {
      forwards_ = arena.activations<float>(blocks, sizes.features, sizes.steps);
      backwards_ = arena.activations<float>(blocks, sizes.features, sizes.steps);
    });
    lengths_.assign(static_cast<std::size_t>(blocks * nn::block_size), 1);
    labels_.resize(lengths_.size());
    weights_.assign(lengths_.size(), 1.0f);
    forwards_.lengths = backwards_.lengths = lengths_.data();
  }

  /// `noise`: deviation of what is added to every value, against learning by heart.
  void put(int sample, const Sequence& sequence, double noise, RandomStream& random) {
    const int length = static_cast<int>(sequence.steps.size());
    lengths_[static_cast<std::size_t>(sample)] = length;
    labels_[static_cast<std::size_t>(sample)] = static_cast<std::int8_t>(sequence.label);
    for (int t = 0; t < length; ++t)
      for (int i = 0; i < sizes_.features; ++i) {
        const float given = sequence.steps[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)];
        const float value = noise > 0 ? given + static_cast<float>(noise * random.normal()) : given;
        at(forwards_, sample, t)[i] = value;
        at(backwards_, sample, length - 1 - t)[i] = value;
      }
  }
  SequenceClassifier::Inputs inputs() const { return {forwards_, backwards_}; }
  SequenceClassifier::Targets targets() const { return {labels_.data(), weights_.data()}; }

 private:
  static float* at(const Activations<float>& x, int sample, int step) {
    return x.column(sample / nn::block_size, step * nn::block_size + sample % nn::block_size);
  }

  Sizes sizes_;
  nn::Arena arena_;
  Activations<float> forwards_, backwards_;
  std::vector<int> lengths_;
  std::vector<std::int8_t> labels_;
  std::vector<float> weights_;
};

// ---- training and prediction

/// Probabilities of the classes, sequence by sequence.
std::vector<std::vector<double>> predict(const SequenceClassifier& network,
                                         const nn::Parameters<float>& parameters, const Sizes& sizes,
                                         const std::vector<Sequence>& sequences) {
  const int count = static_cast<int>(sequences.size());
  Batch batch(sizes, count);
  RandomStream unused(0);
  for (int i = 0; i < count; ++i) batch.put(i, sequences[static_cast<std::size_t>(i)], 0, unused);
  nn::Arena arena;
  SequenceClassifier::Workspace workspace;
  arena.build([&](nn::Arena& a) { network.plan(a, count, workspace); });
  nn::Team::run(1, [&](const nn::Team& team) {
    const nn::Pass<float> pass{team, nn::default_kernels(), {count}, nn::inference_mode, nullptr, nullptr};
    network.forward(pass, parameters.view(), batch.inputs(), workspace);
  });
  std::vector<std::vector<double>> probabilities;
  for (int i = 0; i < count; ++i) {
    const float* const logits = network.logits(workspace, i);
    const float largest = *std::max_element(logits, logits + sizes.classes);
    std::vector<double>& row = probabilities.emplace_back();
    double sum = 0;
    for (int k = 0; k < sizes.classes; ++k) sum += row.emplace_back(std::exp(double{logits[k] - largest}));
    for (double& p : row) p /= sum;
  }
  return probabilities;
}

double accuracy(const std::vector<std::vector<double>>& probabilities,
                const std::vector<Sequence>& sequences) {
  double right = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto best = std::max_element(probabilities[i].begin(), probabilities[i].end());
    right += best - probabilities[i].begin() == sequences[i].label ? 1 : 0;
  }
  return right / static_cast<double>(sequences.size());
}

struct Recipe {
  int networks = 5, epochs = 100;
  double noise = 0.9, most_cut = 0.4;  ///< chosen by cross-validation on the training part
  double first_rate = 3e-3;
};

/// A piece of a sequence, cut at random at both ends: where a recording begins and ends says little.
Sequence piece_of(const Sequence& whole, double most_cut, RandomStream& random) {
  const double length = static_cast<double>(whole.steps.size());
  const auto cut = static_cast<std::uint64_t>(most_cut * length * random.uniform());
  const auto head = static_cast<std::ptrdiff_t>(random.below(cut + 1));
  const auto tail = static_cast<std::ptrdiff_t>(cut) - head;
  return {{whole.steps.begin() + head, whole.steps.end() - tail}, whole.label};
}

/// Trains a network, the learning rate falling along a half cosine.
void train_network(const SequenceClassifier& network, nn::Parameters<float>& parameters, const Sizes& sizes,
                   const std::vector<Sequence>& training, const Recipe& recipe, std::uint64_t seed) {
  train::TrainingPlan plan;
  plan.l2 = 1e-4;
  plan.seed = seed;
  nn::initialise(parameters, seed);
  train::TrainingStep<SequenceClassifier, float> step(network, parameters, plan, plan.batch_size,
                                                      nn::default_kernels());
  Batch batch(sizes, plan.batch_size);
  RandomStream random(derive_key(seed, "order and noise"));
  std::vector<std::size_t> order(training.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto batch_size = static_cast<std::size_t>(plan.batch_size);
  for (int epoch = 0; epoch < recipe.epochs; ++epoch) {
    const double rate = recipe.first_rate * 0.5 * (1 + std::cos(3.14159265 * epoch / recipe.epochs));
    random.shuffle(order);
    for (std::size_t first = 0; first + 1 < order.size(); first += batch_size) {
      const std::size_t size = std::min(batch_size, order.size() - first);
      for (std::size_t i = 0; i < size; ++i)
        batch.put(static_cast<int>(i), piece_of(training[order[first + i]], recipe.most_cut, random),
                  recipe.noise, random);
      step.step(batch.inputs(), batch.targets(), static_cast<int>(size), rate, 2);
    }
  }
}

int run(int argument_count, char** arguments) {
  const bool from_file = argument_count > 1;
  Data data = from_file ? read_csv(arguments[1]) : make_waves();
  standardise(data);
  Sizes sizes;
  sizes.features = static_cast<int>(data.training.at(0).steps.at(0).size());
  sizes.steps = sizes.classes = 0;
  for (const auto* part : {&data.training, &data.test})
    for (const Sequence& sequence : *part) {
      sizes.steps = std::max(sizes.steps, static_cast<int>(sequence.steps.size()));
      sizes.classes = std::max(sizes.classes, sequence.label + 1);
    }
  Recipe recipe;
  if (!from_file) {  // small and quick
    sizes.units = 16;
    recipe = {.networks = 2, .epochs = 40, .noise = 0.3, .most_cut = 0.2};
  }
  std::printf("%zu sequences to learn from, %zu to be judged by; %d classes, up to %d steps of %d features\n",
              data.training.size(), data.test.size(), sizes.classes, sizes.steps, sizes.features);

  const SequenceClassifier network(sizes);
  std::vector<std::vector<double>> votes(data.test.size(),
                                         std::vector<double>(static_cast<std::size_t>(sizes.classes)));
  for (int seed = 1; seed <= recipe.networks; ++seed) {
    nn::Parameters<float> parameters(network.layout(), true);
    train_network(network, parameters, sizes, data.training, recipe, static_cast<std::uint64_t>(seed));
    const auto probabilities = predict(network, parameters, sizes, data.test);
    for (std::size_t i = 0; i < votes.size(); ++i)
      for (std::size_t k = 0; k < votes[i].size(); ++k) votes[i][k] += probabilities[i][k];
    std::printf("network %d: test accuracy %.4f\n", seed, accuracy(probabilities, data.test));
  }
  std::printf("all %d together: test accuracy %.4f\n", recipe.networks, accuracy(votes, data.test));
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
