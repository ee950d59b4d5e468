#include "apps/line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "engine/nn/error.h"

namespace deepmine::apps {

/// False at the end.
bool LineReader::read_more() {
  constexpr std::size_t piece = std::size_t{64} << 10;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + piece);
  ssize_t got = 0;
  do got = ::read(descriptor_, buffer_.data() + before, piece);
  while (got < 0 && errno == EINTR);
  const int fault = errno;
  buffer_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got < 0)
    throw Error(ErrorCode::failure, "stdin can't be read: " + std::generic_category().message(fault));
  at_end_ = got == 0;
  return !at_end_;
}

LineReader::Outcome LineReader::next(std::string& line) {
  bool is_too_long = false;
  for (std::size_t searched = begin_;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const bool is_whole = end != std::string::npos;
    const std::size_t size = (is_whole ? end : buffer_.size()) - begin_;
    is_too_long = is_too_long || size > longest_;
    if (is_whole || at_end_) {
      if (!is_whole && size == 0 && !is_too_long) return Outcome::end;
      if (!is_too_long) line.assign(buffer_, begin_, size);
      begin_ = is_whole ? end + 1 : buffer_.size();
      return is_too_long ? Outcome::too_long : Outcome::line;
    }
    if (is_too_long) begin_ = buffer_.size();  // its end is still to come; what was read of it can go
    searched = buffer_.size() - begin_;        // as it will be when the buffer was moved to its beginning
    read_more();
  }
}

}  // namespace deepmine::apps
