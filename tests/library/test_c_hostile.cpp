// Calls that make no sense: every one is refused with a message, none prints, none crashes.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "tests/library/small_store.h"

using namespace deepmine::test;

namespace {

/// A service, a good case, and the result of trying it with something changed.
struct Trial {
  SmallStore store;
  dm_service* service = nullptr;
  dm::Case given = simulated_cases()[0];
  dm::detail::CaseView view{given};
  dm_error error = DM_ERROR_INIT;

  Trial() { REQUIRE(dm_open(store.path().c_str(), nullptr, &service, &error) == DM_OK); }
  ~Trial() { dm_close(service); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  dm_status predict(const dm_case& changed, std::size_t count = 1, const dm_request* request = nullptr,
                    std::int32_t threads = 1) {
    dm_answers* answers = reinterpret_cast<dm_answers*>(this);  // must be overwritten
    error = DM_ERROR_INIT;
    const dm_status status = dm_predict(service, &changed, count, request, threads, &answers, &error);
    CHECK((answers != nullptr) == (status == DM_OK));
    CHECK(error.status == status);
    CHECK((std::strlen(error.message) > 0) == (status != DM_OK));
    dm_free_answers(answers);
    return status;
  }
  bool says(const char* part) const { return std::strstr(error.message, part) != nullptr; }
};

}  // namespace

TEST_CASE("the good case is answered") {
  Trial trial;
  CHECK(trial.predict(trial.view.get()) == DM_OK);
}

TEST_CASE("NULL where something must be is refused by name") {
  Trial trial;
  dm_service* service = nullptr;
  dm_answers* answers = nullptr;
  char* text = nullptr;
  dm_model model = DM_MODEL_INIT;
  const dm_case good = trial.view.get();
  dm_error* const e = &trial.error;
  CHECK(dm_open(nullptr, nullptr, &service, e) == DM_USAGE);
  CHECK(trial.says("store is NULL"));
  CHECK(dm_open("", nullptr, &service, e) == DM_USAGE);
  CHECK(dm_open("m", nullptr, nullptr, e) == DM_USAGE);
  CHECK(dm_current_model(nullptr, &model, e) == DM_USAGE);
  CHECK(dm_current_model(trial.service, nullptr, e) == DM_USAGE);
  CHECK(dm_refresh(nullptr, nullptr, e) == DM_USAGE);
  CHECK(dm_refresh(trial.service, nullptr, e) == DM_OK);
  CHECK(dm_model_json(nullptr, &text, e) == DM_USAGE);
  CHECK(dm_model_json(trial.service, nullptr, e) == DM_USAGE);
  CHECK(dm_check_health(nullptr, nullptr, &text, e) == DM_USAGE);
  CHECK(dm_check_health(trial.service, nullptr, nullptr, e) == DM_OK);
  CHECK(dm_predict(nullptr, &good, 1, nullptr, 1, &answers, e) == DM_USAGE);
  CHECK(dm_predict(trial.service, nullptr, 1, nullptr, 1, &answers, e) == DM_USAGE);
  CHECK(trial.says("cases is NULL"));
  CHECK(dm_predict(trial.service, &good, 1, nullptr, 1, nullptr, e) == DM_USAGE);
  CHECK(dm_answer_json(nullptr, 0, &text, e) == DM_USAGE);
  CHECK(dm_answers_json(nullptr, &text, e) == DM_USAGE);
  CHECK(dm_predict_json(nullptr, "{}", 2, nullptr, 1, &text, e) == DM_USAGE);
  CHECK(dm_predict_json(trial.service, nullptr, 0, nullptr, 1, &text, e) == DM_USAGE);
  CHECK(dm_predict_json(trial.service, "{}", 2, nullptr, 1, nullptr, e) == DM_USAGE);
  CHECK(dm_predict(nullptr, nullptr, 0, nullptr, 1, nullptr, nullptr) == DM_USAGE);
  CHECK(text == nullptr);
  CHECK(dm_answer_count(nullptr) == 0);
  CHECK(dm_get_answer(nullptr, 0) == nullptr);
  dm_close(nullptr);
  dm_free_answers(nullptr);
  dm_free_text(nullptr);
}

TEST_CASE("sizes of structures: older and newer ones are read, others refused") {
  Trial trial;
  dm_case changed = trial.view.get();
  for (const std::size_t size : {std::size_t{0}, std::size_t{8}, sizeof(dm_case) - 1, std::size_t{4097},
                                 std::numeric_limits<std::size_t>::max()}) {
    changed.size = size;
    CHECK(trial.predict(changed) == DM_USAGE);
    CHECK(trial.says("dm_case->size is"));
  }
  struct NewerCase {
    dm_case known;
    double later;
  };
  NewerCase newer[2] = {{trial.view.get(), 0}, {trial.view.get(), 0}};
  dm::Case other = trial.given;
  other.stope_name = "another one";
  const dm::detail::CaseView other_view(other);
  newer[1].known = other_view.get();
  newer[0].known.size = newer[1].known.size = sizeof(NewerCase);
  CHECK(trial.predict(newer[0].known, 2) == DM_OK);
  newer[1].later = 1;
  CHECK(trial.predict(newer[0].known, 2) == DM_USAGE);
  CHECK(trial.says("use a newer library"));
  newer[1].later = 0;
  newer[1].known.size = sizeof(dm_case);
  CHECK(trial.predict(newer[0].known, 2) == DM_USAGE);

  // As the first version of the header had it: what was added since is not read.
  dm_request oldest = DM_REQUEST_INIT;
  oldest.samples = -5;
  oldest.coverage = 7;
  oldest.size = 40;
  CHECK(trial.predict(trial.view.get(), 1, &oldest) == DM_OK);
  oldest.size = 48;  // ends behind `coverage`
  CHECK(trial.predict(trial.view.get(), 1, &oldest) == DM_USAGE);
  CHECK(trial.says("coverage is 7"));
  oldest.coverage = 0;
  CHECK(trial.predict(trial.view.get(), 1, &oldest) == DM_OK);
  oldest.size = 39;
  CHECK(trial.predict(trial.view.get(), 1, &oldest) == DM_USAGE);
  CHECK(trial.says("dm_request->size is 39"));

  struct NewerModel {
    dm_model known;
    char later[16];
  } model{};
  std::memset(&model, 'x', sizeof model);
  model.known.size = sizeof model;
  CHECK(dm_current_model(trial.service, &model.known, nullptr) == DM_OK);
  CHECK(model.known.size == sizeof model);
  CHECK(model.known.version == 1);
  CHECK(model.later[0] == 0);
  CHECK(model.later[15] == 0);
  model.known.size = 12;
  CHECK(dm_current_model(trial.service, &model.known, nullptr) == DM_USAGE);
}

TEST_CASE("an error is written as far as there is room, whole characters only") {
  struct {
    std::size_t size;
    dm_status status;
    char message[19];
    char beyond[8];
  } small{};
  std::memset(&small, 'x', sizeof small);
  small.size = offsetof(dm_error, message) + sizeof small.message;
  auto* const error = reinterpret_cast<dm_error*>(&small);
  Trial trial;
  dm_request request = DM_REQUEST_INIT;
  request.as_of = "höhöhöhöhöhöhöhöhöhö";
  dm_answers* answers = nullptr;
  const dm_case good = trial.view.get();
  CHECK(dm_predict(trial.service, &good, 1, &request, 1, &answers, error) == DM_USAGE);
  CHECK(small.status == DM_USAGE);
  CHECK(std::string(small.message) == "as_of is 'höhöh");
  CHECK(std::string(small.beyond, 8) == "xxxxxxxx");
  for (const std::size_t size : {std::size_t{0}, std::size_t{12}, std::numeric_limits<std::size_t>::max()}) {
    small.size = size;
    small.status = 77;
    CHECK(dm_predict(trial.service, &good, 1, &request, 1, &answers, error) == DM_USAGE);
    CHECK(small.status == 77);
  }
}

TEST_CASE("names, lists and counts that can't be right") {
  Trial trial;
  const dm_case good = trial.view.get();
  const auto refused = [&](const std::function<void(dm_case&)>& change, const char* part) {
    CAPTURE(part);
    dm_case changed = good;
    change(changed);
    CHECK(trial.predict(changed) == DM_USAGE);
    CAPTURE(trial.error.message);
    CHECK(trial.says(part));
  };
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  refused([](dm_case& c) { c.stope_name = nullptr; }, "stope_name is NULL");
  refused([](dm_case& c) { c.stope_name = ""; }, "is empty");
  refused([](dm_case& c) { c.stope_name = " A"; }, "begins or ends with a blank");
  refused([](dm_case& c) { c.stope_name = "A\n"; }, "invisible characters");
  refused([](dm_case& c) { c.stope_name = "A\xff"; }, "no valid UTF-8");
  refused([](dm_case& c) { c.numbers = nullptr; }, "numbers is NULL");
  refused([&](dm_case& c) { c.number_count = huge; }, "at most 1000");
  refused([](dm_case& c) { c.categories = nullptr; }, "categories is NULL");
  refused([&](dm_case& c) { c.category_count = huge; }, "at most 1000");
  refused([](dm_case& c) { c.series = nullptr; }, "series is NULL");
  refused([&](dm_case& c) { c.series_count = huge; }, "at most 5");
  refused([](dm_case& c) { c.series_count = 4; }, "humidity is not there");
  refused([&](dm_case& c) { c.reading_count = huge; }, "at most 1000000");
  refused([](dm_case& c) { c.reading_count = 1'000'001; }, "at most 1000000");
  refused([](dm_case& c) { c.timestamps = nullptr; }, "either timestamps or microseconds");
  const std::int64_t time = 0;
  refused([&](dm_case& c) { c.microseconds = &time; }, "either timestamps or microseconds");
  const char* no_times[] = {nullptr};
  refused(
      [&](dm_case& c) {
        c.timestamps = no_times;
        c.reading_count = 1;
      },
      "timestamps[0] is NULL");
  const dm_number twice[] = {{"rqd", 50}, {"rqd", 60}}, unknown[] = {{"rpd", 50}},
                  nameless[] = {{nullptr, 1}}, label[] = {{"direction", 1}};
  refused([&](dm_case& c) { c.numbers = twice, c.number_count = 2; }, "rqd stands twice");
  refused([&](dm_case& c) { c.numbers = unknown, c.number_count = 1; },
          "'rpd' is no such static input; known");
  refused([&](dm_case& c) { c.numbers = nameless, c.number_count = 1; }, "numbers[0].name is NULL");
  refused([&](dm_case& c) { c.numbers = label, c.number_count = 1; }, "'direction' is no such");
  const dm_category bytes[] = {{"rock_type", "Gran\xc3"}}, valueless[] = {{"rock_type", nullptr}};
  refused([&](dm_case& c) { c.categories = bytes, c.category_count = 1; }, "rock_type is no valid UTF-8");
  refused([&](dm_case& c) { c.categories = valueless, c.category_count = 1; }, "categories[0].value is NULL");
  const double values[64] = {};
  const dm_series odd[] = {{"stress", values}, {"stress", values}}, strange[] = {{"noise", values}},
                  empty[] = {{"stress", nullptr}};
  refused([&](dm_case& c) { c.series = odd, c.series_count = 2; }, "stress stands twice");
  refused([&](dm_case& c) { c.series = strange, c.series_count = 1; }, "'noise' is no sensor");
  refused([&](dm_case& c) { c.series = empty, c.series_count = 1; }, "values is NULL");
  CHECK(trial.predict(good, huge) == DM_USAGE);
  CHECK(trial.predict(good, 1'000'001) == DM_USAGE);
  const dm_case both[] = {good, good};
  CHECK(trial.predict(both[0], 2) == DM_USAGE);
  CHECK(trial.says("is that of case 0, too"));
}

TEST_CASE("numbers that are none reject the case, and requests that make no sense the call") {
  Trial trial;
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {infinity, -infinity, 1e300, -1e300, std::nan(""), 101.0, -0.001}) {
    dm::Case changed = trial.given;
    changed.rqd = value;
    const dm::detail::CaseView view(changed);
    dm_case given = view.get();
    dm_answers* answers = nullptr;
    REQUIRE(dm_predict(trial.service, &given, 1, nullptr, 1, &answers, nullptr) == DM_OK);
    CHECK(dm_get_answer(answers, 0)->status == DM_ANSWER_REJECTED);
    CHECK(dm_get_answer(answers, 0)->stable == DM_UNKNOWN);
    dm_free_answers(answers);
  }
  for (const double value : {infinity, -infinity, 1e300, 501.0, -0.001}) {
    dm::Case changed = trial.given;
    changed.readings[3].vibration_velocity = value;
    const dm::detail::CaseView view(changed);
    dm_case given = view.get();
    dm_answers* answers = nullptr;
    REQUIRE(dm_predict(trial.service, &given, 1, nullptr, 1, &answers, nullptr) == DM_OK);
    CHECK(dm_get_answer(answers, 0)->status == DM_ANSWER_REJECTED);
    dm_free_answers(answers);
  }
  const dm_case good = trial.view.get();
  for (const std::int32_t threads : {0, -1, INT32_MIN, INT32_MAX})
    CHECK(trial.predict(good, 1, nullptr, threads) == DM_USAGE);
  for (const double threshold : {-0.5, 1.0, 2.0, infinity, std::nan("")}) {
    dm_request request = DM_REQUEST_INIT;
    request.threshold = threshold;
    CHECK(trial.predict(good, 1, &request) == DM_USAGE);
  }
  for (const double coverage :
       {-0.9, 0.49, 0.4999, 0.905, 1.0, 90.0, 1e-300, 1e300, infinity, -infinity, std::nan("")}) {
    CAPTURE(coverage);
    dm_request request = DM_REQUEST_INIT;
    request.coverage = coverage;
    CHECK(trial.predict(good, 1, &request) == DM_USAGE);
    CHECK(trial.says("expected whole hundredths from 0.50 to 0.99"));
  }
  for (const std::int32_t samples : {-1, 1, 10001, INT32_MIN, INT32_MAX}) {
    CAPTURE(samples);
    dm_request request = DM_REQUEST_INIT;
    request.samples = samples;
    CHECK(trial.predict(good, 1, &request) == DM_USAGE);
    CHECK(trial.says("expected 2 to 10000"));
  }
  for (const char* day : {"", "2024-02-30", "2024-3-1", "today", "\xff", "9999-01-01"}) {
    dm_request request = DM_REQUEST_INIT;
    request.as_of = day;
    CHECK(trial.predict(good, 1, &request) == DM_USAGE);
  }
  dm_request request = DM_REQUEST_INIT;
  request.timestamp = "\xc3\x28";
  CHECK(trial.predict(good, 1, &request) == DM_USAGE);
  for (const std::int64_t time : {std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max(), std::int64_t{-1}}) {
    std::vector<std::int64_t> times(trial.given.readings.size(), time);
    dm_case changed = good;
    changed.timestamps = nullptr;
    changed.microseconds = times.data();
    CHECK(trial.predict(changed) == DM_OK);
  }
}

