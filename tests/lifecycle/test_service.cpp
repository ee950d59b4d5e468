#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lifecycle/service.h"
#include "tests/io/expect_error.h"
#include "tests/lifecycle/two_models.h"
#include "tests/texts.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
using std::chrono::milliseconds;

namespace {

const ServiceOptions each_request{.refresh = milliseconds(0), .rules_may_answer = true, .train = {}};

/// Asks until the answer comes from another snapshot than this one: newer versions are loaded beside.
std::shared_ptr<const ServiceSnapshot> wait_for_other(Service& service,
                                                      const std::shared_ptr<const ServiceSnapshot>& old) {
  for (int attempt = 0; attempt < 30'000; ++attempt) {
    if (auto now = service.current(); now != old) return now;
    std::this_thread::sleep_for(milliseconds(1));
  }
  FAIL("the service did not look again");
  return nullptr;
}

Sequence version_of(const ServiceSnapshot& snapshot) {
  REQUIRE(snapshot.model != nullptr);
  return snapshot.model->metadata().sequence;
}

/// While it lives no file can be opened.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::open("/dev/null", O_RDONLY);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("nothing is read before the first request, then it is kept in memory") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  CHECK(service.loads() == 0);
  CHECK(service.last() == nullptr);
  const ServiceAnswer first = service.predict(simulated_records(), {}, one_thread());
  CHECK(first.from->state == ServiceState::ready);
  CHECK(first.from->problem.empty());
  CHECK(numbers_of(first.assessments) == answers_of_model_number(0));
  CHECK(numbers_of(first.assessments).size() > 20);
  const ServiceAnswer second = service.predict(simulated_records(), {}, one_thread());
  CHECK(second.from == first.from);
  CHECK(service.loads() == 1);
  CHECK(first.from->model->runners().size() == 1);
}

TEST_CASE("a newer version is adopted while running, whoever holds the old one keeps it") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  const auto old = service.current();
  publish_model_number(store, 1);
  const auto now = wait_for_other(service, old);
  CHECK(now->state == ServiceState::ready);
  CHECK(version_of(*now) == 2);
  CHECK(service.loads() == 2);
  CHECK(numbers_of(predict(*old, simulated_records(), {}, one_thread())) == answers_of_model_number(0));
  CHECK(numbers_of(predict(*now, simulated_records(), {}, one_thread())) == answers_of_model_number(1));
  CHECK(answers_of_model_number(0) != answers_of_model_number(1));
  // Back again: a rollback is adopted, too.
  store.lock_for_maintenance().roll_back(
      {.to = 1, .check = {}, .even_if_rejected = false, .reason = "alarms"});
  CHECK(version_of(*wait_for_other(service, now)) == 1);
}

TEST_CASE(
    "a newer version that is damaged is not adopted: the old one goes on, flagged, and it is tried once") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  const auto old = service.current();
  publish_model_number(store, 1);
  damage_version(store, 2);
  const auto degraded = wait_for_other(service, old);
  CHECK(degraded->state == ServiceState::degraded);
  CHECK(degraded->model == old->model);
  CHECK(contains(degraded->problem, "00000000000000000002/enhanced_dual_branch_model_weights"));
  const ServiceAnswer answer = service.predict(simulated_records(), {}, one_thread());
  CHECK(numbers_of(answer.assessments) == answers_of_model_number(0));
  for (const stope::Assessment& assessment : answer.assessments) {
    CHECK(assessment.status != stope::Status::ok);
    REQUIRE(!assessment.reasons.empty());
    CHECK(assessment.reasons[0].code == reason_model_degraded);
    CHECK(contains(assessment.reasons[0].message, "version 1 answers in place of the model in service: "));
  }
  for (int n = 0; n < 20; ++n) {  // time for a thread that should not be there
    service.current();
    std::this_thread::sleep_for(milliseconds(2));
  }
  CHECK(service.loads() == 2);
  // Until another one goes into service.
  publish_model_number(store, 1);
  const auto mended = wait_for_other(service, degraded);
  CHECK(mended->state == ServiceState::ready);
  CHECK(version_of(*mended) == 3);
}

TEST_CASE("a newer version whose answers are not those of its test cases is not adopted") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  const auto old = service.current();
  SavedModel wrong = model_number(1);
  wrong.metadata.sequence = 2;
  for (auto& expected : wrong.components.test_cases.expected) expected.outputs.front().front() += 1;
  CHECK(store.lock_for_writing().publish(saved_model_files(wrong, "")).in_service);
  const auto now = wait_for_other(service, old);
  CHECK(now->state == ServiceState::degraded);
  CHECK(now->model == old->model);
  CHECK(contains(now->problem, "does not give the answers that it gave when it was saved"));
}

TEST_CASE("a version that was rolled back from does not go on if the one that should answer is damaged") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  publish_model_number(store, 0);
  publish_model_number(store, 1);
  Service service(store, each_request);
  const auto withdrawn = service.current();
  CHECK(version_of(*withdrawn) == 3);
  store.lock_for_maintenance().roll_back(
      {.to = 2, .check = {}, .even_if_rejected = false, .reason = "false alarms"});
  damage_version(store, 2);
  const auto now = wait_for_other(service, withdrawn);
  CHECK(now->state == ServiceState::degraded);
  CHECK(version_of(*now) == 1);
  CHECK(contains(now->degradation(), "version 1 answers in place of the model in service"));
}

