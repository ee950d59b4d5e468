#include "io/audit_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "engine/nn/error.h"
#include "io/assessment_json.h"
#include "io/field_json.h"
#include "io/sha256.h"
#include "io/site_file.h"

namespace deepmine::io {
namespace {

constexpr std::array<std::string_view, 4> severities{"note", "warning", "rejected", "fatal"};

// ---- values to JSON

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

OrderedJson day_or_null(const std::optional<stope::Day>& day) {
  return day ? OrderedJson(stope::format_day(*day)) : OrderedJson(nullptr);
}

OrderedJson number_or_null(double value) {
  return stope::is_missing(value) ? OrderedJson(nullptr) : OrderedJson(value);
}

OrderedJson statics_json(const AuditInput& input) {
  if (!input.has_record) return nullptr;
  OrderedJson json = OrderedJson::object();
  if (!input.statics) return json;
  for (const stope::StaticColumn& column : stope::static_columns)
    json[std::string(column.name)] = number_or_null((*input.statics).*column.value);
  json["direction"] = input.statics->direction;
  json["rock_type"] = input.statics->rock_type;
  json["support_type"] = input.statics->support_type;
  json["support_installed"] = input.statics->support_installed;
  return json;
}

OrderedJson readings_json(const stope::DailySeries& readings) {
  OrderedJson json = OrderedJson::object();
  for (std::size_t i = 0; i < readings.days.size(); ++i) {
    OrderedJson values = OrderedJson::array();
    bool any = false;
    for (const double value : readings.days[i]) {
      values.push_back(number_or_null(value));
      any = any || !stope::is_missing(value);
    }
    if (any) json[stope::format_day(readings.first_day + static_cast<stope::Day>(i))] = std::move(values);
  }
  return json;
}

OrderedJson input_json(const AuditInput& input) {
  OrderedJson issues = OrderedJson::array();
  for (const stope::Issue& issue : input.issues)
    issues.push_back({{"severity", severities[static_cast<std::size_t>(issue.severity)]},
                      {"code", issue.code},
                      {"message", stope::describe(issue)}});
  return {{"stope_name", input.stope_name},
          {"statics", statics_json(input)},
          {"readings", readings_json(input.readings)},
          {"issues", std::move(issues)}};
}

std::string bits_text(double value) {
  return fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value));
}

/// The numbers of the network, bit for bit; null where it did not answer.
OrderedJson bits_json(const stope::Assessment& answer) {
  const auto& probability = answer.current_stability.instability_probability;
  if (!probability) return nullptr;
  OrderedJson horizons = OrderedJson::object();
  for (const stope::FuturePrediction& future : answer.future_predictions) {
    OrderedJson& levels = horizons[std::to_string(future.horizon_days)] = nullptr;
    if (!future.risk_probabilities) continue;
    levels = OrderedJson::array();
    for (const double value : *future.risk_probabilities) levels.push_back(bits_text(value));
  }
  return {{"instability_probability", bits_text(*probability)}, {"risk_probabilities", std::move(horizons)}};
}

// ---- JSON to values

/// Runs `read` on the parsed text. Whatever it finds to be otherwise than expected is Error{data_invalid}.
template <class Read>
auto read_json(std::string_view text, const std::string& source, Read read) {
  try {
    return read(OrderedJson::parse(text.begin(), text.end()));
  } catch (const OrderedJson::exception& error) {
    throw Error(ErrorCode::data_invalid, source + ": " + error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::data_invalid, source + ": " + error.what());
  }
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::data_invalid, message);
}

std::string text_of(const OrderedJson& json) {
  return json.is_null() ? std::string() : json.get<std::string>();
}

stope::Day parse_day(const std::string& text) {
  if (const std::optional<stope::Day> day = stope::parse_day(text)) return *day;
  refuse("expected a day, found '" + text + "'");
}

std::optional<stope::Day> day_of(const OrderedJson& json) {
  if (json.is_null()) return std::nullopt;
  return parse_day(json.get<std::string>());
}

double number_of(const OrderedJson& json) {
  return json.is_null() ? stope::missing : json.get<double>();
}

void read_statics(const OrderedJson& json, AuditInput& input) {
  input.has_record = !json.is_null();
  if (!input.has_record || json.empty()) return;
  stope::StaticRecord& statics = input.statics.emplace();
  for (const stope::StaticColumn& column : stope::static_columns)
    statics.*column.value = number_of(json.at(std::string(column.name)));
  statics.direction = json.at("direction").get<std::string>();
  statics.rock_type = json.at("rock_type").get<std::string>();
  statics.support_type = json.at("support_type").get<std::string>();
  statics.support_installed = json.at("support_installed").get<bool>();
}

stope::DailySeries series_of(const OrderedJson& json) {
  constexpr stope::Day longest = 100 * 366;
  stope::DailySeries series;
  for (const auto& [date, values] : json.items()) {
    const stope::Day day = parse_day(date);
    if (series.empty()) series.first_day = day;
    if (!series.empty() && day <= series.last_day()) refuse("readings are not in the order of their days");
    if (day - series.first_day > longest) refuse("readings are of more than a hundred years");
    if (!values.is_array() || values.size() != stope::sensor_count) refuse("expected five readings a day");
    stope::DailyReading nothing;
    nothing.fill(stope::missing);
    series.days.resize(static_cast<std::size_t>(day - series.first_day) + 1, nothing);
    for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
      series.days.back()[sensor] = number_of(values[sensor]);
  }
  return series;
}

