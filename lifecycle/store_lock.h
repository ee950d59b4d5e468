// The locks of a store: LOCK, held by its one writer, and TRAINING, held by the training that runs. flock on
// the file: the kernel lets go of it when the process ends, however it ends; flock rather than POSIX record
// locks, because those vanish when any descriptor of the file is closed. The text of the file names the
// holder.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"

namespace deepmine::lifecycle {

/// How a message introduces the holder.
inline constexpr std::string_view held_for_writing = "the store is being written to by";
inline constexpr std::string_view held_for_training = "another training into this store is under way:";

/// How long to wait for a lock that somebody holds.
struct LockPatience {
  std::chrono::milliseconds longest{0};
  /// Called once, when there is something to wait for; may be empty.
  std::function<void(const std::string& holder)> waiting;
};

/// Holds the lock while it lives. Throws Error{failure} that names the holder if there still is one when the
/// patience is at its end.
class StoreLock {
 public:
  explicit StoreLock(const std::filesystem::path& lock_file, std::string_view held_for = held_for_writing,
                     const LockPatience& patience = {});
  StoreLock(StoreLock&&) noexcept = default;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  io::FileDescriptor file_;
};

/// Who holds a lock at this moment; nothing: nobody, or there is no such file. Takes no lock that a holder
/// would notice.
std::optional<std::string> lock_holder(const std::filesystem::path& lock_file);

/// Throws what StoreLock throws for a lock that is held.
[[noreturn]] void throw_held(const std::filesystem::path& lock_file, std::string_view held_for,
                             const std::string& holder);

}  // namespace deepmine::lifecycle
