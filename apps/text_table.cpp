#include "apps/text_table.h"

#include <algorithm>
#include <cassert>

#include "io/utf8.h"

namespace deepmine::apps {
namespace {

std::string aligned(const std::string& cell, std::size_t width, Align align) {
  const std::string padding(width - io::count_characters(cell), ' ');
  return align == Align::left ? cell + padding : padding + cell;
}

void trim_end(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header, std::vector<Align> alignment)
    : alignment_(std::move(alignment)) {
  assert(header.size() == alignment_.size());
  rows_.push_back(std::move(header));
}

void TextTable::add(std::vector<std::string> row) {
  assert(row.size() == alignment_.size());
  rows_.push_back(std::move(row));
}

std::string TextTable::text(bool bold_header, int widest_rule) const {
  std::vector<std::size_t> widths(alignment_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], io::count_characters(row[column]));
  std::string text;
  std::size_t rule = 0;
  for (const std::size_t width : widths) rule += width + 2;
  for (std::size_t index = 0; index < rows_.size(); ++index) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column)
      line += (column > 0 ? "  " : "") + aligned(rows_[index][column], widths[column], alignment_[column]);
    trim_end(line);
    const bool bold = index == 0 && bold_header;
    text += (bold ? "\x1b[1m" : "") + line + (bold ? "\x1b[0m" : "") + "\n";
    if (index == 0)
      text += std::string(std::min(rule - 2, static_cast<std::size_t>(widest_rule)), '-') + "\n";
  }
  return text;
}

}  // namespace deepmine::apps
