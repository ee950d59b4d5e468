// The second half of an exported graph: the layers of the dual-branch network (dual_branch_network.h), from
// scaled inputs to logits.
#pragma once

#include "engine/nn/parameter_layout.h"
#include "engine/stope/network_specification.h"
#include "io/onnx_graph.h"

namespace deepmine::io::onnx {

/// All float. N cases, T days, S sensors, H horizons, L levels.
struct NetworkInputs {
  Value statics;  ///< [N, static_features]
  Value series;   ///< [N, T, S]
  Value summary;  ///< [N, summary_features], with a shortcut only
  Value prior;    ///< [N, H, L], with a rule prior only
};

struct NetworkOutputs {
  Value instability_logit;  ///< [N, 1]
  Value risk_logits;        ///< [N, H, L]
  Value day_weights;        ///< [N, T], with CrossAttention::days only (else `graph` is null)
};

/// `parameters` are those of a DualBranchNetwork of this specification.
NetworkOutputs add_network(GraphBuilder& graph, const stope::NetworkSpecification& specification,
                           const nn::ParameterView<float>& parameters, const NetworkInputs& inputs);

}  // namespace deepmine::io::onnx
