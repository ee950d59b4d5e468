// The whole dual-branch network against PyTorch (make_golden_network.py): logits, losses, gradients of every
// named tensor and of the inputs, running statistics; training with dropout masks, and inference. Weights and
// inputs are drawn by name on both sides.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>

#include "engine/nn/adam.h"
#include "engine/stope/dual_branch_network.h"
#include "tests/golden/layer_case.h"

namespace deepmine::golden {
namespace {

using stope::CrossAttention;
using stope::NetworkSpecification;

/// `draw` of golden_common.py.
std::vector<double> draw(const std::string& name, std::size_t count, double scale) {
  RandomStream stream(derive_key(0, "golden/" + name));
  std::vector<double> values(count);
  for (double& value : values) value = (static_cast<double>(stream.next_word() >> 21) - 1024) / 1024 * scale;
  return values;
}

/// `network_parameters` of network_twin.py: one tensor, rows by columns, last index fastest.
std::vector<double> drawn_parameter(const nn::Tensor& tensor) {
  if (tensor.columns > 1)
    return draw(tensor.name, tensor.size(),
                std::exp2(std::floor(std::log2(std::sqrt(6.0 / (tensor.rows + tensor.columns))))));
  const bool around_one = tensor.name.ends_with("/scale") || tensor.name.ends_with("/running_variance");
  std::vector<double> values = draw(tensor.name, tensor.size(), around_one ? 0.5 : 0.25);
  if (around_one)
    for (double& value : values) value += 1;
  return values;
}

NetworkSpecification small_specification() {
  NetworkSpecification s;
  s.static_features = 9;
  s.sensors = 3;
  s.days = 6;
  s.horizons = {1, 7};
  s.risk_levels = 4;
  s.static_units = 12;
  s.temporal_units = 10;
  s.branch_units = 6;
  s.self_attention_heads = 4;
  s.cross_attention_heads = 2;
  s.key_size = 3;
  s.shared_units = 11;
  s.shared_output_units = 7;
  s.head_units = 5;
  return s;
}

/// A tensor of a slab, rows by columns, last index fastest.
template <class Scalar>
std::vector<double> row_major(const nn::Tensor& tensor, const Scalar* slab) {
  std::vector<double> values;
  for (int row = 0; row < tensor.rows; ++row)
    for (int column = 0; column < tensor.columns; ++column)
      values.push_back(
          static_cast<double>(slab[tensor.offset + static_cast<std::size_t>(row + column * tensor.rows)]));
  return values;
}

/// Whole tensors in double, by name, whose summaries agree with the file.
using VerifiedTensors = std::map<std::string, std::vector<double>>;

template <class Scalar>
class NetworkCase {
 public:
  NetworkCase(const GoldenFile& file, const NetworkSpecification& specification,
              const nn::Kernels<Scalar>& kernels, VerifiedTensors& verified)
      : file_(file),
        verified_(verified),
        kernels_(kernels),
        network_(specification),
        batch_{static_cast<int>(file["targets/current"].values.size())},
        keys_(sample_keys(batch_)),
        parameters_(network_.layout(), true),
        statistics_(network_.layout().size()),
        gradient_lanes_(network_.layout().trainable_size() * nn::max_lanes) {
    for (nn::TensorId id = 0; id < static_cast<int>(network_.layout().tensors().size()); ++id) {
      const nn::Tensor& tensor = network_.layout()[id];
      const std::vector<double> values = drawn_parameter(tensor);
      for (int row = 0; row < tensor.rows; ++row)
        for (int column = 0; column < tensor.columns; ++column)
          parameters_[id][row + column * tensor.rows] =
              static_cast<Scalar>(values[static_cast<std::size_t>(row * tensor.columns + column)]);
    }
    parameters_.refresh_packed();
    std::copy_n(parameters_.values(), statistics_.size(), statistics_.begin());
    const NetworkSpecification& s = specification;
    arena_.build([&](nn::Arena& arena) {
      network_.plan(arena, batch_.samples, workspace_);
      for (nn::Activations<Scalar>* statics : {&statics_, &d_statics_})
        *statics = arena.activations<Scalar>(batch_.blocks(), s.static_features, 1);
      for (nn::Activations<Scalar>* series : {&series_, &d_series_})
        *series = arena.activations<Scalar>(batch_.blocks(), s.sensors, s.days);
    });
    fill("statics", statics_);
    fill("series", series_);
    load_targets();
  }

