// A service under many threads, with std::thread alone, for the thread sanitizer: one load for all first
// callers, and answers that are wholly of one model or of the other while versions come and go.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <mutex>
#include <set>

#include "lifecycle/service.h"
#include "tests/io/allocation_count.h"
#include "tests/lifecycle/two_models.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr int callers = 8;

void in_threads(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int n = 0; n < callers; ++n) threads.emplace_back([&work, n] { work(n); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("first calls at the same time load once, and all get that model") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  for (const bool is_there : {true, false}) {
    Service service(is_there ? store : ModelStore(folder / "none"),
                    {.refresh = std::chrono::milliseconds(0), .rules_may_answer = true, .train = {}});
    std::barrier start(callers);
    std::vector<std::shared_ptr<const ServiceSnapshot>> found(callers);
    in_threads([&](int n) {
      start.arrive_and_wait();
      found[static_cast<std::size_t>(n)] = service.current();
    });
    CHECK(service.loads() == 1);
    CHECK(std::count(found.begin(), found.end(), found[0]) == callers);
    CHECK(found[0]->state == (is_there ? ServiceState::ready : ServiceState::rules_only));
  }
}

TEST_CASE("while versions come and go every answer is wholly of one of the two models, bit for bit") {
  const TemporaryFolder folder;
  const ModelStore store(folder / "m");
  publish_model_number(store, 0);
  // Odd versions are model 0, even ones model 1; every fifth is damaged, and never answers.
  const std::vector<double> expected[] = {answers_of_model_number(0), answers_of_model_number(1)};
  REQUIRE(expected[0] != expected[1]);
  const std::vector<stope::StopeRecord> records = simulated_records();
  constexpr Sequence last = 24;

  Service service(store, {.refresh = std::chrono::milliseconds(0), .rules_may_answer = true, .train = {}});
  std::atomic<bool> stop{false};
  std::atomic<int> answers{0}, wrong{0}, backwards{0}, degraded{0};
  std::mutex mutex;
  std::set<Sequence> seen;
  std::thread writer([&] {
    for (Sequence n = 2; n <= last; ++n) {
      const Sequence published = publish_model_number(store, n % 2 == 0 ? 1 : 0);
      if (n % 5 == 0) damage_version(store, published);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const int enough = answers + 10 * callers;
    while (answers < enough) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop = true;
  });
  in_threads([&](int) {
    Sequence newest = 0;
    while (!stop) {
      const ServiceAnswer answer = service.predict(records, {}, one_thread());
      const Sequence version = answer.from->model->metadata().sequence;
      if (numbers_of(answer.assessments) != expected[version % 2 == 0 ? 1 : 0]) ++wrong;
      for (const stope::Assessment& assessment : answer.assessments)
        if (assessment.model && assessment.model->version != std::to_string(version)) ++wrong;
      if (version < newest) ++backwards;
      newest = std::max(newest, version);
      if (answer.from->state == ServiceState::degraded) ++degraded;
      ++answers;
      const std::lock_guard lock(mutex);
      seen.insert(version);
    }
  });
  writer.join();
  CHECK(wrong == 0);
  CHECK(backwards == 0);
  CHECK(seen.size() > 2);
  CHECK(service.refresh()->model->metadata().sequence == last);
  CHECK(service.current()->model->runners().size() <= callers);
  MESSAGE(answers.load() << " answers (" << degraded.load() << " degraded) by " << seen.size() << " of "
                         << last << " versions, " << service.loads() << " loads");
}

TEST_CASE("once a pool is warm, lending a runner and running it allocates nothing") {
  const LoadedModel model(model_number(0), "test");
  const io::TestInput& input = model.components().test_cases.inputs[0];
  const auto lend_two = [&] {
    const RunnerPool::Lease first = model.runners().lease(1), second = model.runners().lease(1);
    for (const RunnerPool::Lease* runner : {&first, &second}) {
      (*runner)->batch().add(input.statics, input.series);
      (*runner)->run();
    }
  };
  lend_two();
  const std::size_t before = allocated_bytes();
  for (int n = 0; n < 10; ++n) lend_two();
  CHECK(allocated_bytes() == before);
  CHECK(before > 0);
  CHECK(model.runners().size() == 2);
}

TEST_CASE("a pool lends every caller a runner of its own and makes no more than are wanted at once") {
  const LoadedModel model(model_number(0), "test");
  std::atomic<int> out{0}, most{0};
  in_threads([&](int) {
    for (int n = 0; n < 50; ++n) {
      const RunnerPool::Lease runner = model.runners().lease(1);
      const int now = ++out;
      int before = most;
      while (before < now && !most.compare_exchange_weak(before, now)) {
      }
      CHECK(runner->batch().samples() == 0);
      runner->batch().add(model.components().test_cases.inputs[0].statics,
                          model.components().test_cases.inputs[0].series);
      runner->run();
      --out;
    }
  });
  CHECK(model.runners().size() >= static_cast<std::size_t>(most));
  CHECK(model.runners().size() <= callers);
}
