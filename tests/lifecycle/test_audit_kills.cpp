// Writers that are killed at random moments, and writers that write at once.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <new>
#include <thread>

#include "engine/nn/random.h"
#include "io/atomic_file.h"
#include "lifecycle/audit_log.h"
#include "lifecycle/audit_verify.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// What a writer acknowledged, in memory that outlives it.
struct Diary {
  std::atomic<std::uint64_t> runs{0}, records{0};
};

class SharedDiary {
 public:
  SharedDiary() {
    void* memory = ::mmap(nullptr, sizeof(Diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    diary_ = new (memory) Diary;
  }
  ~SharedDiary() { ::munmap(diary_, sizeof(Diary)); }
  SharedDiary(const SharedDiary&) = delete;
  SharedDiary& operator=(const SharedDiary&) = delete;
  Diary* operator->() const { return diary_; }

 private:
  Diary* diary_ = nullptr;
};

std::vector<AuditEntry> run_of(std::size_t answers, std::size_t size) {
  const std::string content = "{\"text\":\"" + std::string(size, 'x') + "\"}";
  return std::vector<AuditEntry>(answers, {"answer", content});
}

/// Never returns.
[[noreturn]] void write_runs(const std::filesystem::path& file, std::size_t runs, const SharedDiary& diary) {
  try {
    for (std::size_t i = 0; i < runs; ++i) {
      // Large enough that a kill can hit a write.
      const AuditHead head = AuditLog(file).append(run_of(1 + i % 5, 200'000 * (i % 3)));
      diary->records = head.records;
      ++diary->runs;
    }
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

/// The same; the process ends when its write number `which` has taken so many bytes.
[[noreturn]] void write_runs_and_end_in_one(const std::filesystem::path& file, std::size_t which,
                                            std::size_t bytes, const SharedDiary& diary) {
  std::size_t writes = 0;
  const SystemCallWatch watch([&](const SystemCall& call) {
    Verdict verdict;
    if (call.name == "write" && ++writes == which) {
      verdict.write_limit = bytes;
      verdict.exit_after = true;
    }
    return verdict;
  });
  write_runs(file, 1'000'000, diary);
}

}  // namespace

TEST_CASE("a writer is killed at random moments: what it acknowledged is there, the next one goes on") {
  const char* wanted = std::getenv("DEEPMINE_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 100;
  const TemporaryFolder folder;
  RandomStream random(11);
  std::uint64_t torn = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const SharedDiary diary;
    const pid_t writer = ::fork();
    REQUIRE(writer >= 0);
    const bool in_a_write = kill % 2 == 0;  // or at any moment
    const std::size_t bytes = 1 + random.below(3000), which = 1 + random.below(6);
    if (writer == 0 && in_a_write) write_runs_and_end_in_one(folder / "log", which, bytes, diary);
    if (writer == 0) write_runs(folder / "log", 1'000'000, diary);
    if (!in_a_write) {
      std::this_thread::sleep_for(std::chrono::microseconds(500 + random.below(8000)));
      ::kill(writer, SIGKILL);
    }
    int status = 0;
    ::waitpid(writer, &status, 0);
    REQUIRE((in_a_write ? WEXITSTATUS(status) == exit_of_faults : WIFSIGNALED(status)));

    if (!std::filesystem::exists(folder / "log")) {  // killed before it came that far
      CHECK(diary->records == 0);
      continue;
    }
    const AuditReport report = verify_audit_log(folder / "log");
    const std::string problem = report.problems.empty() ? "" : describe(report.problems[0]);
    REQUIRE_MESSAGE(report.state != AuditState::changed, problem);
    CHECK(report.head.records >= diary->records);  // none that was acknowledged is lost
    torn += report.state == AuditState::torn;
    AuditLog(folder / "log").append(run_of(1, 10));
    CHECK(verify_audit_log(folder / "log").state == AuditState::sound);
    if (report.bytes > (std::uint64_t{8} << 20)) std::filesystem::remove(folder / "log");
  }
  MESSAGE("of " << kills << " kills, " << torn << " tore a line");
  CHECK(torn > static_cast<std::uint64_t>(kills) / 10);
}

TEST_CASE("two processes and two threads write at once: all is there, and the chain is sound") {
  const TemporaryFolder folder;
  constexpr std::size_t runs = 40, writers = 2;
  const SharedDiary diary;
  std::vector<pid_t> processes;
  for (std::size_t i = 0; i < writers; ++i) {
    const pid_t writer = ::fork();
    REQUIRE(writer >= 0);
    if (writer == 0) write_runs(folder / "log", runs, diary);
    processes.push_back(writer);
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writers; ++i)
    threads.emplace_back([&] {
      for (std::size_t run = 0; run < runs; ++run) AuditLog(folder / "log").append(run_of(1, 100));
    });
  for (std::size_t look = 0; look < 20; ++look)  // a reader sees no half of a run, either
    if (std::filesystem::exists(folder / "log"))
      CHECK(verify_audit_log(folder / "log").state == AuditState::sound);
  for (std::thread& thread : threads) thread.join();
  for (const pid_t process : processes) {
    int status = 0;
    ::waitpid(process, &status, 0);
    CHECK(status == 0);
  }
  const AuditReport report = verify_audit_log(folder / "log");
  CHECK(report.state == AuditState::sound);
  CHECK(report.notes.empty());
  CHECK(report.records == writers * runs * 3 + writers * runs);  // 1 to 5 records a run, 3 on average
}
