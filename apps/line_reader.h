// Lines of a file descriptor as they come: none is waited for once it is whole.
#pragma once

#include <cstddef>
#include <string>

namespace deepmine::apps {

/// Not thread-safe.
class LineReader {
 public:
  enum class Outcome { line, too_long, end };

  LineReader(int descriptor, std::size_t longest) : descriptor_(descriptor), longest_(longest) {}

  /// The next line, without its line feed; the last one need not have one. Of a line that is too long nothing
  /// is kept, and the next call goes on behind it. Throws Error{failure} if it can't be read.
  Outcome next(std::string& line);

 private:
  bool read_more();

  int descriptor_;
  std::size_t longest_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool at_end_ = false;
};

}  // namespace deepmine::apps
