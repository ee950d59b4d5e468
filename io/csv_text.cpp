// The bytes of a CSV file: one read into one buffer, zeros behind it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

#include "io/csv.h"
#include "io/file_descriptor.h"

namespace deepmine::io {
namespace {

[[noreturn]] void fail(const char* code, const std::string& name, std::string problem) {
  throw CsvError(code, {name, 0, 0}, std::move(problem), false);
}

[[noreturn]] void fail_unreadable(const std::string& name, const char* action) {
  fail("unreadable_file", name,
       std::string("can't ") + action + ": " + std::generic_category().message(errno) +
           "; expected a CSV file, or - for standard input");
}

}  // namespace

void CsvText::Free::operator()(char* bytes) const noexcept {
  std::free(bytes);
}

CsvText CsvText::with_capacity(std::size_t capacity) {
  CsvText text;
  text.grow(capacity);
  return text;
}

/// realloc moves pages instead of copying bytes when the buffer is large; zeros are written by the callers.
void CsvText::grow(std::size_t capacity) {
  char* bytes = static_cast<char*>(std::realloc(bytes_.get(), capacity + padding));
  if (bytes == nullptr) throw std::bad_alloc();
  (void)bytes_.release();
  bytes_.reset(bytes);
  capacity_ = capacity;
}

CsvText CsvText::copy_of(std::string_view bytes) {
  CsvText text = with_capacity(bytes.size());
  if (!bytes.empty()) std::memcpy(text.bytes_.get(), bytes.data(), bytes.size());
  text.size_ = bytes.size();
  std::memset(text.bytes_.get() + text.size_, 0, padding);
  return text;
}

CsvText CsvText::read(const std::filesystem::path& path, std::size_t limit) {
  const std::string name = csv_display_name(path);
  FileDescriptor file;
  int descriptor = STDIN_FILENO;
  if (path != "-") {
    file = open_file(path, O_RDONLY);
    if (!file.is_open()) fail_unreadable(name, "open the file");
    descriptor = file.number();
  }

  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail_unreadable(name, "look at the file");
  if (S_ISDIR(status.st_mode)) fail("unreadable_file", name, "is a folder; expected a CSV file");
  const bool size_is_known = S_ISREG(status.st_mode);
  if (size_is_known && static_cast<std::uint64_t>(status.st_size) > limit)
    fail("file_too_large", name,
         "has " + std::to_string(status.st_size) + " bytes; at most " + std::to_string(limit) +
             " are read: split the file by stopes");

  constexpr std::size_t first_guess = std::size_t{1} << 20;
  // One byte more than the file has, so that the read that finds its end needs no larger buffer.
  CsvText text = with_capacity(size_is_known ? static_cast<std::size_t>(status.st_size) + 1 : first_guess);
  text.read_all(descriptor, limit, name);
  return text;
}

void CsvText::read_all(int descriptor, std::size_t limit, const std::string& name) {
  constexpr std::size_t most_at_once = std::size_t{1} << 30;
  while (true) {
    if (size_ == capacity_) grow(capacity_ * 2);
    const ::ssize_t count =
        ::read(descriptor, bytes_.get() + size_, std::min(capacity_ - size_, most_at_once));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_unreadable(name, "read the file");
    if (count == 0) break;
    size_ += static_cast<std::size_t>(count);
    if (size_ > limit)
      fail("file_too_large", name,
           "is longer than " + std::to_string(limit) + " bytes: split the data by stopes");
  }
  std::memset(bytes_.get() + size_, 0, padding);
}

std::string csv_display_name(const std::filesystem::path& path) {
  return path == "-" ? std::string("stdin") : path.string();
}

}  // namespace deepmine::io