  void check_training() {
    nn::Team::run(2, [&](const nn::Team& team) {
      const nn::Pass<Scalar> pass{team,         kernels_,          batch_, nn::training_mode,
                                  keys_.data(), statistics_.data()};
      network_.forward(pass, parameters_.view(), {statics_, series_}, workspace_);
      network_.loss(pass, targets_, workspace_);
      network_.backward(pass, parameters_.view(), {statics_, series_}, workspace_,
                        {&network_.layout(), gradient_lanes_.data()},
                        {overwrite(d_statics_), overwrite(d_series_)});
    });
    check_outputs("training");
    for (int head = 0; head < network_.heads(); ++head) {
      const double loss = network_.head_loss(workspace_, batch_, head);
      check("training/loss/" + head_name(head), {&loss, 1});
    }
    const double penalty = nn::l2_penalty(parameters_, 0.001);
    check("penalty", {&penalty, 1});
    for (const nn::Tensor& tensor : network_.layout().tensors())
      if (!is_trainable(tensor.role))
        check("training/after/" + tensor.name, row_major(tensor, statistics_.data()));
    check_gradients();
  }

  void check_inference() {
    nn::Team::run(2, [&](const nn::Team& team) {
      const nn::Pass<Scalar> pass{team, kernels_, batch_, nn::inference_mode};
      network_.forward(pass, parameters_.view(), {statics_, series_}, workspace_);
    });
    check_outputs("inference");
  }

  /// No tensor of the file may be left without a comparison (in double).
  void check_all_compared() const {
    for (const std::string& name : file_.names()) {
      CAPTURE(name);
      CHECK((compared_.contains(name) || name.starts_with("targets/") || name.starts_with("weights/")));
    }
  }

 private:
  std::string head_name(int head) const {
    const std::vector<int>& horizons = network_.specification().horizons;
    return head == 0 ? "current"
                     : "future_" + std::to_string(horizons[static_cast<std::size_t>(head - 1)]) + "d";
  }

  /// Drawn inputs (samples, steps, features); padding samples are filled with something that must not matter.
  void fill(const std::string& name, const nn::Activations<Scalar>& to) {
    const std::vector<double> values =
        draw(name, static_cast<std::size_t>(batch_.samples * to.steps * to.features), 2.0);
    std::fill_n(to.data, to.block_stride * batch_.blocks(), Scalar(0.7));
    for_elements(to, [&](Scalar& element, std::size_t at) { element = static_cast<Scalar>(values[at]); });
  }
  template <class Body>
  void for_elements(const nn::Activations<Scalar>& a, Body&& body) const {
    std::size_t at = 0;
    for (int s = 0; s < batch_.samples; ++s)
      for (int t = 0; t < a.steps; ++t)
        for (int f = 0; f < a.features; ++f)
          body(a.column(s / nn::block_size, t * nn::block_size + s % nn::block_size)[f], at++);
  }

  void load_targets() {
    const auto heads = static_cast<std::size_t>(network_.heads());
    target_values_.resize(heads);
    target_weights_.resize(heads);
    for (std::size_t head = 0; head < heads; ++head) {
      const std::string name = head_name(static_cast<int>(head));
      for (const double target : file_["targets/" + name].values)
        target_values_[head].push_back(static_cast<std::int8_t>(target));
      for (const double weight : file_["weights/" + name].values)
        target_weights_[head].push_back(static_cast<Scalar>(weight));
      nn::LossTargets<Scalar>& to = head == 0 ? targets_.current : targets_.future[head - 1];
      to = {target_values_[head].data(), target_weights_[head].data()};
    }
  }

  void check_outputs(const std::string& mode) {
    const NetworkSpecification& s = network_.specification();
    std::vector<double> current, weights;
    for (int sample = 0; sample < batch_.samples; ++sample)
      current.push_back(static_cast<double>(network_.current_logit(workspace_, sample)));
    check(mode + "/logits/current", current);
    for (int head = 1; head < network_.heads(); ++head) {
      std::vector<double> logits;
      for (int sample = 0; sample < batch_.samples; ++sample) {
        const Scalar* of_sample = network_.future_logits(workspace_, head - 1, sample);
        logits.insert(logits.end(), of_sample, of_sample + s.risk_levels);
      }
      check(mode + "/logits/" + head_name(head), logits);
    }
    for (int sample = 0; sample < batch_.samples; ++sample) {
      if (s.cross_attention == CrossAttention::pooled) {
        weights.push_back(1);  // one key
        continue;
      }
      std::vector<Scalar> days(static_cast<std::size_t>(s.days));
      network_.day_weights(workspace_, sample, days.data());
      weights.insert(weights.end(), days.begin(), days.end());
    }
    check(mode + "/day_weights", weights);
  }

