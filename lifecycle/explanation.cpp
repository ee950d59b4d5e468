#include "lifecycle/explanation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/stope/feature_table.h"
#include "engine/stope/summary_features.h"
#include "lifecycle/predictor_sums.h"

namespace deepmine::lifecycle {
namespace {

double sum_of(const std::vector<double>& values, std::size_t first, std::size_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
  return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(count), 0.0);
}

void add_categories(const InputAttributions& from, const stope::StaticRecord& record,
                    std::vector<stope::Attribution>& to) {
  std::size_t first = 0;
  for (const auto& [name, count, text] :
       {std::tuple{"direction", stope::directions.size(), &record.direction},
        std::tuple{"rock_type", stope::rock_types.size(), &record.rock_type},
        std::tuple{"support_type", stope::support_types.size(), &record.support_type}}) {
    to.push_back({name, stope::missing, "", *text, sum_of(from.features, first, count)});
    first += count;
  }
}

void add_numbers(const InputAttributions& from, const stope::StaticFeatures& features,
                 std::vector<stope::Attribution>& to) {
  for (std::size_t i = stope::category_feature_count; i < stope::static_feature_count; ++i) {
    const stope::FeatureColumn& column = stope::feature_table().statics[i];
    to.push_back({column.name, features.values[i], column.unit, "", from.features[i]});
  }
}

void add_sensors(const InputAttributions& from, const stope::SampleView& sample,
                 const stope::NetworkSpecification& network, int mean_days,
                 std::vector<stope::Attribution>& to) {
  const auto last = sample.window.last(std::min(sample.window.size(), static_cast<std::size_t>(mean_days)));
  const auto sensors = static_cast<std::size_t>(network.sensors);
  for (std::size_t s = 0; s < sensors; ++s) {
    double contribution = 0, mean = 0;
    for (std::size_t at = s; at < from.series.size(); at += sensors) contribution += from.series[at];
    if (network.summary_features > 0)
      contribution += sum_of(
          from.features, static_cast<std::size_t>(network.static_features) + s * stope::summaries_per_sensor,
          stope::summaries_per_sensor);
    for (const stope::DailyReading& day : last) mean += day[s] / static_cast<double>(last.size());
    const stope::FeatureColumn& column = stope::feature_table().sensors[s];
    to.push_back({column.name, mean, column.unit, "", contribution});
  }
}

std::vector<double> by_day(const InputAttributions& attributions, int sensors) {
  std::vector<double> days;
  const auto width = static_cast<std::size_t>(sensors);
  for (std::size_t at = 0; at < attributions.series.size(); at += width)
    days.push_back(sum_of(attributions.series, at, width));
  return days;
}

/// Number of the head of a horizon; 0 is that of the present.
int head_of(const stope::NetworkSpecification& network, int horizon) {
  if (horizon == 0) return 0;
  const auto found = std::find(network.horizons.begin(), network.horizons.end(), horizon);
  if (found == network.horizons.end())
    throw Error(ErrorCode::usage, "the model has no answer for " + std::to_string(horizon) + " days ahead");
  return 1 + static_cast<int>(found - network.horizons.begin());
}

}  // namespace

std::vector<stope::Attribution> gather_attributions(const InputAttributions& attributions,
                                                    const stope::SampleView& sample,
                                                    const stope::NetworkSpecification& network,
                                                    int mean_days) {
  std::vector<stope::Attribution> inputs;
  add_categories(attributions, sample.statics, inputs);
  add_numbers(attributions, sample.features, inputs);
  add_sensors(attributions, sample, network, mean_days, inputs);
  if (network.rule_prior) {
    const auto first = static_cast<std::size_t>(network.static_features + network.summary_features);
    const double contribution = sum_of(attributions.features, first, attributions.features.size() - first);
    // The current head does not see it.
    if (contribution != 0) inputs.push_back({"rule_prior", stope::missing, "", "", contribution});
  }
  std::stable_sort(inputs.begin(), inputs.end(), [](const auto& a, const auto& b) {
    return std::abs(a.contribution) > std::abs(b.contribution);
  });
  return inputs;
}

StopeExplanation explain_sample(IntegratedGradients& gradients, const io::Components& components,
                                const ExplanationRequest& request) {
  const stope::NetworkSpecification& network = components.network;
  const stope::SiteSettings& settings = components.settings;
  StopeExplanation explanation;
  explanation.first_day = request.last_day - network.days + 1;
  explanation.attention.assign(request.attention.begin(), request.attention.end());
  for (const int horizon : request.horizons) {
    const InputAttributions found =
        gradients.explain(request.features, request.series, head_of(network, horizon));
    HeadExplanation explained;
    explained.horizon_days = horizon;
    explained.head = head_name(horizon);
    explained.output = found.output;
    explained.baseline_output = found.baseline_output;
    explained.inputs = gather_attributions(found, request.sample, network, request.mean_days);
    explained.days = by_day(found, network.sensors);
    explained.steps = found.steps;
    explained.completeness_error = found.completeness_error;
    explained.complete = found.complete();
    if (horizon > 0 && network.rule_prior)
      explained.rules = stope::break_down_rules(settings.unstable_rules, settings.risk_rules,
                                                request.sample.statics, request.sample.window, horizon);
    explanation.heads.push_back(std::move(explained));
  }
  return explanation;
}

}  // namespace deepmine::lifecycle
