// A table of text with aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apps/terminal.h"

namespace deepmine::apps {

enum class Align { left, right };

class TextTable {
 public:
  TextTable(std::vector<std::string> header, std::vector<Align> alignment);
  /// As many cells as the header has.
  void add(std::vector<std::string> row);
  /// Header, a rule, the rows; two spaces between columns, none at the ends of lines. Widths count characters
  /// (UTF-8). `bold_header` for terminals with colour. Rows are as long as they are; the rule ends where the
  /// page does.
  std::string text(bool bold_header = false, int widest_rule = page_width()) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
  std::vector<Align> alignment_;
};

}  // namespace deepmine::apps
