// The prior of the future heads (engine/stope/rule_prior.h) as operators.
#include "io/onnx_inputs.h"

namespace deepmine::io::onnx {
namespace {

using stope::Sensor;
using stope::StaticRecord;

/// The sensors that the rules look at.
constexpr std::array<Sensor, 3> rule_sensors{Sensor::vibration_velocity, Sensor::deformation_rate,
                                             Sensor::stress};

/// Weight of the first step that passes; a value within `tolerance` of a threshold counts as equal to it.
Value first_match(const stope::RuleSteps& steps, const Value& value, double tolerance = 0) {
  Value weight = value.graph->scalar(0, ElementType::float64);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Value beyond = step->above ? value - step->threshold : step->threshold - value;
    weight =
        select(greater(beyond, tolerance), value.graph->scalar(step->weight, ElementType::float64), weight);
  }
  return weight;
}

class Rules {
 public:
  Rules(GraphBuilder& graph, const RawInputs& raw, const stope::SiteSettings& settings, int days)
      : graph_(graph), raw_(raw), settings_(settings), days_(days) {}

  /// float [N, 6]: log-probabilities of the levels at one horizon.
  Value log_probabilities(int horizon) {
    const stope::RiskRules& rules = settings_.risk_rules;
    Value tenths = fixed() + day_weights(horizon);  // [N, 2 T]
    Value grows = growing();
    if (horizon > rules.long_horizon_days) grows = grows + long_horizon();
    Value n = tenths * 30 + grows * horizon;
    if (horizon > rules.far_horizon_days) n = n + rules.far_weight * (horizon - rules.far_horizon_days);
    // Whole numbers of 1/300, so that a half is exactly one.
    const Value levels = clip(round_to_whole(n / 300), 0, stope::risk_level_count - 1);
    return logarithm_of_shares(levels);
  }

 private:
  const Value& readings(Sensor sensor) const { return raw_.readings[static_cast<std::size_t>(sensor)]; }

  /// What is counted in full: the verdict on today.
  Value fixed() {
    if (!fixed_.graph) {
      const stope::UnstableRules& rules = settings_.unstable_rules;
      const auto today = [&](Sensor sensor) { return entry(readings(sensor), 1, days_ - 1); };
      const Value support =
          select(raw_.support_installed,
                 first_match(rules.support_density, raw_.number(&StaticRecord::support_density)),
                 graph_.scalar(rules.not_installed_weight, ElementType::float64));
      const Value sum = first_match(rules.rqd, raw_.number(&StaticRecord::rqd)) +
                        first_match(rules.hydraulic_radius, raw_.number(&StaticRecord::hydraulic_radius)) +
                        first_match(rules.depth, raw_.number(&StaticRecord::depth)) + support +
                        first_match(rules.vibration, today(Sensor::vibration_velocity)) +
                        first_match(rules.deformation, today(Sensor::deformation_rate)) +
                        first_match(rules.stress, today(Sensor::stress));
      fixed_ = select(greater(sum, rules.limit),
                      graph_.scalar(settings_.risk_rules.unstable_today_weight, ElementType::float64),
                      graph_.scalar(0, ElementType::float64));
    }
    return fixed_;
  }

  /// What grows with the horizon: the slopes of the last days.
  Value growing() {
    if (!growing_.graph) {
      const stope::RiskRules& rules = settings_.risk_rules;
      const std::array steps{&rules.vibration_slope, &rules.deformation_slope, &rules.stress_slope};
      std::array<Value, 3> weights;
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = first_match(*steps[i], slope(graph_, readings(rule_sensors[i]), rules.slope_days, days_),
                                 rules.slope_tolerance);
      growing_ = weights[0] + weights[1] + weights[2];
    }
    return growing_;
  }

  Value long_horizon() {
    if (!long_horizon_.graph)
      long_horizon_ = first_match(settings_.risk_rules.rqd, raw_.number(&StaticRecord::rqd)) +
                      first_match(settings_.risk_rules.depth, raw_.number(&StaticRecord::depth));
    return long_horizon_;
  }

  /// [N, 2 T]: weight of the readings of day t+h, if they scatter as those of the window do about a trend
  /// that ends today (the first T), and about one that goes on (the others).
  Value day_weights(int horizon) {
    const stope::RiskRules& rules = settings_.risk_rules;
    const std::array steps{&rules.vibration, &rules.deformation, &rules.stress};
    std::vector<double> ahead;
    for (const int days_of_trend : {0, horizon})
      for (int day = 0; day < days_; ++day) ahead.push_back(days_ - 1 - day + days_of_trend);
    const Value days_ahead = graph_.constant("days_ahead", {1, 2 * days_}, std::span<const double>(ahead));
    std::array<Value, 3> weights;
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] = first_match(*steps[i], twice(i) + trend(i) * days_ahead, rules.slope_tolerance);
    return weights[0] + weights[1] + weights[2];
  }

  Value twice(std::size_t sensor) {
    Value& known = twice_[sensor];
    if (!known.graph) known = join({readings(rule_sensors[sensor]), readings(rule_sensors[sensor])}, 1);
    return known;
  }

  Value trend(std::size_t sensor) {
    Value& known = trends_[sensor];
    if (!known.graph) known = slope(graph_, readings(rule_sensors[sensor]), days_, days_);
    return known;
  }

  /// ln((count + 1/3) / (2 T + 6/3)) of each level.
  Value logarithm_of_shares(const Value& levels) {
    if (!level_numbers_.graph) {
      std::vector<double> numbers;
      for (std::size_t k = 0; k < stope::risk_level_count; ++k) numbers.push_back(static_cast<double>(k));
      level_numbers_ = graph_.constant("level_numbers", {static_cast<std::int64_t>(numbers.size())},
                                       std::span<const double>(numbers));
    }
    constexpr double unseen = 1.0 / 3;
    const double total = 2.0 * days_ + unseen * stope::risk_level_count;
    const Value is_level = cast(equal(insert_axis(levels, 2), level_numbers_), ElementType::float64);
    const Value counts = reduce(Reduction::sum, is_level, 1, false);
    return cast(logarithm((counts + unseen) / total), ElementType::float32);
  }

  GraphBuilder& graph_;
  const RawInputs& raw_;
  const stope::SiteSettings& settings_;
  int days_;
  Value fixed_, growing_, long_horizon_, level_numbers_;  // made when they are first asked for
  std::array<Value, 3> twice_, trends_;
};

}  // namespace

Value rule_prior(GraphBuilder& graph, const RawInputs& raw, const stope::SiteSettings& settings,
                 const stope::NetworkSpecification& network) {
  graph.begin_part("rule_prior");
  Rules rules(graph, raw, settings, network.days);
  std::vector<Value> horizons;
  for (const int horizon : network.horizons)
    horizons.push_back(insert_axis(rules.log_probabilities(horizon), 1));
  return join(horizons, 1);
}

}  // namespace deepmine::io::onnx
