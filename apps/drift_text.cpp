#include "apps/drift_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/evaluation_words.h"
#include "apps/printable_text.h"
#include "apps/text_table.h"

namespace deepmine::apps {
namespace {

/// `rqd: 62.1 % in training, 41.0 % now`.
std::string means_text(const lifecycle::FeatureDrift& feature) {
  const std::string words = input_words(feature.feature);
  if (feature.category) return words + ": other categories";
  const std::string unit = feature.unit.empty() ? "" : " " + feature.unit;
  return fmt::format("{}: mean {:.3g}{} in training, {:.3g}{} now", words, feature.mean_then, unit,
                     feature.mean_now, unit);
}

}  // namespace

std::string drift_line(const lifecycle::DriftReport& report) {
  std::string list;
  std::size_t count = 0;
  constexpr std::size_t most = 3;
  for (const lifecycle::FeatureDrift& feature : report.features)
    if (feature.drift.drifted && ++count <= most) list += (list.empty() ? "" : "; ") + means_text(feature);
  if (count == 0) return "";
  if (count > most) list += fmt::format("; and {} more", count - most);
  return wrapped("DRIFT: ", fmt::format("these stopes are not like those that the model learnt from ({}). "
                                        "Its answers may be worth less; `deepmine drift` has all features.",
                                        list));
}

std::string drift_table(const lifecycle::DriftReport& report, bool with_colour) {
  if (!report.not_measured.empty()) return wrapped("Not measured: ", report.not_measured);
  TextTable table({"Feature", "Unit", "In training", "Now", "Shift (deviations)", "PSI", "Chance alone", ""},
                  {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
                   Align::right, Align::left});
  for (const lifecycle::FeatureDrift& feature : report.features) {
    const auto number = [&](double value, const char* format) {
      return feature.category ? std::string("-") : fmt::format(fmt::runtime(format), value);
    };
    table.add({input_words(feature.feature), feature.unit, number(feature.mean_then, "{:.4g}"),
               number(feature.mean_now, "{:.4g}"), number(feature.drift.shift, "{:+.2f}"),
               fmt::format("{:.3f}", feature.drift.psi), fmt::format("{:.3f}", feature.drift.chance),
               feature.drift.drifted ? "DRIFTED" : ""});
  }
  const std::size_t drifted = report.drifted().size();
  return table.text(with_colour) + "\n" +
         wrapped("", fmt::format("{} of {} features have drifted ({} stopes now, {} in training): population "
                                 "stability index (PSI) above 0.25, and more than chance.",
                                 drifted, report.features.size(), report.stopes, report.training_stopes)) +
         wrapped("", static_risk_index_note);
}

nlohmann::ordered_json drift_json(const lifecycle::DriftReport& report) {
  using Json = nlohmann::ordered_json;
  Json features = Json::array();
  for (const lifecycle::FeatureDrift& feature : report.features)
    features.push_back({{"feature", feature.feature},
                        {"unit", feature.unit},
                        {"stopes", feature.stopes},
                        {"mean_in_training", feature.category ? Json(nullptr) : Json(feature.mean_then)},
                        {"mean_now", feature.category ? Json(nullptr) : Json(feature.mean_now)},
                        {"shift_in_deviations", feature.category ? Json(nullptr) : Json(feature.drift.shift)},
                        {"psi", feature.drift.psi},
                        {"psi_by_chance", feature.drift.chance},
                        {"drifted", feature.drift.drifted}});
  return {{"measured", report.not_measured.empty()},
          {"not_measured", report.not_measured.empty() ? Json(nullptr) : Json(report.not_measured)},
          {"training_stopes", report.training_stopes},
          {"stopes", report.stopes},
          {"drifted", report.drifted()},
          {"features", std::move(features)}};
}

}  // namespace deepmine::apps
