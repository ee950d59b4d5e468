#include "apps/network_layers.h"

#include <string_view>
#include <utility>

#include "engine/nn/error.h"
#include "engine/nn/parameter_layout.h"
#include "engine/stope/dual_branch_network.h"

namespace deepmine::apps {
namespace {

using Shape = std::vector<int>;

class LayerList {
 public:
  explicit LayerList(const nn::ParameterLayout& layout) : layout_(layout) {}

  /// A layer and the tensors whose names start with `name/`.
  void add(std::string name, std::string type, Shape shape) {
    LayerSummary layer{std::move(name), std::move(type), std::move(shape), 0, 0};
    for (const nn::Tensor& tensor : layout_.tensors()) {
      if (!tensor.name.starts_with(layer.name + "/")) continue;
      layer.parameters += tensor.size();
      if (nn::is_trainable(tensor.role)) layer.trainable += tensor.size();
    }
    counted_ += layer.parameters;
    layers_.push_back(std::move(layer));
  }

  void add_dense_block(const std::string& name, int units) {
    add(name + "/dense", "Dense relu", {units});
    add(name + "/norm", "BatchNormalization", {units});
    add(name + "/dropout", "Dropout", {units});
  }

  std::vector<LayerSummary> take() {
    if (counted_ != layout_.parameter_count())
      throw Error(ErrorCode::failure, "the list of layers has " + std::to_string(counted_) +
                                          " parameters, the network " +
                                          std::to_string(layout_.parameter_count()));
    return std::move(layers_);
  }

 private:
  const nn::ParameterLayout& layout_;
  std::vector<LayerSummary> layers_;
  std::size_t counted_ = 0;
};

void add_static_branch(LayerList& list, const stope::NetworkSpecification& s) {
  list.add("static/input", "Input", {s.static_features});
  if (s.summary_features > 0) list.add("summary/input", "Input", {s.summary_features});
  if (s.rule_prior) list.add("prior/input", "Input", {static_cast<int>(s.horizons.size()), s.risk_levels});
  list.add_dense_block("static/block_1", s.static_units);
  list.add_dense_block("static/block_2", s.static_units);
  list.add("static/add", "Add", {s.static_units});
  list.add_dense_block("static/block_3", s.branch_units);
}

void add_temporal_branch(LayerList& list, const stope::NetworkSpecification& s) {
  const bool attends_days = s.cross_attention == stope::CrossAttention::days;
  const Shape sequence{s.days, s.temporal_units};
  const Shape last = attends_days ? Shape{s.days, s.branch_units} : Shape{s.branch_units};
  list.add("temporal/input", "Input", {s.days, s.sensors});
  list.add("temporal/lstm_1", "LSTM", sequence);
  list.add("temporal/norm_1", "BatchNormalization", sequence);
  list.add("temporal/lstm_2", "LSTM", sequence);
  list.add("temporal/norm_2", "BatchNormalization", sequence);
  list.add("temporal/add", "Add", sequence);
  list.add("temporal/self_attention", "MultiHeadAttention", sequence);
  list.add("temporal/attention_add", "Add", sequence);
  list.add("temporal/attention_norm", "LayerNormalization", sequence);
  list.add("temporal/lstm_3", "LSTM", last);
  list.add("temporal/norm_3", "BatchNormalization", last);
  list.add("temporal/dropout", "Dropout", last);
  if (attends_days) list.add("temporal/last_day", "Last day", {s.branch_units});
}

void add_fusion(LayerList& list, const stope::NetworkSpecification& s) {
  list.add("fusion/cross_attention", "MultiHeadAttention", {s.branch_units});
  list.add("fusion/concatenate", "Concatenate", {3 * s.branch_units});
  list.add_dense_block("shared/block_1", s.shared_units);
  list.add_dense_block("shared/block_2", s.shared_output_units);
}

void add_heads(LayerList& list, const stope::NetworkSpecification& s) {
  list.add_dense_block("current/block_1", s.head_units);
  list.add("current/logits", s.summary_features > 0 ? "Dense" : "Dense sigmoid", {1});
  if (s.summary_features > 0) {
    list.add("current/shortcut", "Dense", {1});
    list.add("current/add_shortcut", "Add, sigmoid", {1});
  }
  for (const int horizon : s.horizons) {
    const std::string name = "future_" + std::to_string(horizon) + "d";
    list.add_dense_block(name + "/block_1", s.head_units);
    list.add_dense_block(name + "/block_2", s.head_units + horizon / 7);
    list.add(name + "/logits", s.rule_prior ? "Dense" : "Dense softmax", {s.risk_levels});
    if (s.rule_prior) list.add(name + "/add_prior", "Add, softmax", {s.risk_levels});
  }
}

}  // namespace

std::vector<LayerSummary> list_layers(const stope::NetworkSpecification& specification) {
  const stope::DualBranchNetwork<float> network(specification);
  LayerList list(network.layout());
  add_static_branch(list, specification);
  add_temporal_branch(list, specification);
  add_fusion(list, specification);
  add_heads(list, specification);
  return list.take();
}

}  // namespace deepmine::apps
