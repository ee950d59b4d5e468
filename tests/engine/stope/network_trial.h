// The whole dual-branch network with random parameters on random samples: what the tests of gradients, of the
// float paths, of padding and of batch sizes share. Values are rounded to float, so that both precisions
// start from the same numbers.
#pragma once

#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/stope/dual_branch_network.h"
#include "tests/engine/nn/layer_trial.h"

namespace deepmine::stope::test {

using nn::test::GradientSet;

struct NetworkTrialSetup {
  NetworkSpecification specification;
  int samples = 8;             ///< the batch at the start, samples 0, 1, …
  int largest_batch = 0;       ///< 0: `samples`
  bool mixed_lengths = false;  ///< sequences of differing lengths, else all days count
  nn::Mode mode = nn::training_mode;
  RandomKey seed = 1;
};

/// A few units of everything: 3 horizons, 2 heads, 5 days.
inline NetworkSpecification small_specification(CrossAttention cross_attention) {
  NetworkSpecification s;
  s.static_features = 6;
  s.sensors = 3;
  s.days = 5;
  s.horizons = {1, 7, 14};
  s.risk_levels = 4;
  s.static_units = 6;
  s.temporal_units = 5;
  s.branch_units = 4;
  s.self_attention_heads = s.cross_attention_heads = 2;
  s.key_size = 3;
  s.shared_units = 6;
  s.shared_output_units = 5;
  s.head_units = 4;
  s.cross_attention = cross_attention;
  return s;
}

/// The same with a shortcut and a prior.
inline NetworkSpecification with_known_answers(NetworkSpecification s) {
  s.summary_features = 7;
  s.rule_prior = true;
  return s;
}

/// Tensors whose gradient is 0 but for rounding: an attention's key bias moves all scores of a softmax alike,
/// and a softmax over one key is always 1.
inline std::set<std::string> negligible_tensors(CrossAttention cross_attention) {
  std::set<std::string> names{"temporal/self_attention/key_bias", "fusion/cross_attention/key_bias"};
  if (cross_attention == CrossAttention::pooled)
    for (const char* name : {"query_kernel", "query_bias", "key_kernel"})
      names.insert(std::string("fusion/cross_attention/") + name);
  return names;
}

template <class Scalar>
class NetworkTrial {
 public:
  using Network = DualBranchNetwork<Scalar>;

  NetworkTrial(const NetworkTrialSetup& setup, const nn::Kernels<Scalar>& kernels)
      : setup_(setup),
        capacity_{std::max(setup.samples, setup.largest_batch)},
        kernels_(kernels),
        network_(setup.specification),
        parameters_(network_.layout(), true) {
    const NetworkSpecification& s = setup_.specification;
    const int blocks = capacity_.blocks();
    arena_.build([&](nn::Arena& arena) {
      statics_ = arena.activations<Scalar>(blocks, s.sample_features(), 1);
      d_statics_ = arena.activations<Scalar>(blocks, s.sample_features(), 1);
      series_ = arena.activations<Scalar>(blocks, s.sensors, s.days);
      d_series_ = arena.activations<Scalar>(blocks, s.sensors, s.days);
      network_.plan(arena, capacity_.samples, workspace_);
      lanes_ = arena.take<Scalar>(network_.layout().trainable_size() * nn::max_lanes);
    });
    const auto positions = static_cast<std::size_t>(blocks * nn::block_size);
    lengths_.resize(positions);
    sample_keys_.resize(positions);
    targets_.resize(positions * heads());
    weights_.resize(positions * heads());
    if (setup_.mixed_lengths) series_.lengths = lengths_.data();
    fill_parameters();
    std::vector<int> identities(static_cast<std::size_t>(setup.samples));
    for (std::size_t i = 0; i < identities.size(); ++i) identities[i] = static_cast<int>(i);
    place(identities);
  }
  NetworkTrial(const NetworkTrial&) = delete;
  NetworkTrial& operator=(const NetworkTrial&) = delete;

  /// Targets of the placed samples.
  typename Network::Targets targets() const {
    typename Network::Targets result;
    for (std::size_t head = 0; head < heads(); ++head)
      (head == 0 ? result.current : result.future[head - 1]) = nn::LossTargets<Scalar>{
          targets_.data() + head * sample_keys_.size(), weights_.data() + head * sample_keys_.size()};
    return result;
  }

  /// Makes a batch of the samples with these numbers, at these positions. A sample's inputs, length, targets
  /// and dropout follow from its number alone. What is no sample, and what lies behind a sequence's end, is
  /// filled with numbers that follow from `rubbish`.
  void place(std::span<const int> identities, RandomKey rubbish = 0) {
    batch_.samples = static_cast<int>(identities.size());
    for (int position = 0; position < capacity_.blocks() * nn::block_size; ++position) {
      const bool sample = position < batch_.samples;
      const RandomKey key =
          sample ? derive_key(setup_.seed,
                              static_cast<std::uint64_t>(identities[static_cast<std::size_t>(position)]))
                 : derive_key(derive_key(rubbish, "padding"), static_cast<std::uint64_t>(position));
      fill_sample(position, key, derive_key(rubbish, "behind the end"));
    }
  }

