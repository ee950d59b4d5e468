#include <doctest/doctest.h>

#include <algorithm>

#include "lifecycle/clock.h"
#include "lifecycle/health.h"
#include "tests/lifecycle/published_model.h"
#include "tests/lifecycle/two_models.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

HealthReport health_of(const ModelStore& store, std::optional<DataHealth> data = {},
                       const HealthLimits& limits = {}) {
  Service service(store);
  return check_health(service, std::move(data), limits);
}

bool advises(const HealthReport& report, const std::string& code) {
  return std::any_of(report.advice.begin(), report.advice.end(),
                     [&](const HealthAdvice& advice) { return advice.code == code; });
}

DataHealth good_data() {
  DataHealth data;
  data.stopes = 200;
  data.stable = 150;
  data.unstable = 50;
  data.windows = 5000;
  return data;
}

}  // namespace

TEST_CASE("a sound model in service is healthy, with nothing to do but get more stopes") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  const HealthReport report = health_of(store, good_data());
  CHECK(report.state == HealthState::healthy);
  CHECK(report.reason.empty());
  CHECK(report.origin == AnswerOrigin::model_in_service);
  REQUIRE(report.model.has_value());
  CHECK(report.model->id == model_number(0).metadata.model_id);
  CHECK(report.model->version == 1);
  CHECK(report.model->verified == Verified::bit_for_bit);
  CHECK(report.model->test_cases == 8);
  CHECK(report.model->age_days.value() >= 0);
  CHECK(report.model->age_days.value() < 1);
  CHECK(report.versions == 1);
  CHECK(report.trainer.empty());
  REQUIRE(report.disk.has_value());
  CHECK(report.disk->total_bytes >= report.disk->free_bytes);
  CHECK(report.advice.empty());
}

TEST_CASE("a service that runs is checked again and again: what is in memory gives its answers") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store);
  CHECK(check_health(service).state == HealthState::healthy);
  CHECK(check_health(service).state == HealthState::healthy);
  CHECK(service.loads() == 1);
  // Something in memory is not what it was.
  const std::vector<float>& series = service.current()->model->components().test_cases.inputs[0].series;
  const_cast<float&>(series[0]) += 1;
  const HealthReport broken = check_health(service);
  CHECK(broken.state == HealthState::unavailable);
  CHECK(broken.reason.find("no longer gives its own answers: test case 1") != std::string::npos);
  CHECK(broken.model->verified == Verified::not_verified);
  CHECK(advises(broken, "restart"));
}

TEST_CASE(
    "an older model, no model, a damaged one: degraded or unavailable, with the reason and what to do") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  const HealthReport nothing = health_of(store);
  CHECK(nothing.state == HealthState::unavailable);
  CHECK(nothing.origin == AnswerOrigin::rule_set);
  CHECK(nothing.reason.find("there is no model") != std::string::npos);
  CHECK(!nothing.model);
  CHECK(nothing.disk.has_value());  // of the folder above
  CHECK(advises(nothing, "train"));
  CHECK(!std::filesystem::exists(store.root()));

  publish_model_number(store, 0);
  publish_model_number(store, 1);
  damage_version(store, 2);
  const HealthReport degraded = health_of(store);
  CHECK(degraded.state == HealthState::degraded);
  CHECK(degraded.origin == AnswerOrigin::older_model);
  CHECK(degraded.model.value().version == 1);
  CHECK(degraded.reason.find("version 1 answers in place of the model in service") != std::string::npos);
  CHECK(advises(degraded, "mend"));

  damage_version(store, 1);
  const HealthReport damaged = health_of(store);
  CHECK(damaged.state == HealthState::unavailable);
  CHECK(damaged.origin == AnswerOrigin::rule_set);
  CHECK(advises(damaged, "mend"));
  CHECK(!advises(damaged, "train"));
}

