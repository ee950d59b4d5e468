#include "io/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace deepmine::io {

bool FileDescriptor::close() noexcept {
  if (number_ < 0) return true;
  // Linux frees the descriptor even where close() says EINTR: a second close() could hit another thread's
  // file.
  const int result = ::close(std::exchange(number_, -1));
  return result == 0 || errno == EINTR;
}

FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode) noexcept {
  int number = -1;
  do number = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode));
  while (number < 0 && errno == EINTR);
  return FileDescriptor(number);
}

void throw_system_error(ErrorCode code, const std::filesystem::path& path, std::string_view action,
                        int error_number) {
  throw SystemError(
      code,
      path.string() + ": can't " + std::string(action) + ": " + std::generic_category().message(error_number),
      error_number);
}

}  // namespace deepmine::io
