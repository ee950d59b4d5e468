#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/metadata_file.h"
#include "io/stored_enumerations.h"
#include "tests/io/damage.h"
#include "tests/io/expect_error.h"
#include "tests/io/sample_model.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

TEST_CASE("metadata come back bit for bit, NaN too") {
  const std::string bytes = write_metadata_file(sample_metadata());
  const ModelMetadata again = parse_metadata_file(bytes, "metadata");
  CHECK(again.run_id == sample_run_id);
  CHECK(again.model_id == sample_metadata().model_id);
  CHECK(again.split == sample_metadata().split);
  CHECK(again.plan == sample_metadata().plan);
  CHECK(again.data == sample_metadata().data);
  CHECK(again.metrics.at("test").at("current").at("accuracy") == 0.9);
  CHECK(std::isnan(again.metrics.at("test").at("current").at("roc_auc")));
  CHECK(write_metadata_file(again) == bytes);
}

TEST_CASE("all damage to a metadata file is refused") {
  check_that_all_damage_is_refused(write_metadata_file(sample_metadata()),
                                   [](std::string_view bytes) { parse_metadata_file(bytes, "metadata"); });
}

TEST_CASE("metadata that make no sense are neither saved nor read") {
  struct Wrong {
    std::string message;
    void (*change)(ModelMetadata&);
  };
  const Wrong all[] = {
      {"model id", [](ModelMetadata& m) { m.model_id = "another"; }},
      {"sequence", [](ModelMetadata& m) { m.sequence = 0; }},
      {"created at", [](ModelMetadata& m) { m.created_at = "30.3.2024"; }},
      {"split method 'stopes'", [](ModelMetadata& m) { m.split.method = "stopes"; }},
      {"fraction", [](ModelMetadata& m) { m.split.test_fraction = std::nan(""); }},
      {"on both sides", [](ModelMetadata& m) { m.split.test_stopes = {"A"}; }},
      {"stands twice",
       [](ModelMetadata& m) {
         m.split = {"forward", 0.2, 0.2, {"A", "A"}, {}, {}};
       }},
      {"batch_size", [](ModelMetadata& m) { m.plan.batch_size = 0; }},
      {"a count is -1", [](ModelMetadata& m) { m.data.windows = -1; }},
      {"more trainable", [](ModelMetadata& m) { m.total_parameters = 1; }},
      {"best epoch 41 of 40", [](ModelMetadata& m) { m.best_epoch = 41; }},
      {"duration", [](ModelMetadata& m) { m.duration_seconds = std::numeric_limits<double>::infinity(); }},
  };
  for (const Wrong& wrong : all) {
    CAPTURE(wrong.message);
    ModelMetadata metadata = sample_metadata();
    wrong.change(metadata);
    expect_error(ErrorCode::failure, wrong.message, [&] { (void)write_metadata_file(metadata); });
    const std::string bytes =
        make_frame(FrameKind::metadata, metadata_schema_version, sample_run_id, encode(metadata));
    expect_error(ErrorCode::model_damaged, wrong.message, [&] { parse_metadata_file(bytes, "metadata"); });
  }
  ModelMetadata forward = sample_metadata();
  forward.split.method = "forward";
  forward.split.test_stopes = {"A", "B"};  // the same stopes, later days
  CHECK(check_metadata(forward).empty());
}

TEST_CASE("a version 2 says that it is newer") {
  const std::string newer = make_frame(FrameKind::metadata, metadata_schema_version + 1, sample_run_id, "");
  expect_error(ErrorCode::model_damaged, "made by a newer version of deepmine",
               [&] { parse_metadata_file(newer, "metadata"); });
}

TEST_CASE("the JSON says the same, with null for what could not be computed") {
  ModelMetadata metadata = sample_metadata();
  metadata.split.training_stopes[1] = "broken \xff name";
  const std::string text = metadata_json(metadata);
  CHECK(text.starts_with(
      "{\n  \"schema_version\": 1,\n  \"model_id\": \"deadbeef0102030405060708090a0b0c\",\n"));
  CHECK(text.ends_with("}\n"));
  const nlohmann::json json = nlohmann::json::parse(text);
  CHECK(json["metrics"]["test"]["current"]["accuracy"] == 0.9);
  CHECK(json["metrics"]["test"]["current"]["roc_auc"].is_null());
  CHECK(json["split"]["training_stopes"][0] == "A");
  CHECK(json["split"]["method"] == "stope");
  CHECK(json["plan"]["class_weights"] == "none");
  CHECK(json["plan"]["seed"] == 7);
  CHECK(json["data"]["timeseries_rows"] == 4500);
  CHECK(json["duration_seconds"] == 12.5);
}
