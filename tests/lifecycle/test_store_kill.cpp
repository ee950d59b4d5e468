// kill -9 at random moments of a writer that publishes, rolls back, pins and cleans up: no acknowledged
// version is lost, no version is a mixture of two, and the next publication works.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <new>

#include "engine/nn/random.h"
#include "lifecycle/retention.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

enum Deed : int { idle, publishing, rolling_back, pinning, cleaning_up };
constexpr std::size_t most_versions = 100'000;

/// What the writer says of itself, in memory that outlives it.
struct Diary {
  std::atomic<int> deed{idle};
  std::atomic<bool> started{false};
  std::atomic<Sequence> in_service{0};  // acknowledged
  std::atomic<std::uint64_t> done{0}, failed{0};
  std::atomic<bool> acknowledged[most_versions];  // of each version
};

class SharedDiary {
 public:
  SharedDiary()
      : memory_(::mmap(nullptr, sizeof(Diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
    diary_ = new (memory_) Diary;
  }
  ~SharedDiary() { ::munmap(memory_, sizeof(Diary)); }
  SharedDiary(const SharedDiary&) = delete;
  SharedDiary& operator=(const SharedDiary&) = delete;
  Diary* operator->() const { return diary_; }
  Diary& operator*() const { return *diary_; }

 private:
  void* memory_;
  Diary* diary_ = nullptr;
};

std::string mark(Sequence sequence) {
  return "number " + std::to_string(sequence) + std::string(sequence % 7 * 100, 'x');
}

void publish(StoreWriter& writer, Diary& diary) {
  const Sequence sequence = writer.next_sequence();
  diary.deed = publishing;
  const Publication publication = writer.publish(marked_model(mark(sequence)));
  diary.acknowledged[publication.sequence] = true;
  if (publication.in_service) diary.in_service = publication.sequence;
}

void roll_back(StoreWriter& writer, Diary& diary) {
  if (writer.store().stand_ins().empty()) return;
  diary.deed = rolling_back;
  diary.in_service =
      writer.roll_back({.to = {}, .check = {}, .even_if_rejected = false, .reason = "trial"}).to;
}

void pin_and_unpin(StoreWriter& writer, Diary& diary) {
  const Sequence sequence = diary.in_service;
  if (sequence == 0) return;
  diary.deed = pinning;
  writer.pin(sequence, "trial");
  writer.unpin(sequence, "trial");
}

void clean_up(StoreWriter& writer, Diary& diary) {
  diary.deed = cleaning_up;
  const RetentionPolicy policy{.keep = 3, .leftover_age = std::chrono::seconds(0)};
  carry_out(writer, plan_retention(writer.store(), policy, {}), {});
}

/// Never returns.
void write_until_killed(const ModelStore& store, Diary& diary, std::uint64_t seed) {
  RandomStream random(seed);
  const bool kill_while_locking = seed % 8 == 1;
  diary.started = kill_while_locking;
  try {
    StoreWriter writer = store.lock_for_writing();
    diary.started = true;
    for (;;) {
      const double dice = random.uniform();
      if (dice < 0.86)
        publish(writer, diary);
      else if (dice < 0.93)
        roll_back(writer, diary);
      else if (dice < 0.96)
        pin_and_unpin(writer, diary);
      else
        clean_up(writer, diary);
      diary.deed = idle;
      ++diary.done;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the writer failed: %s\n", error.what());
    ++diary.failed;
    ::_exit(1);
  }
}

void start_and_kill(const ModelStore& store, Diary& diary, std::uint64_t seed) {
  diary.deed = idle;
  diary.started = false;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) write_until_killed(store, diary, seed);
  while (!diary.started && diary.failed == 0) ::usleep(20);
  RandomStream random(seed + 1);
  // Most often in the midst of a publication, else whenever it happens to be.
  const bool aimed = random.uniform() < 0.7;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto patience = now() + std::chrono::milliseconds(5);
  while (aimed && diary.deed != publishing && now() < patience) ::sched_yield();
  const double delay = random.uniform(0, aimed ? 500 : 1500);
  const auto until = now() + std::chrono::microseconds(static_cast<int>(delay));
  while (now() < until) ::sched_yield();
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
}

/// After a kill: what is in service fits what was acknowledged and what was being done.
void check_service(const ModelStore& store, Diary& diary) {
  const std::optional<CurrentRecord> current = store.current();
  const Sequence found = current ? current->sequence : 0, acknowledged = diary.in_service;
  const int deed = diary.deed;
  const bool may_be_newer = deed == publishing && found > acknowledged;
  const bool may_be_older = deed == rolling_back && found < acknowledged && found > 0;
  CHECK_MESSAGE((found == acknowledged || may_be_newer || may_be_older),
                "in service is " << found << ", acknowledged " << acknowledged << ", deed " << deed);
  if (current) CHECK(mark_of(*store.read_current()) == mark(found));
  diary.in_service = found;
}

/// Every version that was acknowledged is there, whole and no mixture, or was collected.
void check_versions(const ModelStore& store, Diary& diary) {
  const std::vector<Sequence> present = store.sequences();
  for (const Sequence sequence : present) CHECK(mark_of(store.read(sequence)) == mark(sequence));
  const EventLog log = store.events();
  std::set<Sequence> collected;
  for (const StoreEvent& event : log.events)
    if (event.kind == EventKind::collected) collected.insert(event.version);
  for (Sequence sequence = 1; sequence <= service_history(log).newest; ++sequence)
    if (diary.acknowledged[sequence] && !std::binary_search(present.begin(), present.end(), sequence))
      CHECK_MESSAGE(collected.contains(sequence), "version " << sequence << " is lost");
}

}  // namespace

TEST_CASE("a writer is killed at random moments") {
  const char* wish = std::getenv("DEEPMINE_KILLS");
  const int wanted = wish != nullptr                            ? std::atoi(wish)
                     : std::getenv("DEEPMINE_SOAK") != nullptr  ? 20'000
                     : std::getenv("DEEPMINE_QUICK") != nullptr ? 50
                                                                : 500;
  int kills[5] = {}, all = 0;
  std::uint64_t done = 0;
  for (std::uint64_t seed = 1; kills[publishing] < wanted;) {
    TemporaryFolder folder;  // a new store now and then, for its log grows
    const ModelStore store(folder / "models");
    const SharedDiary diary;
    for (int round = 0; round < 8 && kills[publishing] < wanted; ++round, seed += 2, ++all) {
      start_and_kill(store, *diary, seed);
      REQUIRE(diary->failed == 0);
      ++kills[diary->deed.load()];
      check_service(store, *diary);
      check_versions(store, *diary);
      StoreWriter writer = store.lock_for_writing();  // the next one works
      if (const auto current = store.current()) writer.unpin(current->sequence, "");
      publish(writer, *diary);
      CHECK(mark_of(*store.read_current()) == mark(diary->in_service));
    }
    done += diary->done;
  }
  MESSAGE(all << " kills: " << kills[publishing] << " while publishing, " << kills[rolling_back]
              << " while rolling back, " << kills[pinning] << " while pinning, " << kills[cleaning_up]
              << " while cleaning up; " << done << " deeds were acknowledged");
}
