#include "lifecycle/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>

#include "engine/nn/error.h"

namespace deepmine::lifecycle {

namespace {

/// `process 4711 on host mill, since 2024-03-30T12:00:00Z`
std::string describe_this_process() {
  char host[256] = "?";
  if (::gethostname(host, sizeof host) == 0) host[sizeof host - 1] = '\0';
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char since[32];
  std::strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return "process " + std::to_string(::getpid()) + " on host " + host + ", since " + since;
}

std::string read_holder(const io::FileDescriptor& file) {
  char text[512];
  const ssize_t length = ::pread(file.number(), text, sizeof text, 0);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length))
                    : "a process that has not said its name";
}

}  // namespace

StoreLock::StoreLock(const std::filesystem::path& lock_file)
    : file_(io::open_file(lock_file, O_RDWR | O_CREAT)) {
  if (!file_.is_open()) io::throw_system_error(ErrorCode::failure, lock_file, "open", errno);
  int result = -1;
  do result = ::flock(file_.number(), LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR);
  if (result != 0 && errno == EWOULDBLOCK)
    throw Error(ErrorCode::failure, lock_file.string() + ": the store is being written to by " +
                                        read_holder(file_) + "; try again when it has finished");
  if (result != 0) io::throw_system_error(ErrorCode::failure, lock_file, "lock", errno);
  // Only for the message above, so nothing depends on whether it could be written.
  const std::string holder = describe_this_process();
  if (::ftruncate(file_.number(), 0) == 0) [[maybe_unused]]
    const ssize_t written = ::pwrite(file_.number(), holder.data(), holder.size(), 0);
}

}  // namespace deepmine::lifecycle