TEST_CASE("damaged when the service starts: an older version answers, degraded, until another is published") {
  for (const bool current_itself : {true, false}) {
    const TemporaryFolder folder;
    const ModelStore store(folder / "m");
    publish_model_number(store, 0);
    publish_model_number(store, 1);
    publish_model_number(store, 1);
    if (current_itself)
      flip_bit(store.root() / "CURRENT", 100);
    else
      damage_version(store, 3);
    damage_version(store, current_itself ? 3 : 2);
    Service service(store, each_request);
    const auto degraded = service.current();
    CHECK(degraded->state == ServiceState::degraded);
    CHECK(version_of(*degraded) == (current_itself ? 2 : 1));
    CHECK(contains(degraded->problem, current_itself ? "CURRENT" : "00000000000000000003/"));
    service.current();
    CHECK(service.loads() == 1);
    store.lock_for_maintenance().roll_back(
        {.to = 1, .check = {}, .even_if_rejected = false, .reason = "mended"});
    const auto mended = wait_for_other(service, degraded);
    CHECK(mended->state == ServiceState::ready);
    CHECK(version_of(*mended) == 1);
  }
}

TEST_CASE("nothing in the store: the rules answer, flagged, until a model is published") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  Service service(store, each_request);
  const ServiceAnswer rules = service.predict(simulated_records(), {}, one_thread());
  CHECK(rules.from->state == ServiceState::rules_only);
  CHECK(rules.from->model == nullptr);
  CHECK(rules.from->problem.empty());
  CHECK(!std::filesystem::exists(store.root()));
  std::size_t by_rules = 0;
  for (const stope::Assessment& assessment : rules.assessments) {
    CHECK(assessment.method != stope::Method::network);
    CHECK(!assessment.model);
    if (assessment.method != stope::Method::rule_based) continue;
    ++by_rules;
    CHECK(assessment.status == stope::Status::warning);
    CHECK(assessment.reasons.back().code == stope::reason_code::no_model);
  }
  CHECK(by_rules > 3);
  for (int n = 0; n < 20; ++n) service.current();
  CHECK(service.loads() == 1);
  publish_model_number(store, 0);
  CHECK(service.current()->state == ServiceState::ready);  // at once: there is no model to go on with
}

TEST_CASE("everything is damaged: the rules answer and the reasons are known; without rules it is an error") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  damage_version(store, 1);
  Service service(store, each_request);
  CHECK(service.current()->state == ServiceState::rules_only);
  CHECK(contains(service.current()->problem, "enhanced_dual_branch_model_weights"));
  Service strict(store, {.refresh = milliseconds(0), .rules_may_answer = false, .train = {}});
  CHECK(strict.current()->state == ServiceState::unavailable);
  expect_error(ErrorCode::model_damaged, "enhanced_dual_branch_model_weights",
               [&] { strict.predict(simulated_records(), {}, one_thread()); });
  Service nothing(ModelStore(folder / "none"),
                  {.refresh = milliseconds(0), .rules_may_answer = false, .train = {}});
  expect_error(ErrorCode::model_missing, "there is no model",
               [&] { nothing.predict(simulated_records(), {}, one_thread()); });
}

TEST_CASE("a training is begun only where there never was a model, once, and its failure is a reason") {
  const TemporaryFolder folder;
  int trainings = 0;
  ServiceOptions options = each_request;
  options.train = [&](const ModelStore& store) {
    ++trainings;
    publish_model_number(store, 0);
  };
  Service trains(ModelStore(folder / "m"), options);
  CHECK(trains.current()->state == ServiceState::ready);
  CHECK(trainings == 1);

  damage_version(ModelStore(folder / "m"), 1);
  Service damaged(ModelStore(folder / "m"), options);
  CHECK(damaged.current()->state == ServiceState::rules_only);
  CHECK(trainings == 1);

  options.train = [&](const ModelStore&) {
    ++trainings;
    throw Error(ErrorCode::data_invalid, "too few stopes");
  };
  Service fails(ModelStore(folder / "none"), options);
  CHECK(fails.current()->state == ServiceState::rules_only);
  CHECK(contains(fails.current()->problem, "too few stopes"));
  CHECK(contains(fails.refresh()->problem, "too few stopes"));
  CHECK(trainings == 2);
}

TEST_CASE("a store that vanishes or can't be read takes the model in memory from nobody") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  const auto before = service.current();
  {
    const NoMoreFiles limit;
    const auto now = service.refresh();
    CHECK(now->state == ServiceState::degraded);
    CHECK(now->model == before->model);
    CHECK(contains(now->problem, "Too many open files"));
  }
  CHECK(service.refresh()->state == ServiceState::ready);
  std::filesystem::rename(store.root(), folder / "elsewhere");
  const auto gone = service.refresh();
  CHECK(gone->state == ServiceState::degraded);
  CHECK(contains(gone->problem, "has no model in service any more"));
  CHECK(numbers_of(service.predict(simulated_records(), {}, one_thread()).assessments) ==
        answers_of_model_number(0));
}

TEST_CASE("a system that fails at the first load is asked again after a second, a damaged model is not") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, each_request);
  {
    const NoMoreFiles limit;
    const auto now = service.current();
    CHECK(now->model == nullptr);
    CHECK(contains(now->problem, "Too many open files"));
    for (int n = 0; n < 20; ++n) service.current();
    CHECK(service.loads() == 1);
  }
  std::this_thread::sleep_for(milliseconds(1050));
  CHECK(service.current()->state == ServiceState::ready);
}

TEST_CASE("between two looks the store is left alone") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  Service service(store, {.refresh = std::chrono::hours(1), .rules_may_answer = true, .train = {}});
  service.current();
  publish_model_number(store, 1);
  for (int n = 0; n < 20; ++n) CHECK(version_of(*service.current()) == 1);
  CHECK(version_of(*service.refresh()) == 2);
}