stope::Issue issue_of(const OrderedJson& json, const std::string& stope_name) {
  stope::Issue issue;
  issue.stope = stope_name;
  const auto severity = json.at("severity").get<std::string>();
  const auto* const found = std::find(severities.begin(), severities.end(), severity);
  if (found == severities.end()) refuse("unknown severity '" + severity + "'");
  issue.severity = static_cast<stope::Severity>(found - severities.begin());
  issue.code = json.at("code").get<std::string>();
  issue.message = json.at("message").get<std::string>();
  return issue;
}

AuditRun run_of(const OrderedJson& json) {
  AuditRun run;
  run.time = json.at("time").get<std::string>();
  run.who = json.at("who").get<std::string>();
  run.program_version = json.at("program_version").get<std::string>();
  const OrderedJson& arithmetic = json.at("arithmetic");
  run.arithmetic = {arithmetic.at("kernels").get<std::string>(),
                    arithmetic.at("numerics_version").get<std::int32_t>(),
                    arithmetic.at("build").get<std::string>()};
  if (const OrderedJson& model = json.at("model"); !model.is_null())
    run.model = {model.at("id").get<std::string>(), model.at("version").get<std::string>(),
                 model.at("trained_at").get<std::string>(), text_of(model.at("manifest_sha256"))};
  run.degraded = text_of(json.at("degraded"));
  for (const auto& [name, path] : json.at("sources").items()) run.sources[name] = path.get<std::string>();
  run.as_of = day_of(json.at("as_of"));
  run.today = day_of(json.at("today"));
  run.newest_reading = day_of(json.at("newest_reading"));
  run.settings = parse_site_settings(json.at("settings").dump(), "settings");
  // Absent in records of programs that had neither.
  run.draws = json.value("samples", 0);
  run.draw_seed = json.value("sample_seed", std::uint64_t{0});
  run.attributions = json.value("attributions", false);
  run.answers = json.at("answers").get<std::uint64_t>();
  return run;
}

}  // namespace

std::string audit_run_json(const AuditRun& run) {
  OrderedJson model = nullptr;
  if (run.model)
    model = {{"id", run.model->id},
             {"version", run.model->version},
             {"trained_at", run.model->trained_at},
             {"manifest_sha256", text_or_null(run.model->manifest_sha256)}};
  const OrderedJson json{{"time", run.time},
                         {"who", run.who},
                         {"program_version", run.program_version},
                         {"answers", run.answers},
                         {"model", std::move(model)},
                         {"degraded", text_or_null(run.degraded)},
                         {"arithmetic",
                          {{"kernels", run.arithmetic.kernels},
                           {"numerics_version", run.arithmetic.numerics_version},
                           {"build", run.arithmetic.build}}},
                         {"sources", fields_to_json(run.sources)},
                         {"as_of", day_or_null(run.as_of)},
                         {"today", day_or_null(run.today)},
                         {"newest_reading", day_or_null(run.newest_reading)},
                         {"settings", fields_to_json(run.settings)},
                         {"samples", run.draws},
                         {"sample_seed", run.draw_seed},
                         {"attributions", run.attributions}};
  return ascii_json(json);
}

AuditRun parse_audit_run(std::string_view json, const std::string& source) {
  return read_json(json, source, run_of);
}

std::string audit_answer_json(const AuditInput& input, const stope::Assessment& answer) {
  const std::string text = ascii_json(input_json(input));
  return R"({"position":)" + std::to_string(input.position) + R"(,"input":)" + text + R"(,"input_sha256":")" +
         to_hexadecimal(sha256(text)) + R"(","answer":)" + ascii_json(assessment_to_json(answer)) +
         R"(,"bits":)" + ascii_json(bits_json(answer)) + "}";
}

AuditInput parse_audit_input(std::string_view answer_json, const std::string& source) {
  return read_json(answer_json, source, [](const OrderedJson& answer) {
    const OrderedJson& json = answer.at("input");
    AuditInput input;
    input.position = answer.at("position").get<std::uint64_t>();
    input.stope_name = json.at("stope_name").get<std::string>();
    read_statics(json.at("statics"), input);
    input.readings = series_of(json.at("readings"));
    for (const OrderedJson& issue : json.at("issues"))
      input.issues.push_back(issue_of(issue, input.stope_name));
    // Written again, it must be the text that was hashed: nothing was lost or rounded on the way.
    if (to_hexadecimal(sha256(ascii_json(input_json(input)))) != answer.at("input_sha256").get<std::string>())
      refuse("the input does not have the hash that stands beside it");
    return input;
  });
}

std::string audit_failure_json(const AuditFailure& failure) {
  const OrderedJson json{{"time", failure.time},
                         {"who", failure.who},
                         {"program_version", failure.program_version},
                         {"sources", fields_to_json(failure.sources)},
                         {"message", failure.message}};
  return ascii_json(json);
}

}  // namespace deepmine::io
