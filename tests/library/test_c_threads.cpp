// One service of the C interface under eight threads, with std::thread alone, for the thread sanitizer.
#include <doctest/doctest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/library/small_store.h"

using namespace deepmine::test;

namespace {

constexpr int callers = 8;

/// The answers of a document, without the model that gave them.
std::string answers_of(const std::string& document) {
  auto json = nlohmann::json::parse(document);
  for (auto& answer : json["predictions"]) answer.erase("model");
  return json["predictions"].dump();
}

}  // namespace

TEST_CASE("eight threads get what one gets, while versions come and go") {
  SmallStore store;
  const std::string expected[] = {answers_of(expected_json(0)), answers_of(expected_json(1))};
  REQUIRE(expected[0] != expected[1]);
  const std::vector<dm::Case> cases = simulated_cases();
  dm::Options options;
  options.refresh_milliseconds = 0;
  dm::Service service(store.path(), options);
  const std::string first = service.predict(cases, fixed_request()).json();
  CHECK(answers_of(first) == expected[0]);

  std::atomic<int> finished{0}, answered{0}, wrong{0}, of_newer{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < callers; ++n)
    threads.emplace_back([&, n] {
      for (int round = 0; round < 25; ++round) {
        const dm::Answers answers = service.predict(cases, fixed_request());
        const std::string got = answers_of(answers.json());
        if (got != expected[0] && got != expected[1]) ++wrong;
        if (got == expected[1]) ++of_newer;
        // Each reads what all have: the model, the health, the version.
        if (round % 8 == n % 8) {
          if (service.current_model().state != DM_READY) ++wrong;
          if (service.health().state != 0) ++wrong;
        }
        ++answered;
      }
      ++finished;
    });
  for (int version = 2; finished < callers && version < 30; ++version) {
    store.publish(version % 2 == 0 ? 1 : 0);
    const int enough = answered + callers;
    while (answered < enough && finished < callers) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(of_newer > 0);
  MESSAGE(answered.load() << " calls, " << of_newer.load() << " answered by the other model");
}

TEST_CASE("eight threads ask for all there is, and to look again, and get what one gets") {
  SmallStore store;
  const std::vector<dm::Case> all = simulated_cases();
  const std::vector<dm::Case> cases(all.begin() + 8, all.end());
  dm::Request request = fixed_request();
  request.samples = 4;
  request.coverage = 0.6;
  request.attributions = true;
  dm::Service service(store.path());
  const std::string expected = service.predict(cases, request).json();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < callers; ++n)
    threads.emplace_back([&, n] {
      for (int round = 0; round < 3; ++round) {
        if (n % 2 == 0 && service.refresh().state != DM_READY) ++wrong;
        if (service.predict(cases, request).json() != expected) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("eight threads read the same answers") {
  const SmallStore store;
  dm::Service service(store.path());
  const dm::Answers answers = service.predict(simulated_cases(), fixed_request());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < callers; ++n)
    threads.emplace_back([&] {
      if (answers.json() != expected_json(0)) ++wrong;
      for (const dm_answer& answer : answers)
        if (answer.size != sizeof(dm_answer)) ++wrong;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
