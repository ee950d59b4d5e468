#include "lifecycle/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "engine/nn/error.h"
#include "lifecycle/clock.h"

namespace deepmine::lifecycle {

namespace {

constexpr std::string_view prefix = "process ";

std::string host_name() {
  char host[256] = "?";
  if (::gethostname(host, sizeof host) == 0) host[sizeof host - 1] = '\0';
  return host;
}

/// `process 4711 on host mill, since 2024-03-30T12:00:00Z`
std::string describe_this_process() {
  return std::string(prefix) + std::to_string(::getpid()) + " on host " + host_name() + ", since " +
         utc_timestamp();
}

std::string read_text(const io::FileDescriptor& file) {
  char text[512];
  const ssize_t length = ::pread(file.number(), text, sizeof text, 0);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

/// Whether a text names a process of this host that has ended: it was left by an earlier holder.
bool names_the_dead(const std::string& text) {
  const std::size_t process_at = prefix.size(), host_at = text.find(" on host ");
  if (!text.starts_with(prefix) || host_at == std::string::npos) return true;  // half written
  if (!text.substr(host_at).starts_with(" on host " + host_name() + ",")) return false;
  const long process = std::strtol(text.c_str() + process_at, nullptr, 10);
  return process <= 0 || (::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH);
}

constexpr const char* nameless = "a process that has not said its name";

/// `how`: LOCK_EX or LOCK_SH.
bool try_lock(const io::FileDescriptor& file, const std::filesystem::path& path, int how = LOCK_EX) {
  int result = -1;
  do result = ::flock(file.number(), how | LOCK_NB);
  while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EWOULDBLOCK) io::throw_system_error(ErrorCode::failure, path, "lock", errno);
  return result == 0;
}

/// Takes the lock (nothing), or says who has it. A holder writes its name just after it got the lock; whoever
/// comes in between waits for the name (or for the lock) a few moments, so that the message is never about
/// nobody or about an earlier holder.
std::optional<std::string> lock_or_holder(const io::FileDescriptor& file, const std::filesystem::path& path) {
  constexpr int attempts = 300;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (try_lock(file, path)) return std::nullopt;
    if (std::string holder = read_text(file); !names_the_dead(holder)) return holder;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return nameless;
}

/// The same, with patience: tries again until it is at its end.
std::optional<std::string> wait_for_lock(const io::FileDescriptor& file, const std::filesystem::path& path,
                                         const LockPatience& patience) {
  const auto end = std::chrono::steady_clock::now() + patience.longest;
  bool said = false;
  for (;;) {
    std::optional<std::string> holder = lock_or_holder(file, path);
    if (!holder || std::chrono::steady_clock::now() >= end) return holder;
    if (!said && patience.waiting) patience.waiting(*holder);
    said = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

StoreLock::StoreLock(const std::filesystem::path& lock_file, std::string_view held_for,
                     const LockPatience& patience)
    : file_(io::open_file(lock_file, O_RDWR | O_CREAT)) {
  if (!file_.is_open()) io::throw_system_error(ErrorCode::failure, lock_file, "open", errno);
  if (const auto holder = wait_for_lock(file_, lock_file, patience)) throw_held(lock_file, held_for, *holder);
  // Only for the message, so nothing depends on whether it could be written.
  const std::string holder = describe_this_process();
  if (::ftruncate(file_.number(), 0) == 0) [[maybe_unused]]
    const ssize_t written = ::pwrite(file_.number(), holder.data(), holder.size(), 0);
}

StoreLock::~StoreLock() {
  // The next holder's first moments must not bear this one's name.
  if (file_.is_open()) [[maybe_unused]]
    const int ignored = ::ftruncate(file_.number(), 0);
}

std::optional<std::string> lock_holder(const std::filesystem::path& lock_file) {
  const io::FileDescriptor file = io::open_file(lock_file, O_RDONLY);
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    io::throw_system_error(ErrorCode::failure, lock_file, "open", errno);
  }
  // Shared, and let go at once: whoever wants the lock just now tries again a millisecond later, because no
  // living holder is named.
  if (try_lock(file, lock_file, LOCK_SH)) return std::nullopt;
  std::string holder = read_text(file);
  return names_the_dead(holder) ? nameless : holder;
}

void throw_held(const std::filesystem::path& lock_file, std::string_view held_for,
                const std::string& holder) {
  throw Error(ErrorCode::failure, lock_file.string() + ": " + std::string(held_for) + " " + holder +
                                      "; try again when it has finished");
}

}  // namespace deepmine::lifecycle
