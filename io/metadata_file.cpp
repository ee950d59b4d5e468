#include "io/metadata_file.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/nn/error.h"
#include "io/field_json.h"
#include "io/sha256.h"
#include "io/stored_enumerations.h"

namespace deepmine::io {

namespace {

/// Whether a text looks like `pattern`, where 0 stands for any digit.
bool matches(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char found, char expected) {
    return expected == '0' ? found >= '0' && found <= '9' : found == expected;
  });
}

bool is_fraction(double value) {
  return value >= 0 && value < 1;
}

std::string check_split(const SplitSummary& split) {
  if (split.method != "stope" && split.method != "forward" && split.method != "random")
    return "split method '" + split.method + "', expected stope, forward or random";
  if (!is_fraction(split.validation_fraction) || !is_fraction(split.test_fraction))
    return "a fraction of the split is not in [0, 1)";
  std::set<std::string_view> seen;
  for (const auto* part : {&split.training_stopes, &split.validation_stopes, &split.test_stopes}) {
    if (split.method != "stope") seen.clear();
    for (const std::string& name : *part)
      if (!seen.insert(name).second)
        return "stope '" + name + "' stands twice in the split; its windows would be on both sides";
  }
  return {};
}

std::string check_counts(const ModelMetadata& metadata) {
  const DataSummary& data = metadata.data;
  for (const std::int64_t count :
       {data.static_rows, data.timeseries_rows, data.windows, metadata.total_parameters,
        metadata.trainable_parameters, std::int64_t{metadata.epochs_run}})
    if (count < 0) return "a count is " + std::to_string(count) + ", expected 0 or more";
  if (metadata.trainable_parameters > metadata.total_parameters)
    return "more trainable parameters than parameters";
  if (metadata.best_epoch < 0 || metadata.best_epoch > metadata.epochs_run)
    return "best epoch " + std::to_string(metadata.best_epoch) + " of " + std::to_string(metadata.epochs_run);
  if (!(metadata.duration_seconds >= 0) || std::isinf(metadata.duration_seconds))
    return "a duration that is no time";
  return {};
}

}  // namespace

std::string check_metadata(const ModelMetadata& metadata) {
  if (metadata.model_id != to_hexadecimal(metadata.run_id))
    return "model id '" + metadata.model_id + "', expected that of its run, " +
           to_hexadecimal(metadata.run_id);
  if (metadata.sequence == 0) return "no sequence number";
  if (!matches(metadata.created_at, "0000-00-00T00:00:00Z"))
    return "created at '" + metadata.created_at + "', expected a time such as 2024-03-30T12:00:00Z";
  if (std::string problem = check_split(metadata.split); !problem.empty()) return problem;
  if (std::string problem = train::problem_with(metadata.plan); !problem.empty()) return problem;
  return check_counts(metadata);
}

std::string write_metadata_file(const ModelMetadata& metadata) {
  if (const std::string problem = check_metadata(metadata); !problem.empty())
    throw Error(ErrorCode::failure, "this metadata can't be saved: " + problem);
  return make_frame(FrameKind::metadata, metadata_schema_version, metadata.run_id, encode(metadata));
}

ModelMetadata parse_metadata_file(std::string_view bytes, const std::string& source) {
  const Frame frame = parse_frame(bytes, FrameKind::metadata, metadata_schema_version, source);
  auto metadata = decode<ModelMetadata>(frame.payload, source);
  metadata.run_id = frame.run_id;
  if (const std::string problem = check_metadata(metadata); !problem.empty())
    throw Error(ErrorCode::model_damaged, source + ": " + problem);
  return metadata;
}

std::string metadata_json(const ModelMetadata& metadata) {
  OrderedJson json;
  json["schema_version"] = metadata_schema_version;
  json.update(fields_to_json(metadata));
  return json_text(json);
}

}  // namespace deepmine::io