TEST_CASE("JSON text that is no case is refused with its place") {
  Trial trial;
  const auto refused = [&](const std::string& text, const char* part) {
    CAPTURE(text);
    char* answer = nullptr;
    trial.error = DM_ERROR_INIT;
    CHECK(dm_predict_json(trial.service, text.data(), text.size(), nullptr, 1, &answer, &trial.error) ==
          DM_DATA_INVALID);
    CHECK(answer == nullptr);
    CAPTURE(trial.error.message);
    CHECK(trial.says(part));
  };
  refused("", "no JSON");
  refused("{", "no JSON");
  refused("[]", "the case: expected an object, found a list");
  refused("7", "expected an object, found a number");
  refused("{}", "stope_name is not there");
  refused(R"({"stope_name": "A"})", "statics is not there");
  refused(R"({"stope_name": "A", "stope_name": "B"})", "stope_name stands twice");
  refused(R"({"stope_name": 5})", "stope_name: expected a text, found a number");
  refused(R"({"stope_name": "A", "statics": []})", "statics: expected an object, found a list");
  refused(R"({"stope_name": "A", "statics": {"rqd": "75"}})", "statics.rqd: expected a number or null");
  refused(R"({"stope_name": "A", "statics": {"rqd": 7, "rqd": 7}})", "statics.rqd stands twice");
  refused(R"({"stope_name": "A", "statics": {"rqd": null, "rqd": 7}})", "statics.rqd stands twice");
  refused(R"({"stope_name": "A", "statics": {"rock_type": 7}})", "statics.rock_type: expected a text");
  refused(R"({"stope_name": "A", "statics": {"support_installed": "yes"}})", "expected true, false, 0 or 1");
  refused(R"({"stope_name": "A", "statics": {"rqd": {}}})", "statics.rqd: expected a number or null");
  refused(R"({"stope_name": "A", "readings": 4})", "readings: expected a list, found a number");
  refused(R"({"stope_name": "A", "readings": [4]})", "readings[0]: expected an object");
  refused(R"({"readings": [{"timestamp": "2024-01-01"}]})", "vibration_velocity is not there");
  refused(R"({"readings": [{"stress": 1, "stress": 2}]})", "readings[0].stress stands twice");
  refused(R"({"readings": [{"stress": "1"}]})", "readings[0].stress: expected a number or null");
  refused(R"({"as_of": "yesterday"})", "expected a day");
  refused(R"({"rqd": 1e999})", "no JSON");
  refused("{\"stope_name\": \"\xff\"}", "no JSON");
  refused(R"({"stope_name": "A\u0000"})", "no valid UTF-8");
  refused(std::string(100'000, '['), "expected an object");
  refused(R"({"x": )" + std::string(100'000, '[') + "}", "no JSON");
  refused(R"({"as_of": "9999-01-01", "stope_name": "A", "statics": {}, "readings": []})", "lies after today");
}

TEST_CASE("nothing of all this is printed") {
  Trial trial;
  const std::string printed = printed_while([&] {
    dm_case bad = trial.view.get();
    for (const double value : {0.0, 1e300}) {
      std::vector<double> values(trial.given.readings.size(), value);
      const dm_series series[] = {{"vibration_velocity", values.data()},
                                  {"deformation_rate", values.data()},
                                  {"stress", values.data()},
                                  {"temperature", values.data()},
                                  {"humidity", values.data()}};
      bad.series = series;
      trial.predict(bad);
    }
    bad.size = 3;
    trial.predict(bad);
    trial.store.damage_current();
    dm_refresh(trial.service, nullptr, nullptr);
    dm_check_health(trial.service, nullptr, nullptr, nullptr);
    dm_service* none = nullptr;
    dm_open("/nowhere/at/all", nullptr, &none, nullptr);
    char* text = nullptr;
    dm_model_json(none, &text, nullptr);
    dm_close(none);
  });
  CHECK(printed.empty());
}
