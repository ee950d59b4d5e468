// The specification of a network is data: sizes, horizons, choices. It is stored in a model's components, and
// the shapes of all its tensors follow from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::stope {

/// What the static vector attends to.
enum class CrossAttention : std::uint8_t {
  pooled = 0,  ///< the temporal vector alone: one key, whose weight is always 1 (the prototype)
  days = 1,    ///< the last LSTM's output of every day: tells which days mattered
};

inline constexpr std::size_t max_horizons = 16;

/// The dual-branch network. Defaults are the full network of the product (dual_branch_network.h draws it).
struct NetworkSpecification {
  int static_features = 41;
  int sensors = 5;
  int days = 30;
  std::vector<int> horizons{1, 3, 7, 14, 30};
  int risk_levels = 6;

  int static_units = 128;    ///< of the first two layers of the static branch
  int temporal_units = 128;  ///< of the first two LSTM layers
  int branch_units = 64;     ///< both branches end with this many
  int self_attention_heads = 8, cross_attention_heads = 4, key_size = 16;
  CrossAttention cross_attention = CrossAttention::days;
  int shared_units = 128, shared_output_units = 64;
  int head_units =
      32;  ///< first layer of every head; the second of a horizon's has head_units + horizon div 7

  double dense_dropout = 0.3;
  double branch_dropout = 0.15;     ///< after the last layer of the static branch
  double lstm_dropout = 0.15;       ///< input and recurrent dropout of the LSTM layers
  double temporal_dropout = 0.3;    ///< after the last LSTM
  double attention_dropout = 0.15;  ///< of the self-attention's weights

  /// Numbers of a window's summary (summary_features.h) that reach the current head by a linear shortcut,
  /// past all layers; 0: there is no shortcut.
  int summary_features = 0;
  /// The future heads' logits are added to the rules' log-probabilities (rule_prior.h): the network learns
  /// what the rules do not see, and says what they say where it has learnt nothing.
  bool rule_prior = false;

  /// Numbers of a sample that belong to no day, in this order: static features, summary, prior of each
  /// horizon.
  int sample_features() const {
    const int prior = rule_prior ? static_cast<int>(horizons.size()) * risk_levels : 0;
    return static_features + summary_features + prior;
  }

  bool operator==(const NetworkSpecification&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("static_features", self.static_features);
    visit("sensors", self.sensors);
    visit("days", self.days);
    visit("horizons", self.horizons);
    visit("risk_levels", self.risk_levels);
    visit("static_units", self.static_units);
    visit("temporal_units", self.temporal_units);
    visit("branch_units", self.branch_units);
    visit("self_attention_heads", self.self_attention_heads);
    visit("cross_attention_heads", self.cross_attention_heads);
    visit("key_size", self.key_size);
    visit("cross_attention", self.cross_attention);
    visit("shared_units", self.shared_units);
    visit("shared_output_units", self.shared_output_units);
    visit("head_units", self.head_units);
    visit("dense_dropout", self.dense_dropout);
    visit("branch_dropout", self.branch_dropout);
    visit("lstm_dropout", self.lstm_dropout);
    visit("temporal_dropout", self.temporal_dropout);
    visit("attention_dropout", self.attention_dropout);
    visit("summary_features", self.summary_features);
    visit("rule_prior", self.rule_prior);
  }
};

/// The product's network: small branches, the shortcut and the prior (docs/model.md says why). The default of
/// the struct is the full network, which has neither.
NetworkSpecification compact_network();

/// The first thing that makes the specification unusable (a size below 1 or absurdly large, a dropout outside
/// [0, 1), horizons not ascending), or an empty text. Every file's specification passes here before memory is
/// planned.
std::string problem_with(const NetworkSpecification& specification);

/// The first thing that makes a network of this specification unusable with the records and rules of this
/// program (41 static inputs, 5 sensors, 6 risk levels, 40 summaries), or an empty text. Networks that are
/// only listed or tested may differ.
std::string misfit_with_program(const NetworkSpecification& specification);

std::string_view name(CrossAttention choice);

}  // namespace deepmine::stope
