// Memory that runs out at any request while a model is loaded, published or asked: std::bad_alloc and nothing
// else comes out, nothing leaks, nothing on disk changes, and the next call works. In particular the want of
// memory never passes for damage of a model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <new>

#include "lifecycle/loaded_model.h"
#include "lifecycle/prediction.h"
#include "lifecycle/store_writer.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/failing_allocations.h"
#include "tests/lifecycle/smallest_model.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

enum class End { done, no_memory, other };
struct Attempt {
  End end = End::done;
  bool has_failed = false;  // a request did
  std::ptrdiff_t leaked = 0;
  std::string error;
};

/// Runs `deed` with request number `fails_at` failing. What it returns, it must have let go.
Attempt attempt(const std::function<void()>& deed, std::size_t fails_at, Shortage shortage) {
  Attempt result;
  const std::ptrdiff_t before = live_allocations();
  std::ptrdiff_t after = 0;
  char error[256] = "";
  {
    const AllocationFailure failure(fails_at, shortage);
    try {
      deed();
    } catch (const std::bad_alloc&) {
      result.end = End::no_memory;
    } catch (const std::exception& exception) {
      result.end = End::other;
      std::snprintf(error, sizeof error, "%s", exception.what());
    }
    result.has_failed = failure.has_happened();
    after = live_allocations();
  }
  result.leaked = after - before;
  result.error = error;
  return result;
}

/// Calls `deed` with every request failing in turn, and `check` after each. Returns how many there were.
std::size_t fail_everywhere(const std::function<void()>& deed, Shortage shortage, std::size_t step,
                            const std::function<void(const Attempt&)>& check) {
  for (std::size_t n = 1;; n += step) {
    const Attempt result = attempt(deed, n, shortage);
    if (!result.has_failed) {
      REQUIRE(result.end == End::done);
      return n - 1;
    }
    CAPTURE(n);
    CAPTURE(result.error);
    CHECK(result.end != End::other);
    CHECK(result.leaked == 0);
    check(result);
  }
}

constexpr Shortage shortages[] = {Shortage::once, Shortage::for_good};
std::string name(Shortage shortage) {
  return shortage == Shortage::once ? "once" : "for good";
}

/// 1: every request; larger where the test shall be quick.
std::size_t step_of(std::size_t quick) {
  return std::getenv("DEEPMINE_QUICK") != nullptr ? quick : 1;
}

void publish(const ModelStore& store, const std::vector<StoredFile>& files) {
  store.lock_for_writing().publish(files, {.check = check_model, .rejection = {}, .reason = {}});
}

}  // namespace

TEST_CASE("any request for memory fails while a model is loaded") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, smallest_model_files(1));
  publish(store, smallest_model_files(2, 2));  // 1 could stand in for it, which would be wrong
  Sequence loaded = 0;
  bool is_degraded = false;
  const auto load = [&] {
    loaded = 0;
    const ModelInService result = load_in_service(store);
    loaded = result.model == nullptr ? 0 : result.model->metadata().sequence;
    is_degraded = result.is_degraded();
  };
  load();  // what is made once and kept is there now
  REQUIRE(loaded == 2);
  for (const Shortage shortage : shortages) {
    const std::size_t count = fail_everywhere(load, shortage, step_of(11), [&](const Attempt& result) {
      CHECK((result.end == End::no_memory || (loaded == 2 && !is_degraded)));
    });
    MESSAGE("load: " << count << " requests, failing " << name(shortage));
  }
}

TEST_CASE("any request for memory fails while a version is examined") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, smallest_model_files(1));
  VersionState state{};
  const auto examine = [&] { state = store.examine(1, check_model).state; };
  examine();
  REQUIRE(state == VersionState::good);
  for (const Shortage shortage : shortages)
    fail_everywhere(examine, shortage, step_of(11),
                    [&](const Attempt&) { CHECK(state != VersionState::damaged); });
}

TEST_CASE("any request for memory fails while a model is published") {
  TemporaryFolder folder;
  const fs::path before = folder / "before", root = folder / "models";
  publish(ModelStore(before), smallest_model_files(1));
  const std::vector<StoredFile> files = smallest_model_files(2, 2);
  const ModelStore store(root);
  const auto start_anew = [&] {
    fs::remove_all(root);
    fs::copy(before, root, fs::copy_options::recursive);
  };
  start_anew();
  const std::optional<CurrentRecord> first = store.current();
  publish(store, files);
  for (const Shortage shortage : shortages) {
    std::size_t refused = 0;
    start_anew();
    const std::size_t count = fail_everywhere([&] { publish(store, files); }, shortage, step_of(31),
                                              [&](const Attempt& result) {
                                                const std::optional<CurrentRecord> now = store.current();
                                                if (result.end == End::done) {
                                                  CHECK(now->sequence == 2);
                                                } else {
                                                  CHECK(now == first);
                                                  CHECK(!store.rejection(2).has_value());
                                                  if (refused++ % 8 == 0) {  // the next one works
                                                    const Sequence next =
                                                        store.lock_for_writing().next_sequence();
                                                    publish(store, smallest_model_files(next, 3));
                                                    CHECK(load_current(store) != nullptr);
                                                  }
                                                }
                                                start_anew();
                                              });
    MESSAGE("publish: " << count << " requests, failing " << name(shortage));
  }
}

TEST_CASE("any request for memory fails while a model answers") {
  SavedModel saved = smallest_model(1);
  for (auto* scalers : {&saved.components.scaler.statics, &saved.components.scaler.sensors})
    for (auto& scaler : *scalers) {  // it has seen everything, so that it abstains from nothing
      scaler.lowest = -1e9;
      scaler.highest = 1e9;
    }
  std::fill(saved.components.scaler.categories_seen.begin(), saved.components.scaler.categories_seen.end(),
            1);
  const LoadedModel model(std::move(saved), "smallest model");
  const std::vector<stope::StopeRecord> records = simulated_records(3, 40);
  for (const int threads : {1, 2}) {
    PredictionRequest request;
    request.timestamp = "2024-03-30T12:00:00Z";
    request.threads = threads;
    std::size_t answers = 0;
    std::optional<double> probability;
    const auto ask = [&] {
      answers = 0;
      const std::vector<stope::Assessment> assessments = predict(&model, records, {}, request);
      answers = assessments.size();
      probability = assessments.front().current_stability.instability_probability;
    };
    ask();
    REQUIRE(answers == 3);
    const std::optional<double> expected = probability;
    REQUIRE(expected.has_value());
    for (const Shortage shortage : shortages) {
      const std::size_t count = fail_everywhere(ask, shortage, step_of(11), [&](const Attempt& result) {
        CHECK((result.end == End::no_memory || (answers == 3 && probability == expected)));
      });
      MESSAGE("predict with " << threads << " threads: " << count << " requests, failing " << name(shortage));
    }
    ask();
    CHECK(probability == expected);
  }
}