  void check_gradients() {
    std::vector<Scalar> sums(network_.layout().trainable_size(), Scalar(0));
    for (int lane = 0; lane < batch_.lanes(); ++lane)
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += gradient_lanes_[static_cast<std::size_t>(lane) * sums.size() + i];
    const double whole = norm(std::vector<double>(sums.begin(), sums.end()));
    for (const nn::Tensor& tensor : network_.layout().tensors())
      if (is_trainable(tensor.role)) check("gradient/" + tensor.name, row_major(tensor, sums.data()), whole);
    for (const auto& [name, gradient] : {std::pair("statics", d_statics_), std::pair("series", d_series_)}) {
      std::vector<double> values;
      for_elements(gradient,
                   [&](Scalar& element, std::size_t) { values.push_back(static_cast<double>(element)); });
      check("gradient/" + std::string(name), values);
    }
  }

  /// Against the whole tensor in the file where it is there. Else in double against its norm, a projection of
  /// it and some of its values (`put_summary` of make_golden_network.py), and in float against the tensor in
  /// double, which has passed that: sampled values say too little about the error of a whole tensor.
  void check(const std::string& name, std::span<const double> found, double whole = 0) {
    if (file_.has(name)) {
      compare(name, found, whole);
      return;
    }
    if constexpr (std::is_same_v<Scalar, double>) {
      check_summary(name, found, whole);
      verified_[name].assign(found.begin(), found.end());
    } else {
      check_close<Scalar>(file_.name() + " " + name, found, verified_.at(name), whole);
    }
  }
  void check_summary(const std::string& name, std::span<const double> found, double whole) {
    const double golden_norm = file_.number(name + ":norm");
    const double found_norm = norm(found);
    compare(name + ":norm", {&found_norm, 1}, whole);

    // A projection or a few values may be far shorter than their share of the tensor: errors are relative to
    // that share.
    const double scale = golden_norm > 1e-10 * whole ? golden_norm : whole;
    const std::vector<double> direction = draw("projection/" + name, found.size(), 1);
    double projection = 0;
    for (std::size_t i = 0; i < found.size(); ++i) projection += found[i] * direction[i];
    check_share(name + ":projection", {&projection, 1}, scale);
    std::vector<double> values;
    const std::size_t count = std::min<std::size_t>(16, found.size());
    for (std::size_t i = 0; i < count; ++i) values.push_back(found[i * found.size() / count]);
    check_share(name + ":values", values,
                scale * std::sqrt(static_cast<double>(count) / static_cast<double>(found.size())));
  }
  void compare(const std::string& name, std::span<const double> found, double whole) {
    check_close<Scalar>(file_.name() + " " + name, found, file_[name].values, whole);
    compared_.insert(name);
  }
  void check_share(const std::string& name, std::span<const double> found, double scale) {
    check_error<Scalar>(file_.name() + " " + name, distance(found, file_[name].values), scale);
    compared_.insert(name);
  }

  const GoldenFile& file_;
  VerifiedTensors& verified_;
  const nn::Kernels<Scalar>& kernels_;
  stope::DualBranchNetwork<Scalar> network_;
  nn::BatchShape batch_;
  std::vector<RandomKey> keys_;
  nn::Parameters<Scalar> parameters_;
  std::vector<Scalar> statistics_;
  std::vector<Scalar> gradient_lanes_;
  nn::Arena arena_;
  typename stope::DualBranchNetwork<Scalar>::Workspace workspace_;
  nn::Activations<Scalar> statics_, series_, d_statics_, d_series_;
  std::vector<std::vector<std::int8_t>> target_values_;
  std::vector<std::vector<Scalar>> target_weights_;
  typename stope::DualBranchNetwork<Scalar>::Targets targets_;
  std::set<std::string> compared_;
};

void check_network(const std::string& name, NetworkSpecification specification,
                   CrossAttention cross_attention) {
  specification.cross_attention = cross_attention;
  const GoldenFile file(name);
  VerifiedTensors verified;  // filled by the pass in double, which comes first
  for_every_precision([&]<class Scalar>(const nn::Kernels<Scalar>& kernels) {
    NetworkCase<Scalar> test(file, specification, kernels, verified);
    test.check_training();
    test.check_inference();
    if constexpr (std::is_same_v<Scalar, double>) test.check_all_compared();
  });
}

}  // namespace

TEST_CASE("golden: small network") {
  check_network("network_small_days", small_specification(), CrossAttention::days);
  check_network("network_small_pooled", small_specification(), CrossAttention::pooled);
}

TEST_CASE("golden: full network") {
  check_network("network_full_days", {}, CrossAttention::days);
  check_network("network_full_pooled", {}, CrossAttention::pooled);
}

}  // namespace deepmine::golden
