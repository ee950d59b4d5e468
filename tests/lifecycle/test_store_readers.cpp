// Readers without a lock beside a writer that publishes and cleans up as fast as it can: every read gives a
// whole version, and no reader ever goes back to an older one.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lifecycle/retention.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// The first few things that went wrong, from any thread.
class Complaints {
 public:
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (texts_.size() < 5) texts_.push_back(text);
  }
  std::string all() const {
    std::string text;
    for (const std::string& line : texts_) text += line + "\n";
    return text;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

struct Shared {
  ModelStore store;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> reads{0}, stamps{0}, publications{0};
  Complaints complaints;
};

void read_on(Shared& shared) {
  Sequence newest = 0;
  std::string stamp;
  while (!shared.stop) {
    try {
      const std::string now = shared.store.current_stamp();
      ++shared.stamps;
      if (now == stamp) continue;
      stamp = now;
      const std::optional<StoredVersion> version = shared.store.read_current();
      ++shared.reads;
      if (!version)
        shared.complaints.add("no version is in service");
      else if (mark_of(*version) != std::to_string(version->sequence))
        shared.complaints.add("a mixture: " + mark_of(*version));
      else if (version->sequence < newest)
        shared.complaints.add("went back from " + std::to_string(newest));
      else
        newest = version->sequence;
    } catch (const std::exception& error) {
      shared.complaints.add(error.what());
    }
  }
}

void write_on(Shared& shared, std::chrono::seconds duration) {
  const auto until = std::chrono::steady_clock::now() + duration;
  const RetentionPolicy policy{.keep = 1, .leftover_age = std::chrono::hours(1)};
  try {
    while (std::chrono::steady_clock::now() < until) {
      StoreWriter writer = shared.store.lock_for_writing();
      for (int n = 0; n < 3; ++n) {
        const Sequence next = writer.next_sequence();
        writer.publish(marked_model(std::to_string(next)));
        ++shared.publications;
      }
      carry_out(writer, plan_retention(shared.store, policy, {}), {});
      // A new log now and then: reading it would be all that the writer does in the end.
      if (shared.publications % 300 == 0) std::filesystem::remove(shared.store.root() / "EVENTS.log");
    }
  } catch (const std::exception& error) {
    shared.complaints.add(std::string("the writer: ") + error.what());
  }
  shared.stop = true;
}

}  // namespace

TEST_CASE("readers beside a writer") {
  const auto duration = std::chrono::seconds(std::getenv("DEEPMINE_SOAK") != nullptr ? 60 : 2);
  TemporaryFolder folder;
  Shared shared{.store = ModelStore(folder / "models"), .complaints = {}};
  publish_marked(shared.store, "1");
  std::vector<std::thread> readers;
  for (int n = 0; n < 3; ++n) readers.emplace_back([&shared] { read_on(shared); });
  write_on(shared, duration);
  for (std::thread& reader : readers) reader.join();
  CHECK(shared.complaints.all() == "");
  CHECK(shared.reads > shared.publications / 10);
  CHECK(shared.publications >= 3);
  MESSAGE(shared.publications.load() << " publications, " << shared.reads.load() << " reads, "
                                     << shared.stamps.load() << " looks at CURRENT");
}
