// deepmine.hpp, compiled as C++17: owners, exceptions, views.
#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "tests/library/small_store.h"

using namespace deepmine::test;

static_assert(__cplusplus < 202002L, "this test is about C++17");
static_assert(std::is_nothrow_move_constructible_v<dm::Answers>);
static_assert(std::is_nothrow_move_constructible_v<dm::Service>);
static_assert(!std::is_copy_constructible_v<dm::Answers>);
static_assert(!std::is_copy_constructible_v<dm::Service>);

TEST_CASE("a service and its answers can be moved and are freed once") {
  const SmallStore store;
  dm::Service first(store.path());
  dm::Service service = std::move(first);
  dm::Answers taken = service.predict(simulated_cases(), fixed_request());
  const dm::Answers answers = std::move(taken);
  CHECK(taken.empty());  // NOLINT(bugprone-use-after-move): moved from is empty
  CHECK(answers.size() == 12);
  CHECK(answers.json() == expected_json(0));
  std::size_t seen = 0;
  for (const dm_answer& answer : answers) CHECK(&answer == &answers.at(seen++));
  CHECK(seen == answers.size());
}

TEST_CASE("a failed call is an exception with the status and the message") {
  const SmallStore store;
  dm::Service service(store.path());
  std::vector<dm::Case> twice{simulated_cases()[0], simulated_cases()[0]};
  try {
    service.predict(twice);
    FAIL("two cases of one stope were answered");
  } catch (const dm::Error& error) {
    CHECK(error.status() == DM_USAGE);
    CHECK(std::string(error.what()).find("is that of case 0") != std::string::npos);
  }
  CHECK_THROWS_AS(dm::Service(""), dm::Error);
  CHECK_THROWS_AS(service.predict_json("{}"), dm::Error);
  CHECK_THROWS_AS(service.predict({simulated_cases()[0]}, {}, 0), dm::Error);
  dm::Request request;
  request.threshold = 0;  // in C, 0 asks for the default: here it is a mistake
  CHECK_THROWS_AS(service.predict({simulated_cases()[0]}, request), dm::Error);
}

TEST_CASE("what is left out of a case is missing, never zero") {
  const SmallStore store;
  dm::Service service(store.path());
  for (const auto& leave_out :
       {+[](dm::Case& c) { c.rqd = dm::missing; }, +[](dm::Case& c) { c.rock_type = ""; },
        +[](dm::Case& c) { c.support_installed.reset(); }}) {
    dm::Case given = simulated_cases()[0];
    leave_out(given);
    const dm::Answers answers = service.predict({given}, fixed_request());
    CHECK(answers[0].status == DM_ANSWER_REJECTED);
    CHECK(std::string(dm::reasons(answers[0])[0].code) == "missing_value");
  }
  dm::Case name_only;
  name_only.stope_name = "only a name";
  const dm::Answers nothing = service.predict({name_only});
  CHECK(nothing[0].status == DM_ANSWER_REJECTED);
  CHECK(dm::reasons(nothing[0]).size() >= 10);
}

TEST_CASE("a text with a NUL inside is refused, not cut") {
  const SmallStore store;
  dm::Service service(store.path());
  const std::string nul("2024-01-01\0x", 12);
  for (const auto& put :
       {+[](dm::Case&c, dm::Request&, const std::string&text) { c.stope_name = text; },
        +[](dm::Case&c, dm::Request&, const std::string&text) { c.rock_type = text; },
        +[](dm::Case&c, dm::Request&, const std::string&text) { c.readings[0].timestamp = text; },
        +[](dm::Case&, dm::Request&r, const std::string&text) { r.as_of = text; },
        +[](dm::Case&, dm::Request&r, const std::string&text) { r.today = text; },
        +[](dm::Case&, dm::Request&r, const std::string&text) { r.timestamp = text; }}) {
    dm::Case given = simulated_cases()[0];
    dm::Request request = fixed_request();
    put(given, request, nul);
    try {
      service.predict({given}, request);
      FAIL("it was cut");
    } catch (const dm::Error& error) {
      CHECK(error.status() == DM_USAGE);
      CHECK(std::string(error.what()).find("NUL") != std::string::npos);
    }
  }
  CHECK_THROWS_AS(dm::Service(store.path() + std::string("\0x", 2)), dm::Error);
  dm::Options options;
  options.site_file = std::string("\0x", 2);
  CHECK_THROWS_AS(dm::Service(store.path(), options), dm::Error);
}