  const nn::BatchShape& batch() const { return batch_; }
  const Network& network() const { return network_; }
  const nn::ParameterLayout& layout() const { return network_.layout(); }
  nn::Parameters<Scalar>& parameters() { return parameters_; }
  const nn::Parameters<Scalar>& parameters() const { return parameters_; }
  const typename Network::Workspace& workspace() const { return workspace_; }
  nn::Activations<Scalar> statics() const { return statics_; }
  nn::Activations<Scalar> series() const { return series_; }
  std::size_t heads() const { return 1 + setup_.specification.horizons.size(); }
  const std::vector<Scalar>& all_weights() const { return weights_; }
  /// Weights of one head's samples.
  std::span<Scalar> weights(std::size_t head) {
    const std::size_t positions = sample_keys_.size();
    return std::span(weights_).subspan(head * positions, positions);
  }

  /// Takes over the parameters and weights of a trial with the same setup.
  template <class Other>
  void copy_from(const NetworkTrial<Other>& other) {
    for (std::size_t i = 0; i < layout().size(); ++i)
      parameters_.values()[i] = static_cast<Scalar>(other.parameters().values()[i]);
    for (std::size_t i = 0; i < weights_.size(); ++i)
      weights_[i] = static_cast<Scalar>(other.all_weights()[i]);
    parameters_.refresh_packed();
  }

  void forward(int threads = 1) {
    parameters_.refresh_packed();  // a test may have changed a value
    nn::Team::run(threads, [&](const nn::Team& team) {
      network_.forward(pass(team), parameters_.view(), inputs(), workspace_);
    });
  }

  /// The share of every head and sample in the loss, computed from the logits, without the engine:
  ///   1.2 · current + Σ_h 1/(1 + 0.1·h) · future h,     each head Σ w·l / Σ w
  std::vector<double> loss_shares() const {
    std::vector<double> shares;
    for (std::size_t head = 0; head < heads(); ++head) {
      const double coefficient = head == 0 ? 1.2 : 1 / (1 + 0.1 * setup_.specification.horizons[head - 1]);
      double weight_sum = 0;
      for (int s = 0; s < batch_.samples; ++s) weight_sum += weight(head, s);
      for (int s = 0; s < batch_.samples; ++s) {
        const double w = weight(head, s);
        shares.push_back(w > 0 ? coefficient * w / weight_sum * sample_loss(head, s) : 0);
      }
    }
    return shares;
  }

  /// Forward, loss, backward: the gradients of every trainable tensor, then `statics` and `series` (padding
  /// too).
  GradientSet<Scalar> gradients(int threads = 1) {
    parameters_.refresh_packed();
    std::fill_n(lanes_, layout().trainable_size() * nn::max_lanes,
                std::numeric_limits<Scalar>::quiet_NaN());  // overwritten, not added to
    for (const nn::Activations<Scalar>& input : {d_statics_, d_series_})
      std::fill_n(input.data, size(input), Scalar(77));
    const nn::Gradients<Scalar> sums{&layout(), lanes_};
    nn::Team::run(threads, [&](const nn::Team& team) {
      network_.forward(pass(team), parameters_.view(), inputs(), workspace_);
      network_.loss(pass(team), targets(), workspace_);
      network_.backward(pass(team), parameters_.view(), inputs(), workspace_, sums,
                        {nn::overwrite(d_statics_), nn::overwrite(d_series_)});
    });
    GradientSet<Scalar> result;
    for (nn::TensorId id = 0; id < static_cast<nn::TensorId>(layout().tensors().size()); ++id) {
      if (!is_trainable(layout()[id].role)) continue;
      result.names.push_back(layout()[id].name);
      std::vector<Scalar>& total = result.values.emplace_back(layout()[id].size(), Scalar(0));
      for (int lane = 0; lane < batch_.lanes(); ++lane)
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += sums.of(lane, id)[i];
    }
    result.names.push_back("statics");
    result.values.emplace_back(d_statics_.data, d_statics_.data + size(d_statics_));
    result.names.push_back("series");
    result.values.emplace_back(d_series_.data, d_series_.data + size(d_series_));
    return result;
  }

  /// The values behind gradient number `which` of gradients().
  std::span<Scalar> values_of(std::size_t which) {
    for (const nn::Tensor& tensor : layout().tensors()) {
      if (!is_trainable(tensor.role)) continue;
      if (which-- == 0) return {parameters_.values() + tensor.offset, tensor.size()};
    }
    const nn::Activations<Scalar>& input = which == 0 ? statics_ : series_;
    return {input.data, size(input)};
  }

