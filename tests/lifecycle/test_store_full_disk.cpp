// A file system that is really full: publishing fails and says so, what is in service stays, and once there
// is room again the next publication works.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "engine/nn/error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"
#include "tests/lifecycle/store_scenarios.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr int no_privilege = 90, all_well = 0;

bool write_text(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (file >= 0) ::close(file);
  return written;
}

/// A file system of one megabyte at this place, for this process only.
bool mount_small(const std::filesystem::path& place) {
  const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
    if (!write_text("/proc/self/setgroups", "deny") ||
        !write_text("/proc/self/uid_map", "0 " + user + " 1") ||
        !write_text("/proc/self/gid_map", "0 " + group + " 1"))
      return false;
  } else if (::unshare(CLONE_NEWNS) != 0) {
    return false;
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=1m,nr_inodes=10000") == 0;
}

std::vector<StoredFile> sized_model(Sequence sequence, std::size_t size) {
  return {{"weights", "weights", std::string(size, 'w')}, {"number", "metadata", std::to_string(sequence)}};
}

void fill_to_the_last_byte(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
  const std::string block(4096, 'b');
  for (std::size_t size = block.size(); size > 0;)
    if (::write(descriptor, block.data(), size) != static_cast<ssize_t>(size)) size /= 2;
  ::close(descriptor);
}

/// Fills the disk with versions of this size until it refuses one. An empty text: as it should be.
std::string fill_and_recover(const ModelStore& store, std::size_t size) {
  Sequence good = 0;
  bool refused = false;
  while (!refused) {
    StoreWriter writer = store.lock_for_writing();
    try {
      good = writer.publish(sized_model(writer.next_sequence(), size)).sequence;
    } catch (const Error& error) {
      refused = true;
      if (error.code() != ErrorCode::failure) return std::string("the wrong error: ") + error.what();
      if (std::string(error.what()).find("No space left") == std::string::npos)
        return std::string("does not name the reason: ") + error.what();
    }
    const auto version = store.read_current();
    if (!version || version->sequence != good || version->bytes("number") != std::to_string(good))
      return "after version " + std::to_string(good) + " another is in service";
  }
  if (good < 2) return "the disk was full at once";
  fill_to_the_last_byte(store.root() / "ballast");
  // A disk without a byte left must not keep anybody from making room.
  StoreWriter writer = store.lock_for_maintenance();
  for (const Sequence sequence : store.sequences())
    if (store.examine(sequence).state != VersionState::good)
      return "version " + std::to_string(sequence) + " is not whole";
  for (const auto& entry : std::filesystem::directory_iterator(store.root() / "staging"))
    return "left behind: " + entry.path().string();
  writer.collect({{1, "making room"}});
  if (!writer.publish(sized_model(writer.next_sequence(), size / 2)).in_service) return "not in service";
  return {};
}

/// In a process of its own, for the mount is.
int run_on_small_disk(const std::filesystem::path& place, std::size_t size) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!mount_small(place)) ::_exit(no_privilege);
    std::string problem;
    try {
      problem = fill_and_recover(ModelStore(place / "models"), size);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!problem.empty()) std::fprintf(stderr, "size %zu: %s\n", size, problem.c_str());
    ::_exit(problem.empty() ? all_well : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a file system that is really full") {
  int runs = 0;
  for (std::size_t size = 20'000; size <= 300'000; size += 9'973) {
    TemporaryFolder folder;
    const int result = run_on_small_disk(folder.path(), size);
    if (result == no_privilege) {
      MESSAGE("skipped: this user may not mount a file system in a name space of its own");
      return;
    }
    CHECK_MESSAGE(result == all_well, "versions of " << size << " bytes");
    ++runs;
  }
  MESSAGE(runs << " full disks");
}
