#include "io/csv_text.h"

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
#include "io/sha256.h"
#include "io/utf8.h"

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

/// realloc moves pages instead of copying bytes when the buffer is large; zeros are written by the callers.
void CsvText::grow(std::size_t capacity) {
  char* bytes = static_cast<char*>(std::realloc(bytes_.get(), capacity + padding));
  if (bytes == nullptr) throw std::bad_alloc();
  (void)bytes_.release();
  bytes_.reset(bytes);
  capacity_ = capacity;
}

CsvText CsvText::copy_of(std::string_view bytes) {
  CsvText text;
  text.grow(bytes.size());
  if (!bytes.empty()) std::memcpy(text.bytes_.get(), bytes.data(), bytes.size());
  text.size_ = bytes.size();
  text.check(0);
  return text;
}

CsvText CsvText::open(const std::filesystem::path& path, std::size_t limit, std::size_t piece) {
  CsvText text;
  text.name_ = csv_display_name(path);
  text.limit_ = limit;
  text.piece_ = piece;
  text.at_end_ = false;
  text.descriptor_ = STDIN_FILENO;
  if (path != "-") {
    text.file_ = open_file(path, O_RDONLY);
    if (!text.file_.is_open()) fail_unreadable(text.name_, "open the file");
    text.descriptor_ = text.file_.number();
  }
  struct stat status {};
  if (::fstat(text.descriptor_, &status) != 0) fail_unreadable(text.name_, "look at the file");
  if (S_ISDIR(status.st_mode)) fail("unreadable_file", text.name_, "is a folder; expected a CSV file");
  if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) > limit)
    fail("file_too_large", text.name_,
         "has " + std::to_string(status.st_size) + " bytes; at most " + std::to_string(limit) +
             " are read: split the file by stopes");
  text.grow(0);
  text.check(0);
  return text;
}

CsvText CsvText::read(const std::filesystem::path& path, std::size_t limit) {
  CsvText text = open(path, limit);
  while (!text.at_end_) {
    text.grow(std::max(2 * text.capacity_, text.piece_));
    text.fill();
  }
  text.check(0);
  return text;
}

void CsvText::read_on(std::size_t used) {
  const std::size_t rest = size_ - used;
  dropped_ += used;
  std::memmove(bytes_.get(), bytes_.get() + used, rest);
  std::memcpy(bytes_.get() + rest, begun_.data(), begun_size_);  // the padding has room for it
  size_ = rest + begun_size_;
  // A row that is longer than half a window doubles it: what is read again stays less than what is read.
  if (capacity_ < std::max(piece_, 2 * rest) + begun_size_) grow(std::max(piece_, 2 * rest) + begun_.size());
  fill();
  check(rest);
}

/// Fills the buffer to its capacity, so that pieces do not depend on how a pipe is written.
void CsvText::fill() {
  constexpr std::size_t most_at_once = std::size_t{1} << 30;
  const std::size_t before = size_;
  while (size_ < capacity_) {
    const ::ssize_t count =
        ::read(descriptor_, bytes_.get() + size_, std::min(capacity_ - size_, most_at_once));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_unreadable(name_, "read the file");
    if (count == 0) {
      at_end_ = true;
      break;
    }
    size_ += static_cast<std::size_t>(count);
    read_ += static_cast<std::size_t>(count);
    if (read_ > limit_)
      fail("file_too_large", name_,
           "is longer than " + std::to_string(limit_) + " bytes: split the data by stopes");
  }
  if (hash_ != nullptr) hash_->update({bytes_.get() + before, size_ - before});
}

/// Ends the window before the first byte that is no text, and puts zeros behind it.
void CsvText::check(std::size_t from) {
  const std::string_view unchecked = bytes().substr(from);
  const std::size_t valid = find_invalid_utf8(unchecked);
  const std::string_view behind = unchecked.substr(valid);
  begun_size_ = 0;
  if (!at_end_ && behind.size() <= begun_.size()) {  // perhaps only the rest of a character is not there yet
    begun_size_ = behind.copy(begun_.data(), begun_.size());
  } else if (!behind.empty()) {
    faulty_byte_ = static_cast<unsigned char>(behind[0]);
    const bool is_first = dropped_ + from + valid == 0;
    if (is_first && (behind.starts_with("\xFF\xFE") || behind.starts_with("\xFE\xFF")))
      fault_ = Fault::utf16;
    else
      fault_ = faulty_byte_ == 0 ? Fault::nul : Fault::not_utf8;
  }
  size_ = from + valid;
  std::memset(bytes_.get() + size_, 0, padding);
}

std::string csv_display_name(const std::filesystem::path& path) {
  return path == "-" ? std::string("stdin") : path.string();
}

}  // namespace deepmine::io
