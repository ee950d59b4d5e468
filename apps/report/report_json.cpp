#include <fmt/format.h>

#include <cmath>

#include "apps/drift_text.h"
#include "apps/report/page.h"
#include "apps/report/sections.h"
#include "io/assessment_json.h"
#include "io/field_json.h"

namespace deepmine::apps::report {
namespace {

using io::fields_to_json;
using io::OrderedJson;

/// Five digits: what a plot can show, and a third of the bytes.
OrderedJson short_numbers(const std::vector<double>& values) {
  OrderedJson json = OrderedJson::array();
  for (const double value : values)
    json.push_back(std::isfinite(value) ? OrderedJson(std::stod(fmt::format("{:.5g}", value)))
                                        : OrderedJson(nullptr));
  return json;
}

OrderedJson stope_json(const lifecycle::ReportStope& stope) {
  OrderedJson json;
  json["name"] = stope.name;
  json["part"] = stope.part.empty() ? OrderedJson(nullptr) : OrderedJson(stope.part);
  json["recorded_as_stable"] = fields_to_json(stope.stable);
  json["assessment"] = io::assessment_to_json(stope.assessment);
  const lifecycle::StopePast& past = stope.past;
  OrderedJson& shown = json["past"];
  shown["first_day"] =
      past.instability.empty() ? OrderedJson(nullptr) : OrderedJson(stope::format_day(past.first_day));
  shown["instability_probability"] = short_numbers(past.instability);
  shown["next_level"] = OrderedJson::array();
  for (const std::int8_t level : past.next_level)
    shown["next_level"].push_back(level == stope::masked ? OrderedJson(nullptr) : OrderedJson(int(level)));
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    shown[std::string(stope::sensor_columns[sensor].name)] = short_numbers(past.sensors[sensor]);
  return json;
}

}  // namespace

std::string report_json(const lifecycle::Report& report, std::size_t most_stopes) {
  OrderedJson json;
  json["schema_version"] = 1;
  json["created_at"] = report.created_at;
  json["program_version"] = report.program_version;
  json["model"] = fields_to_json(report.metadata);
  json["network"] = fields_to_json(report.network);
  json["epochs"] = fields_to_json(report.epochs);
  json["evaluation"] =
      report.evaluation ? OrderedJson::parse(io::evaluation_json(*report.evaluation)) : OrderedJson(nullptr);
  json["figures"] = fields_to_json(report.figures);
  json["data"] = report.has_data ? OrderedJson(io::to_json(report.data)) : OrderedJson(nullptr);
  json["drift"] = report.has_data ? drift_json(report.drift) : OrderedJson(nullptr);
  const stope::ResponsePlan& plan = report.settings.response_plan;
  json["response_plan"] = plan.in_use() ? fields_to_json(plan) : OrderedJson(nullptr);
  json["stopes_of_data"] = report.stopes.size();
  json["stopes"] = OrderedJson::array();
  for (const lifecycle::ReportStope* stope : shown_stopes(report, most_stopes).stopes)
    json["stopes"].push_back(stope_json(*stope));
  return io::ascii_json(json);
}

}  // namespace deepmine::apps::report