  double head_loss(std::size_t head) const {
    return network_.head_loss(workspace_, batch_, static_cast<int>(head));
  }
  /// All logits of the sample at `position`.
  std::vector<Scalar> logits(int position) const {
    std::vector<Scalar> result{network_.current_logit(workspace_, position)};
    for (int h = 0; h + 1 < static_cast<int>(heads()); ++h) {
      const Scalar* levels = network_.future_logits(workspace_, h, position);
      result.insert(result.end(), levels, levels + setup_.specification.risk_levels);
    }
    return result;
  }

 private:
  static double rounded(double value) { return static_cast<double>(static_cast<float>(value)); }
  std::size_t size(const nn::Activations<Scalar>& tensor) const {
    return static_cast<std::size_t>(tensor.block_stride * batch_.blocks());
  }
  typename Network::Inputs inputs() const { return {statics_, series_}; }
  nn::Pass<Scalar> pass(const nn::Team& team) const {
    return {team,   kernels_, batch_, setup_.mode, setup_.mode.dropout ? sample_keys_.data() : nullptr,
            nullptr};
  }
  double weight(std::size_t head, int sample) const {
    return static_cast<double>(weights_[head * sample_keys_.size() + static_cast<std::size_t>(sample)]);
  }
  double sample_loss(std::size_t head, int sample) const {
    const int target = targets_[head * sample_keys_.size() + static_cast<std::size_t>(sample)];
    if (head == 0) {
      const auto z = static_cast<double>(network_.current_logit(workspace_, sample));
      return std::log1p(std::exp(target == 1 ? -z : z));
    }
    const Scalar* z = network_.future_logits(workspace_, static_cast<int>(head) - 1, sample);
    double sum = 0;
    for (int k = 0; k < setup_.specification.risk_levels; ++k) sum += std::exp(static_cast<double>(z[k]));
    return std::log(sum) - static_cast<double>(z[target]);
  }

  void fill_sample(int position, RandomKey key, RandomKey rubbish) {
    const NetworkSpecification& s = setup_.specification;
    const int block = position / nn::block_size, column = position % nn::block_size;
    const auto at = static_cast<std::size_t>(position);
    sample_keys_[at] = derive_key(key, "dropout");
    RandomStream random(key);
    lengths_[at] = s.days - static_cast<int>(random.below(static_cast<std::uint64_t>(s.days)));
    for (int f = 0; f < s.sample_features(); ++f) statics_.column(block, column)[f] = draw(random);
    for (int day = 0; day < s.days; ++day) {
      const bool counts = !setup_.mixed_lengths || day < lengths_[at];
      RandomStream step(derive_key(counts ? key : rubbish, static_cast<std::uint64_t>(day)));
      for (int f = 0; f < s.sensors; ++f)
        series_.column(block, day * nn::block_size + column)[f] = draw(step);
    }
    for (std::size_t head = 0; head < heads(); ++head) {
      const auto classes = static_cast<std::uint64_t>(head == 0 ? 2 : s.risk_levels);
      targets_[head * sample_keys_.size() + at] = static_cast<std::int8_t>(random.below(classes));
      // A quarter is masked; the others have the weight of one of three classes.
      constexpr double choices[] = {0, 0.5, 1, 1.75};
      weights_[head * sample_keys_.size() + at] = static_cast<Scalar>(choices[random.below(4)]);
    }
  }
  static Scalar draw(RandomStream& random) { return static_cast<Scalar>(rounded(random.uniform(-1.5, 1.5))); }

  /// Off the initial values: a bias of 0 or a scale of 1 would hide a missing factor.
  void fill_parameters() {
    nn::initialise(parameters_, setup_.seed);
    for (nn::TensorId id = 0; id < static_cast<nn::TensorId>(layout().tensors().size()); ++id) {
      const nn::Tensor& tensor = layout()[id];
      RandomStream random(derive_key(setup_.seed, tensor.name));
      const double spread = tensor.columns > 1 ? 0.4 / std::sqrt(tensor.columns) : 0.3;
      // Variances as small as they are behind a relu: with larger ones little would be left after a few
      // layers.
      const bool variance = tensor.name.ends_with("/running_variance");
      for (std::size_t i = 0; i < tensor.size(); ++i) {
        const double start = variance ? 0.4 : static_cast<double>(parameters_[id][i]);
        parameters_[id][i] = static_cast<Scalar>(rounded(start + random.uniform(-spread, spread)));
      }
    }
    parameters_.refresh_packed();
  }

  NetworkTrialSetup setup_;
  nn::BatchShape capacity_, batch_;
  const nn::Kernels<Scalar>& kernels_;
  Network network_;
  nn::Parameters<Scalar> parameters_;
  nn::Arena arena_;
  typename Network::Workspace workspace_;
  nn::Activations<Scalar> statics_, series_, d_statics_, d_series_;
  Scalar* lanes_ = nullptr;
  std::vector<int> lengths_;
  std::vector<RandomKey> sample_keys_;
  std::vector<std::int8_t> targets_;  // heads × positions
  std::vector<Scalar> weights_;       // heads × positions
};

}  // namespace deepmine::stope::test
