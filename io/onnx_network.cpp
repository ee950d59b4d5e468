#include "io/onnx_network.h"

#include <cmath>

#include "engine/nn/batch_norm.h"
#include "engine/nn/inference.h"

namespace deepmine::io::onnx {
namespace {

/// Whoever reads a graph sees [N, F] for a vector and [N, T, F] for a sequence. The LSTM alone wants the days
/// first.
class NetworkBuilder {
 public:
  NetworkBuilder(GraphBuilder& graph, const stope::NetworkSpecification& specification,
                 const nn::ParameterView<float>& parameters)
      : graph_(graph), s_(specification), tensors_(parameters) {}

  NetworkOutputs build(const NetworkInputs& inputs) {
    const Value statics = static_branch(inputs.statics);
    const Value days = temporal_branch(inputs.series);
    NetworkOutputs outputs;
    const Value shared = fuse(statics, days, outputs);
    outputs.instability_logit = current_head(shared, inputs.summary);
    std::vector<Value> horizons;
    for (const int horizon : s_.horizons) horizons.push_back(insert_axis(future_head(shared, horizon), 1));
    graph_.begin_part("future");
    outputs.risk_logits = join(horizons, 1);
    if (s_.rule_prior) outputs.risk_logits = outputs.risk_logits + inputs.prior;
    return outputs;
  }

 private:
  // ---- layers

  /// y = W·x + b over the last dimension. A column-major W (outputs × inputs) is Wᵀ row by row, as MatMul
  /// takes it.
  Value affine(const Value& x, const std::string& kernel, const std::string& bias, int inputs, int outputs) {
    const std::size_t size = static_cast<std::size_t>(inputs) * static_cast<std::size_t>(outputs);
    const Value w = graph_.constant(kernel, {inputs, outputs}, std::span(tensors_(kernel), size));
    return matrix_product(x, w) + vector(bias, outputs);
  }

  Value dense(const Value& x, const std::string& name, int inputs, int outputs) {
    return affine(x, name + "/kernel", name + "/bias", inputs, outputs);
  }

  Value dense_block(const Value& x, const std::string& name, int inputs, int outputs) {
    graph_.begin_part(name);
    const Value y = dense(x, name + "/dense", inputs, outputs);
    return batch_norm(graph_.node("Relu", {y}, ElementType::float32), name + "/norm", outputs);
  }

  /// y = x · scale + shift with the running statistics.
  Value batch_norm(const Value& x, const std::string& name, int features) {
    const float *gamma = tensors_(name + "/scale"), *beta = tensors_(name + "/shift"),
                *mean = tensors_(name + "/running_mean"), *variance = tensors_(name + "/running_variance");
    std::vector<float> scale, shift;
    for (int f = 0; f < features; ++f) {
      scale.push_back(gamma[f] / std::sqrt(variance[f] + static_cast<float>(nn::normalisation_epsilon)));
      shift.push_back(beta[f] - mean[f] * scale.back());
    }
    return x * graph_.constant(name + "/scale", {features}, std::span<const float>(scale)) +
           graph_.constant(name + "/shift", {features}, std::span<const float>(shift));
  }

  /// x and y: [N, T, F]. ONNX wants the gates in the order i, o, f, c; ours are i, f, g (its c), o.
  Value lstm(const Value& x, const std::string& name, const std::string& norm, int inputs, int units) {
    graph_.begin_part(name);
    constexpr int order[] = {0, 3, 1, 2};
    std::vector<float> bias;
    for (const int gate : order) {
      const float* from = tensors_(name + "/bias") + gate * units;
      bias.insert(bias.end(), from, from + units);
    }
    bias.resize(2 * bias.size());  // the recurrent half is zero
    const auto kernel = [&](const char* which, int columns) {
      const std::string tensor = name + which;
      const float* from = tensors_(tensor);  // (4 H × columns), column-major
      std::vector<float> rows;
      for (const int gate : order)
        for (int unit = 0; unit < units; ++unit)
          for (int column = 0; column < columns; ++column)
            rows.push_back(from[static_cast<std::ptrdiff_t>(column) * 4 * units + gate * units + unit]);
      return graph_.constant(tensor, {1, 4 * units, columns}, std::span<const float>(rows));
    };
    const Value y =
        graph_.node("LSTM",
                    {transpose(x, {1, 0, 2}), kernel("/kernel", inputs), kernel("/recurrent_kernel", units),
                     graph_.constant(name + "/bias", {1, 8 * units}, std::span<const float>(bias))},
                    ElementType::float32, {{"hidden_size", std::int64_t{units}}});
    // [T, 1, N, H]: the second dimension is the direction.
    return batch_norm(transpose(remove_axis(y, 1), {1, 0, 2}), norm, units);
  }

  Value vector(const std::string& name, int size) {
    return graph_.constant(name, {size}, std::span(tensors_(name), static_cast<std::size_t>(size)));
  }

  /// [N, steps, F] → [N, heads, steps, key size]
  Value heads_of(const Value& x, const std::string& name, int features, int heads, int steps) {
    const Value projected = affine(x, name + "_kernel", name + "_bias", features, heads * s_.key_size);
    return transpose(reshape(projected, {0, steps, heads, s_.key_size}), {0, 2, 1, 3});
  }

