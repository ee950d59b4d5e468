#include "io/assessment_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/number_text.h"

namespace deepmine::io {
namespace {

using stope::Assessment;

constexpr std::string_view unknown = "unknown";

/// Would a spreadsheet take the text for a formula (or has it the mark that protects from this)?
bool needs_protection(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '\'') return true;
  constexpr std::array<std::string_view, 11> openers{"=",  "+",  "-",  "@",  "\t", "\r",
                                                     "\n", "＝", "＋", "－", "＠"};
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return std::any_of(openers.begin(), openers.end(),
                     [&](std::string_view opener) { return text.starts_with(opener); });
}

/// One row (or the header), field by field.
class Row {
 public:
  void text(std::string_view value) {
    const std::string_view mark = needs_protection(value) ? "'" : "";
    begin_field();
    if (value.find_first_of(",;\t\"\r\n") == std::string_view::npos) {
      line_.append(mark).append(value);
      return;
    }
    line_.append("\"").append(mark);
    for (const char c : value) line_.append(c == '"' ? 2 : 1, c);
    line_ += '"';
  }
  void number(double value) {
    begin_field();
    if (!std::isfinite(value)) return;
    char buffer[32];
    line_.append(buffer, write_number(buffer, value));
  }
  void number(const std::optional<double>& value) { number(value.value_or(stope::missing)); }
  void count(int value) {
    begin_field();
    line_ += std::to_string(value);
  }
  void count(const std::optional<int>& value) {
    if (value)
      count(*value);
    else
      begin_field();
  }
  void day(const std::optional<stope::Day>& value) {
    begin_field();
    if (value) line_ += stope::format_day(*value);
  }
  void verdict(const std::optional<bool>& value) { text(!value ? unknown : *value ? "true" : "false"); }
  template <class Enumeration>
  void name_of(const std::optional<Enumeration>& value) {
    text(value ? name(*value) : unknown);
  }

  std::string take() { return std::move(line_) + "\n"; }

 private:
  void begin_field() {
    if (!first_) line_ += ',';
    first_ = false;
  }
  std::string line_;
  bool first_ = true;
};

template <class Elements, class ToText>
std::string joined(const Elements& elements, std::string_view separator, ToText to_text) {
  std::string text;
  for (const auto& element : elements) {
    if (!text.empty()) text += separator;
    text += to_text(element);
  }
  return text;
}

const auto code_of = [](const auto& element) { return element.code; };
const auto message_of = [](const auto& element) { return element.message; };

std::string header(std::span<const int> horizons, bool with_responses) {
  Row row;
  for (const std::string_view column :
       {"schema_version", "stope_name", "timestamp", "as_of", "status", "reason_codes", "reasons", "model_id",
        "model_version", "model_trained_at", "method", "stable", "instability_probability", "risk_level",
        "confidence"})
    row.text(column);
  for (const int horizon : horizons) {
    for (const std::string_view column : {"date", "risk_level", "confidence"})
      row.text(fmt::format("future_{}d_{}", horizon, column));
    for (const std::string_view level : stope::risk_level_names)
      row.text(fmt::format("future_{}d_{}", horizon, level));
    row.text(fmt::format("future_{}d_risk_set", horizon));
    row.text(fmt::format("rule_based_{}d_risk_level", horizon));
  }
  for (const std::string_view column :
       {"rule_based_unstable_today", "risk_trend", "max_risk_horizon", "alert_recommended",
        "explanation_codes", "explanations", "attributions", "recommendation_codes", "recommendations",
        "days_used", "days_filled", "last_reading", "out_of_range", "uncertainty_samples",
        "instability_deviation", "instability_low", "instability_high", "instability_mutual_information"})
    row.text(column);
  for (const int horizon : horizons)
    for (const std::string_view column : {"confidence_deviation", "mutual_information"})
      row.text(fmt::format("future_{}d_{}", horizon, column));
  if (with_responses)
    for (const std::string_view column :
         {"response_colour", "response_since", "response_today", "response_owner", "response_action"})
      row.text(column);
  return row.take();
}

void write_identity(Row& row, const Assessment& assessment) {
  row.count(assessment.schema_version);
  row.text(assessment.stope_name);
  row.text(assessment.timestamp);
  row.day(assessment.as_of);
  row.text(name(assessment.status));
  row.text(joined(assessment.reasons, "; ", code_of));
  row.text(joined(assessment.reasons, " | ", message_of));
  const stope::ModelIdentity model = assessment.model.value_or(stope::ModelIdentity{});
  row.text(model.id);
  row.text(model.version);
  row.text(model.trained_at);
  row.text(name(assessment.method));
}

void write_current(Row& row, const stope::CurrentStability& current) {
  row.verdict(current.stable);
  row.number(current.instability_probability);
  row.text(name(current.risk_level));
  row.number(current.confidence);
}

/// What an assessment says about one horizon; nothing where it says nothing.
template <class Elements>
auto at_horizon(const Elements& elements, int horizon) {
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [&](const auto& element) { return element.horizon_days == horizon; });
  return found != elements.end() ? *found : typename Elements::value_type{};
}

