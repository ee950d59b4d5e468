#include "lifecycle/health_json.h"

#include "io/field_json.h"

namespace deepmine::lifecycle {
namespace {

io::OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(text);
}

io::OrderedJson model_json(const ModelHealth& model) {
  return {{"id", model.id},
          {"version", model.version},
          {"trained_at", model.created_at},
          {"age_days", model.age_days ? io::OrderedJson(*model.age_days) : io::OrderedJson(nullptr)},
          {"training_stopes", model.training_stopes},
          {"test_cases", model.test_cases},
          {"replay", name(model.verified)}};
}

io::OrderedJson data_json(const DataHealth& data) {
  return {{"usable", data.problem.empty()},
          {"problem", text_or_null(data.problem)},
          {"stopes", data.stopes},
          {"rejected", data.rejected},
          {"labelled_stable", data.stable},
          {"labelled_unstable", data.unstable},
          {"unlabelled", data.unlabelled},
          {"windows", data.windows},
          {"first_day", text_or_null(data.first_day)},
          {"last_day", text_or_null(data.last_day)}};
}

}  // namespace

std::string health_json(const HealthReport& report, const std::string& store) {
  io::OrderedJson json;
  json["schema_version"] = 1;
  json["state"] = name(report.state);
  json["reason"] = text_or_null(report.reason);
  json["store"] = store;
  json["answers_from"] = name(report.origin);
  json["model"] = report.model ? model_json(*report.model) : io::OrderedJson(nullptr);
  json["versions"] = {{"stored", report.versions}, {"rejected", report.rejected_versions}};
  json["training"] = {{"running", text_or_null(report.trainer)}, {"resumable_runs", report.resumable}};
  json["data"] = report.data ? data_json(*report.data) : io::OrderedJson(nullptr);
  json["disk"] = nullptr;
  if (report.disk)
    json["disk"] = {{"free_bytes", report.disk->free_bytes}, {"total_bytes", report.disk->total_bytes}};
  json["recommendations"] = io::OrderedJson::array();
  for (const HealthAdvice& advice : report.advice)
    json["recommendations"].push_back({{"code", advice.code}, {"message", advice.message}});
  return io::json_text(json);
}

}  // namespace deepmine::lifecycle
