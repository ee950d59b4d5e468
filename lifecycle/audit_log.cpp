#include "lifecycle/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "lifecycle/clock.h"
#include "lifecycle/store_events.h"

namespace deepmine::lifecycle {
namespace {

constexpr auto failure = ErrorCode::failure;

struct stat status_of(const io::FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) io::throw_system_error(failure, path, "examine", errno);
  return status;
}

io::FileDescriptor open_log(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for its other end.
  constexpr int flags = O_RDWR | O_APPEND | O_NONBLOCK | O_NOCTTY;
  io::FileDescriptor file = io::open_file(path, flags);
  const bool is_new = !file.is_open() && errno == ENOENT;
  if (is_new) file = io::open_file(path, flags | O_CREAT);
  if (!file.is_open()) io::throw_system_error(failure, path, "open the audit log", errno);
  if (!S_ISREG(status_of(file, path).st_mode))
    throw Error(failure, path.string() + ": expected a regular file for the audit log");
  if (is_new) io::sync_directory(path.has_parent_path() ? path.parent_path() : ".");
  return file;
}

void wait_for_lock(const io::FileDescriptor& file, const std::filesystem::path& path,
                   std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) io::throw_system_error(failure, path, "lock", errno);
    if (std::chrono::steady_clock::now() >= give_up)
      throw Error(failure, path.string() + ": another process holds the lock of the audit log; try again " +
                               "when it has finished, or name another log");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

/// Whether the name still means the file that is open: it may have been moved away while we waited.
bool is_still_named(const io::FileDescriptor& file, const std::filesystem::path& path) {
  struct stat named {};
  const struct stat open = status_of(file, path);
  return ::stat(path.c_str(), &named) == 0 && named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/// The log, locked until the descriptor is closed.
io::FileDescriptor open_locked(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  for (;;) {
    io::FileDescriptor file = open_log(path);
    wait_for_lock(file, path, patience);
    if (is_still_named(file, path)) return file;
  }
}

std::string read_bytes(const io::FileDescriptor& file, const std::filesystem::path& path, std::uint64_t from,
                       std::uint64_t to) {
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  for (std::size_t filled = 0; filled < bytes.size();) {
    const ssize_t got = ::pread(file.number(), bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(from + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) io::throw_system_error(failure, path, "read", errno);
    if (got == 0) throw Error(failure, path.string() + ": became shorter while it was locked");
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

/// What the next record follows.
struct Tail {
  AuditHead head;
  std::string torn;  ///< behind the last line feed
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(failure, path.string() + ": " + what +
                           ", so nothing is added to it; look at it with `deepmine audit verify`, or name " +
                           "another file");
}

/// The end of the log from the last but one line feed on; all of it if there are not so many.
std::string last_lines(const io::FileDescriptor& file, const std::filesystem::path& path,
                       std::uint64_t size) {
  constexpr std::uint64_t longest = 2 * io::longest_audit_line + 2;
  for (std::uint64_t length = 64 * 1024;; length *= 4) {
    length = std::min({length, size, longest});
    std::string end = read_bytes(file, path, size - length, size);
    const std::size_t last = end.rfind('\n');
    const std::size_t before =
        last == std::string::npos || last == 0 ? std::string::npos : end.rfind('\n', last - 1);
    if (before != std::string::npos) return end.substr(before + 1);
    if (length == size) return end;
    if (length == longest) refuse(path, "its last line is longer than a record can be");
  }
}

Tail read_tail(const io::FileDescriptor& file, const std::filesystem::path& path) {
  const std::string end = last_lines(file, path, static_cast<std::uint64_t>(status_of(file, path).st_size));
  Tail tail;
  const std::size_t line_end = end.rfind('\n');
  tail.torn = line_end == std::string::npos ? end : end.substr(line_end + 1);
  if (line_end == std::string::npos) {
    if (!io::is_torn_beginning(tail.torn)) refuse(path, "this is no audit log");
    return tail;
  }
  const io::ParsedAuditLine last = io::parse_audit_line(std::string_view(end).substr(0, line_end));
  if (last.fault != io::AuditLineFault::none)
    refuse(path, "its last record is not as it was written, or this is no audit log");
  tail.head = {last.line.number, last.line.check};
  return tail;
}

}  // namespace

AuditLog::AuditLog(std::filesystem::path file, std::chrono::milliseconds patience)
    : file_(std::move(file)), patience_(patience) {
  (void)read_tail(open_locked(file_, patience_), file_);
}

AuditHead AuditLog::append(std::span<const AuditEntry> entries) {
  const io::FileDescriptor file = open_locked(file_, patience_);
  Tail tail = read_tail(file, file_);
  std::string text;
  const auto add = [&](std::string_view kind, std::string content) {
    io::AuditLine line{tail.head.records + 1, tail.head.check, std::string(kind), std::move(content), {}, 0};
    text += io::format_audit_line(line);
    tail.head = {line.number, line.check};
  };
  if (!tail.torn.empty())
    add(io::audit_kind::recovered, io::recovery_content(tail.torn, utc_timestamp(), this_user()));
  for (const AuditEntry& entry : entries) add(entry.kind, entry.content);
  io::append_to_file(file, file_, text);
  return tail.head;
}

std::uint64_t settled_size(const io::FileDescriptor& file, const std::filesystem::path& path) {
  // Where the lock can't be had (a medium that is only read from), nobody writes either.
  int locked = -1;
  do locked = ::flock(file.number(), LOCK_SH);
  while (locked != 0 && errno == EINTR);
  const auto size = static_cast<std::uint64_t>(status_of(file, path).st_size);
  if (locked == 0) ::flock(file.number(), LOCK_UN);
  return size;
}

}  // namespace deepmine::lifecycle
