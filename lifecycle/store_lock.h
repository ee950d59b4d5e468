// One writer at a time: flock on the store's LOCK file. The kernel lets go of it when the process ends,
// however it ends; flock rather than POSIX record locks, because those vanish when any descriptor of the file
// is closed.
#pragma once

#include <filesystem>

#include "io/file_descriptor.h"

namespace deepmine::lifecycle {

/// Holds the lock while it lives. Does not wait: throws Error{failure} that names the holder if there is one.
class StoreLock {
 public:
  explicit StoreLock(const std::filesystem::path& lock_file);
  StoreLock(StoreLock&&) noexcept = default;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  io::FileDescriptor file_;
};

}  // namespace deepmine::lifecycle