TEST_CASE("the data: unusable is degraded, what a training would miss is an advice") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  DataHealth bad = good_data();
  bad.problem = "static.csv: a column is missing";
  const HealthReport unusable = health_of(store, bad);
  CHECK(unusable.state == HealthState::degraded);
  CHECK(unusable.reason.find("a column is missing") != std::string::npos);
  const auto advice_on = [&](auto change) {
    DataHealth data = good_data();
    change(data);
    const HealthReport report = health_of(store, data);
    CHECK(report.state == HealthState::healthy);
    return report.advice.empty() ? std::string() : report.advice.back().code;
  };
  CHECK(advice_on([](DataHealth&) {}).empty());
  CHECK(advice_on([](DataHealth& data) { data.windows = 0; }) == "data_windows");
  CHECK(advice_on([](DataHealth& data) { data.unstable = 0; }) == "data_labels");
  CHECK(advice_on([](DataHealth& data) { data.stable = 0; }) == "data_labels");
  CHECK(advice_on([](DataHealth& data) { data.stopes = 149; }) == "data_thin");
  CHECK(advice_on([](DataHealth& data) { data.rejected = 1; }) == "data");
}

TEST_CASE("without data the model's own stopes are judged; a model no better than chance is never praised") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  SavedModel model = model_number(0);
  publish_model(store, model);
  CHECK(advises(health_of(store), "model_thin"));
  CHECK(!advises(health_of(store, good_data()), "model_thin"));
  CHECK(!advises(health_of(store), "no_better_than_chance"));
  for (const double accuracy : {0.51, 0.5, 0.385}) {
    model.metadata.metrics["test"]["current"]["balanced_accuracy"] = accuracy;
    publish_model(store, model);
    CHECK(advises(health_of(store), "no_better_than_chance") == (accuracy <= 0.5));
  }
}

TEST_CASE("age, clock, disk, log, rejected versions and interrupted runs") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  const auto publish_made_at = [&](const std::string& time) {
    SavedModel model = model_number(0);
    StoreWriter writer = store.lock_for_writing();
    model.metadata.sequence = writer.next_sequence();
    model.metadata.created_at = time;
    writer.publish(saved_model_files(model, ""));
  };
  publish_made_at("2020-01-01T00:00:00Z");
  const HealthReport old = health_of(store);
  CHECK(old.state == HealthState::healthy);
  CHECK(old.model->age_days.value() > 365);
  CHECK(advises(old, "old_model"));
  CHECK(!advises(health_of(store, {}, {.oldest_days = 1e6}), "old_model"));
  publish_made_at("9000-01-01T00:00:00Z");
  CHECK(advises(health_of(store), "clock"));

  CHECK(advises(health_of(store, {}, {.least_free = ~std::uint64_t{0}}), "disk"));
  CHECK(!advises(health_of(store, {}, {.least_free = 0}), "disk"));

  SavedModel worse = model_number(1);
  worse.metadata.sequence = 3;
  store.lock_for_writing().publish(saved_model_files(worse, ""),
                                   {.check = {}, .rejection = "worse", .reason = {}});
  const HealthReport rejected = health_of(store);
  CHECK(rejected.versions == 3);
  CHECK(rejected.rejected_versions == 1);
  CHECK(advises(rejected, "rejected"));

  flip_bit(store.root() / "EVENTS.log", 30);
  CHECK(advises(health_of(store), "event_log"));

  const TrainingOutcome interrupted = interrupt_after(3, tiny_request(store.root()));
  const HealthReport resumable = health_of(store);
  CHECK(resumable.resumable == std::vector<std::string>{interrupted.run});
  CHECK(advises(resumable, "resume"));
  const StoreLock training = store.lock_for_training();
  const HealthReport busy = health_of(store);
  CHECK(busy.trainer.starts_with("process "));
  CHECK(!advises(busy, "resume"));
}

TEST_CASE("times are read as they are written, and nothing else is a time") {
  CHECK(utc_seconds("1970-01-01T00:00:00Z") == 0);
  CHECK(utc_seconds("2024-02-29T12:00:01Z") == 1709208001);
  CHECK(utc_seconds(utc_timestamp()).has_value());
  for (const char* text : {"", "2023-02-29T00:00:00Z", "2024-03-30", "2024-03-30T12:00:00", "x",
                           " 2024-03-30T12:00:00Z", "2024-03-30T12:00:00Zz"})
    CHECK_MESSAGE(!utc_seconds(text), text);
}
