// An open file that closes itself, and the one way in which a failed system call becomes an Error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "engine/nn/error.h"

namespace deepmine::io {

/// Owns a file descriptor. Movable, not copyable; -1 is "none".
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) noexcept : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  bool is_open() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }
  /// False (with errno set) if close() reported an error; the descriptor is gone either way.
  bool close() noexcept;

 private:
  int number_ = -1;
};

/// open(2) with O_CLOEXEC, repeated when a signal interrupts it. Not open (errno says why) if it failed.
FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode = 0666) noexcept;

/// What throw_system_error() throws: an Error that remembers the system's reason, for callers who must tell
/// "it is not there" from "it can't be read now".
class SystemError : public Error {
 public:
  SystemError(ErrorCode code, const std::string& message, int error_number)
      : Error(code, message), error_number_(error_number) {}
  int error_number() const noexcept { return error_number_; }

 private:
  int error_number_;
};

/// Throws SystemError{code, "<path>: can't <action>: <text of the system error>"}.
[[noreturn]] void throw_system_error(ErrorCode code, const std::filesystem::path& path,
                                     std::string_view action, int error_number);

}  // namespace deepmine::io
