// UTF-8: where a text stops being valid, and how many characters it has.
#pragma once

#include <cstddef>
#include <string_view>

namespace deepmine::io {

/// The offset of the first byte that is not part of a valid, shortest-form UTF-8 sequence (Unicode 15, table
/// 3-7) or that is NUL; the size of the text if there is none. Plain ASCII goes 64 bytes at a time.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// The number of code points of valid UTF-8.
std::size_t count_characters(std::string_view text) noexcept;

}  // namespace deepmine::io
