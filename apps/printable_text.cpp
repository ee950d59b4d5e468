#include "apps/printable_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/utf8.h"

namespace deepmine::apps {
namespace {

bool is_hidden(char32_t c) {
  const auto in = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return c < 0x20 || in(0x7F, 0x9F) || c == 0xAD || c == 0x61C || in(0x200B, 0x200F) || in(0x2028, 0x202E) ||
         in(0x2060, 0x206F) || c == 0xFEFF || in(0xFFF9, 0xFFFB) || in(0xE0000, 0xE007F);
}

std::size_t length_of_sequence(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/// The code point of one valid sequence.
char32_t code_point(std::string_view sequence) {
  constexpr unsigned char marks[] = {0x7F, 0x1F, 0x0F, 0x07};
  auto value = static_cast<char32_t>(static_cast<unsigned char>(sequence[0]) & marks[sequence.size() - 1]);
  for (const char byte : sequence.substr(1))
    value = (value << 6) | (static_cast<unsigned char>(byte) & char32_t{0x3F});
  return value;
}

void append_valid(std::string& shown, std::string_view text) {
  while (!text.empty()) {
    const std::string_view sequence =
        text.substr(0, length_of_sequence(static_cast<unsigned char>(text.front())));
    const char32_t c = code_point(sequence);
    const bool looks_escaped = text.starts_with("\\u{") || text.starts_with("\\x{");
    if (is_hidden(c))
      shown += fmt::format("\\u{{{:02X}}}", static_cast<unsigned>(c));
    else
      shown.append(looks_escaped ? "\\" : "").append(sequence);
    text.remove_prefix(sequence.size());
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t valid = io::find_invalid_utf8(text);
    append_valid(shown, text.substr(0, valid));
    if (valid == text.size()) break;
    shown += fmt::format("\\x{{{:02X}}}", static_cast<unsigned>(static_cast<unsigned char>(text[valid])));
    text.remove_prefix(valid + 1);
  }
  return shown;
}

std::string wrapped(std::string_view first, std::string_view text, std::size_t width) {
  const std::size_t indent = io::count_characters(first);
  std::string lines(first);
  std::size_t column = indent;
  bool line_is_empty = true;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    const std::size_t length = io::count_characters(word);
    if (!line_is_empty && column + 1 + length > width) {
      lines.append("\n").append(indent, ' ');
      column = indent;
      line_is_empty = true;
    }
    if (!line_is_empty) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += length;
    line_is_empty = false;
  }
  return lines + "\n";
}

}  // namespace deepmine::apps