void write_horizon(Row& row, const Assessment& assessment, int horizon) {
  const stope::FuturePrediction future = at_horizon(assessment.future_predictions, horizon);
  row.day(future.date);
  row.name_of(future.predicted_risk_level);
  row.number(future.confidence);
  for (std::size_t level = 0; level < stope::risk_level_count; ++level)
    row.number(future.risk_probabilities ? (*future.risk_probabilities)[level] : stope::missing);
  row.text(joined(future.risk_set, "; ", [](stope::RiskLevel level) { return name(level); }));
  row.name_of(at_horizon(assessment.rule_based.risk_levels, horizon).level);
}

void write_conclusions(Row& row, const Assessment& assessment) {
  row.verdict(assessment.rule_based.unstable_today);
  row.name_of(assessment.risk_trend);
  row.count(assessment.max_risk_horizon);
  row.verdict(assessment.alert_recommended);
  row.text(joined(assessment.explanations, "; ", code_of));
  row.text(joined(assessment.explanations, " | ", message_of));
  row.text(joined(assessment.attributions, "; ", [](const stope::Attribution& attribution) {
    return fmt::format("{}={}", attribution.input, attribution.contribution);
  }));
  row.text(joined(assessment.recommendations, "; ", code_of));
  row.text(joined(assessment.recommendations, " | ", [](const auto& advice) { return advice.text; }));
}

void write_response(Row& row, const stope::Response& response) {
  row.text(name(response.colour));
  row.day(response.since);
  row.text(name(response.today));
  row.text(response.owner);
  row.text(response.action);
}

void write_quality(Row& row, const stope::DataQuality& quality) {
  row.count(quality.days_used);
  row.count(quality.days_filled);
  row.day(quality.last_reading);
  row.text(joined(quality.out_of_range, "; ", [](const stope::OutOfRange& input) {
    return fmt::format("{}={}", input.input, input.value);
  }));
}

/// Empty fields where no draws were asked for.
void write_uncertainty(Row& row, const Assessment& assessment, std::span<const int> horizons) {
  const auto& current = assessment.current_stability.uncertainty;
  row.count(current ? std::optional(current->samples) : std::nullopt);
  row.number(current ? current->standard_deviation : stope::missing);
  row.number(current ? current->low : stope::missing);
  row.number(current ? current->high : stope::missing);
  row.number(current ? current->mutual_information : stope::missing);
  for (const int horizon : horizons) {
    const auto uncertainty = at_horizon(assessment.future_predictions, horizon).uncertainty;
    row.number(uncertainty ? uncertainty->standard_deviation : stope::missing);
    row.number(uncertainty ? uncertainty->mutual_information : stope::missing);
  }
}

void check_horizons(const Assessment& assessment, std::span<const int> horizons) {
  for (const stope::FuturePrediction& future : assessment.future_predictions)
    if (std::find(horizons.begin(), horizons.end(), future.horizon_days) == horizons.end())
      throw Error(ErrorCode::failure, fmt::format("{}: there is no column for the prediction at {} days",
                                                  assessment.stope_name, future.horizon_days));
}

}  // namespace

std::string assessments_csv(std::span<const Assessment> assessments, std::span<const int> horizons) {
  const bool with_responses = std::any_of(assessments.begin(), assessments.end(),
                                          [](const Assessment& a) { return a.response.has_value(); });
  std::string text = header(horizons, with_responses);
  for (const Assessment& assessment : assessments) {
    check_horizons(assessment, horizons);
    Row row;
    write_identity(row, assessment);
    write_current(row, assessment.current_stability);
    for (const int horizon : horizons) write_horizon(row, assessment, horizon);
    write_conclusions(row, assessment);
    write_quality(row, assessment.data_quality);
    write_uncertainty(row, assessment, horizons);
    if (with_responses) write_response(row, assessment.response.value_or(stope::Response{}));
    text += row.take();
  }
  return text;
}

void export_assessments(const std::filesystem::path& target, std::span<const Assessment> assessments,
                        std::span<const int> horizons) {
  write_file_atomically(target, assessments_csv(assessments, horizons));
}

}  // namespace deepmine::io
