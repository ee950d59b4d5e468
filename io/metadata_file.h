// Where a model comes from and how good it is: the record that is kept with it for as long as it exists, in
// binary and as JSON for people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/train/training_plan.h"
#include "io/frame.h"

namespace deepmine::io {

inline constexpr std::uint32_t metadata_schema_version = 1;

/// The data that a model was trained on.
struct DataSummary {
  std::string sha256;  ///< of both files, hexadecimal
  std::int64_t static_rows = 0, timeseries_rows = 0;
  std::int64_t windows = 0;  ///< that training, validation and test were cut from

  bool operator==(const DataSummary&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("sha256", self.sha256);
    visit("static_rows", self.static_rows);
    visit("timeseries_rows", self.timeseries_rows);
    visit("windows", self.windows);
  }
};

/// Who was on which side. With `forward` and `random` a stope may stand in several lists.
struct SplitSummary {
  std::string method = "stope";  ///< stope, forward, random
  double validation_fraction = 0, test_fraction = 0;
  std::vector<std::string> training_stopes, validation_stopes, test_stopes;

  bool operator==(const SplitSummary&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("method", self.method);
    visit("validation_fraction", self.validation_fraction);
    visit("test_fraction", self.test_fraction);
    visit("training_stopes", self.training_stopes);
    visit("validation_stopes", self.validation_stopes);
    visit("test_stopes", self.test_stopes);
  }
};

/// split (`training`, `validation`, `test`) → head (`current`, `future_1d`, ...) → metric → value. NaN: could
/// not be computed, for example an area under the curve where there is one class only.
using MetricTable = std::map<std::string, std::map<std::string, std::map<std::string, double>>>;

struct ModelMetadata {
  RunId run_id{};  ///< in the frame's header; model_id is the same in hexadecimal
  std::string model_id;
  std::uint64_t sequence = 0;  ///< of the version in the store
  std::string created_at;      ///< UTC, `2024-03-30T12:00:00Z`
  std::string program_version;
  DataSummary data;
  SplitSummary split;
  train::TrainingPlan plan;  ///< with the seed
  std::int64_t total_parameters = 0, trainable_parameters = 0;
  std::int32_t epochs_run = 0, best_epoch = 0;  ///< epochs count from 1
  double duration_seconds = 0;
  MetricTable metrics;  ///< of the network
  std::map<std::string, MetricTable>
      baselines;  ///< `majority`, `logistic`, …: the same for what needs no network

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("model_id", self.model_id);
    visit("sequence", self.sequence);
    visit("created_at", self.created_at);
    visit("program_version", self.program_version);
    visit("data", self.data);
    visit("split", self.split);
    visit("plan", self.plan);
    visit("total_parameters", self.total_parameters);
    visit("trainable_parameters", self.trainable_parameters);
    visit("epochs_run", self.epochs_run);
    visit("best_epoch", self.best_epoch);
    visit("duration_seconds", self.duration_seconds);
    visit("metrics", self.metrics);
    visit("baselines", self.baselines);
  }
};

/// What is wrong with the metadata, in words, or nothing.
std::string check_metadata(const ModelMetadata& metadata);

/// The bytes of the file. Throws Error{failure} if check_metadata() finds something.
std::string write_metadata_file(const ModelMetadata& metadata);
/// Reads what write_metadata_file() made. Throws Error{model_damaged} that names `source` for anything else.
ModelMetadata parse_metadata_file(std::string_view bytes, const std::string& source);

/// The same as readable JSON: `schema_version`, then the fields of ModelMetadata. NaN becomes null.
std::string metadata_json(const ModelMetadata& metadata);

}  // namespace deepmine::io
