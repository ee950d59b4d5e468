#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "io/atomic_file.h"
#include "lifecycle/store_lock.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// A process that has the lock for some time before it writes its name, as one that is not scheduled just
/// then. The destructor ends it.
class SlowHolder {
 public:
  SlowHolder(const std::filesystem::path& file, const std::string& old_text, unsigned milliseconds) {
    io::write_file_atomically(file, old_text);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    process_ = ::fork();
    if (process_ == 0) hold(file, ready[1], milliseconds);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~SlowHolder() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  SlowHolder(const SlowHolder&) = delete;
  SlowHolder& operator=(const SlowHolder&) = delete;
  std::string name() const { return "process " + std::to_string(process_) + " on host"; }

 private:
  [[noreturn]] static void hold(const std::filesystem::path& file, int ready, unsigned milliseconds) {
    const int lock = ::open(file.c_str(), O_RDWR);
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0 || ::write(ready, "x", 1) != 1) ::_exit(1);
    ::usleep(1000 * milliseconds);
    char host[256];
    if (::gethostname(host, sizeof host) != 0) ::_exit(1);
    const std::string text = "process " + std::to_string(::getpid()) + " on host " + host + ", since now";
    if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, text.data(), text.size(), 0) < 0) ::_exit(1);
    for (;;) ::pause();
  }

  pid_t process_ = -1;
};

std::string name_of_dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  char host[256];
  REQUIRE(::gethostname(host, sizeof host) == 0);
  return "process " + std::to_string(child) + " on host " + host + ", since 2024-03-30T12:00:00Z";
}

}  // namespace

TEST_CASE("the holder is named even in its first moments, and never an earlier one") {
  const std::string dead = name_of_dead_process();
  for (const std::string& old_text : {std::string(), dead, std::string("process 12")}) {
    CAPTURE(old_text);
    TemporaryFolder folder;
    const SlowHolder holder(folder / "LOCK", old_text, 60);
    expect_error(ErrorCode::failure, holder.name(), [&] { const StoreLock lock(folder / "LOCK"); });
  }
}

TEST_CASE("a holder that never says its name is not waited for") {
  TemporaryFolder folder;
  const SlowHolder holder(folder / "LOCK", "", 100000);
  expect_error(ErrorCode::failure, "has not said its name", [&] { const StoreLock lock(folder / "LOCK"); });
}

TEST_CASE("a lock that was let go can be taken, and bears no name") {
  TemporaryFolder folder;
  {
    const StoreLock lock(folder / "LOCK");
    CHECK(io::read_file(folder / "LOCK", 1000).starts_with("process " + std::to_string(::getpid())));
  }
  CHECK(io::read_file(folder / "LOCK", 1000).empty());
  const StoreLock again(folder / "LOCK");
}
