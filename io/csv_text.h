// The text of a CSV file as the reader sees it: a window that moves over the file, checked UTF-8 without NUL,
// with zeros behind it. A file of any size takes no more memory than its longest row needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"

namespace deepmine::io {

class Sha256;

/// Movable, not thread-safe.
class CsvText {
 public:
  /// So many zeros stand behind the window: the reader may look at whole blocks.
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t default_limit = std::size_t{8} << 30;
  /// Fits a core's second-level cache.
  static constexpr std::size_t default_piece = std::size_t{256} << 10;

  /// Opens a regular file or a pipe; `-` is standard input. Nothing is read yet. `limit`: of the whole file.
  /// Throws CsvError (`unreadable_file`, `file_too_large`).
  static CsvText open(const std::filesystem::path& path, std::size_t limit = default_limit,
                      std::size_t piece = default_piece);
  /// The same, read to its end: all of the text is in the window.
  static CsvText read(const std::filesystem::path& path, std::size_t limit = default_limit);
  static CsvText copy_of(std::string_view text);

  /// Every byte that will be read also goes into `hash`, which must live as long.
  void hash_into(Sha256& hash) noexcept { hash_ = &hash; }

  /// What can be seen of the text. Views are valid until read_on().
  std::string_view bytes() const noexcept { return {bytes_.get(), size_}; }
  /// False: the text ends with the window, or is broken there.
  bool goes_on() const noexcept { return !at_end_ && fault_ == Fault::none; }
  /// Drops the first `used` bytes of the window and reads a piece more behind the rest. Throws CsvError.
  void read_on(std::size_t used);

  /// What stands right behind the window and is no text.
  enum class Fault : std::uint8_t { none, nul, not_utf8, utf16 };
  Fault fault() const noexcept { return fault_; }
  unsigned char faulty_byte() const noexcept { return faulty_byte_; }

 private:
  struct Free {
    void operator()(char* bytes) const noexcept;
  };
  void grow(std::size_t capacity);
  void fill();
  void check(std::size_t from);

  std::string name_;
  FileDescriptor file_;
  int descriptor_ = -1;
  bool at_end_ = true;
  std::size_t limit_ = default_limit, piece_ = default_piece;
  std::size_t read_ = 0, dropped_ = 0;  ///< bytes so far, of the whole file
  Sha256* hash_ = nullptr;

  std::unique_ptr<char[], Free> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
  /// The beginning of a character whose other bytes are still to be read: taken off the window, put back by
  /// read_on().
  std::array<char, 3> begun_{};
  std::size_t begun_size_ = 0;
  Fault fault_ = Fault::none;
  unsigned char faulty_byte_ = 0;
};

/// The name of a path in messages: `stdin` for `-`.
std::string csv_display_name(const std::filesystem::path& path);

}  // namespace deepmine::io