  /// softmax(Q·Kᵀ / √d): [N, heads, query steps, T]
  Value attention_weights(const Value& query, const Value& key) {
    const Value scores = matrix_product(query, transpose(key, {0, 1, 3, 2})) *
                         (1 / std::sqrt(static_cast<double>(s_.key_size)));
    return graph_.node("Softmax", {scores}, ElementType::float32, {{"axis", std::int64_t{-1}}});
  }

  /// The heads' outputs one after the other, combined: [N, steps, features].
  Value combine(const Value& attended, const std::string& name, int heads, int steps, int features) {
    const Value side_by_side = reshape(transpose(attended, {0, 2, 1, 3}), {0, steps, heads * s_.key_size});
    return affine(side_by_side, name + "/output_kernel", name + "/output_bias", heads * s_.key_size,
                  features);
  }

  // ---- the network

  Value static_branch(const Value& statics) {
    const Value s1 = dense_block(statics, "static/block_1", s_.static_features, s_.static_units);
    const Value s2 = dense_block(s1, "static/block_2", s_.static_units, s_.static_units);
    return dense_block(s2 + s1, "static/block_3", s_.static_units, s_.branch_units);
  }

  /// The temporal vector of every day: [N, T, branch_units].
  Value temporal_branch(const Value& series) {
    const int units = s_.temporal_units;
    const Value t1 = lstm(series, "temporal/lstm_1", "temporal/norm_1", s_.sensors, units);
    const Value t2 = lstm(t1, "temporal/lstm_2", "temporal/norm_2", units, units) + t1;
    const Value attended = self_attention(t2) + t2;
    const Value normalised =
        graph_.node("LayerNormalization",
                    {attended, vector("temporal/attention_norm/scale", units),
                     vector("temporal/attention_norm/shift", units)},
                    ElementType::float32,
                    {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(nn::normalisation_epsilon)}});
    return lstm(normalised, "temporal/lstm_3", "temporal/norm_3", units, s_.branch_units);
  }

  Value self_attention(const Value& x) {
    const std::string name = "temporal/self_attention";
    graph_.begin_part(name);
    const int heads = s_.self_attention_heads, units = s_.temporal_units, days = s_.days;
    const Value weights = attention_weights(heads_of(x, name + "/query", units, heads, days),
                                            heads_of(x, name + "/key", units, heads, days));
    const Value values = heads_of(x, name + "/value", units, heads, days);
    return combine(matrix_product(weights, values), name, heads, days, units);
  }

  /// What the heads see.
  Value fuse(const Value& statics, const Value& days, NetworkOutputs& outputs) {
    graph_.begin_part("fusion");
    const Value temporal = remove_axis(entry(days, 1, s_.days - 1), 1);
    const Value attended = s_.cross_attention == stope::CrossAttention::days
                               ? attend_to_days(statics, days, outputs)
                               : attend_to_one(temporal);
    const Value fused = join({statics, temporal, attended}, 1);
    const Value shared = dense_block(fused, "shared/block_1", 3 * s_.branch_units, s_.shared_units);
    return dense_block(shared, "shared/block_2", s_.shared_units, s_.shared_output_units);
  }

  Value attend_to_days(const Value& statics, const Value& days, NetworkOutputs& outputs) {
    const std::string name = "fusion/cross_attention";
    graph_.begin_part(name);
    const int heads = s_.cross_attention_heads, units = s_.branch_units;
    const Value query = heads_of(insert_axis(statics, 1), name + "/query", units, heads, 1);
    const Value weights = attention_weights(query, heads_of(days, name + "/key", units, heads, s_.days));
    outputs.day_weights = remove_axis(reduce(Reduction::mean, weights, 1, false), 1);
    const Value values = heads_of(days, name + "/value", units, heads, s_.days);
    return remove_axis(combine(matrix_product(weights, values), name, heads, 1, units), 1);
  }

  /// With one key its weight is 1, whatever query and key say.
  Value attend_to_one(const Value& temporal) {
    const std::string name = "fusion/cross_attention";
    graph_.begin_part(name);
    const int inner = s_.cross_attention_heads * s_.key_size;
    const Value value =
        affine(temporal, name + "/value_kernel", name + "/value_bias", s_.branch_units, inner);
    return affine(value, name + "/output_kernel", name + "/output_bias", inner, s_.branch_units);
  }

  Value current_head(const Value& shared, const Value& summary) {
    const Value block = dense_block(shared, "current/block_1", s_.shared_output_units, s_.head_units);
    graph_.begin_part("current");
    Value logit = dense(block, "current/logits", s_.head_units, 1);
    if (s_.summary_features == 0) return logit;
    return logit + dense(summary, "current/shortcut", s_.summary_features, 1);
  }

  Value future_head(const Value& shared, int horizon) {
    const std::string name = "future_" + std::to_string(horizon) + "d";
    const int second_units = s_.head_units + horizon / 7;
    const Value first = dense_block(shared, name + "/block_1", s_.shared_output_units, s_.head_units);
    const Value second = dense_block(first, name + "/block_2", s_.head_units, second_units);
    graph_.begin_part(name);
    return dense(second, name + "/logits", second_units, s_.risk_levels);
  }

  GraphBuilder& graph_;
  const stope::NetworkSpecification& s_;
  nn::NamedTensors<float> tensors_;
};

}  // namespace

NetworkOutputs add_network(GraphBuilder& graph, const stope::NetworkSpecification& specification,
                           const nn::ParameterView<float>& parameters, const NetworkInputs& inputs) {
  return NetworkBuilder(graph, specification, parameters).build(inputs);
}

}  // namespace deepmine::io::onnx
