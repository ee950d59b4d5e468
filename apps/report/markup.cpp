#include "apps/report/markup.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/printable_text.h"

namespace deepmine::apps::report {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : printable(text)) switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  return safe;
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  const std::string text = fmt::format("{:.{}f}", value, decimals);
  return text.find_first_not_of("-0.") == std::string::npos && text.starts_with('-') ? text.substr(1) : text;
}

std::string percent(double part, int decimals) {
  return std::isfinite(part) ? fixed(100 * part, decimals) + " %" : "–";
}

std::string short_number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "";
}

std::string coordinate(double value) {
  std::string text = fixed(value, 2);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string paragraph(std::string_view text, std::string_view kind) {
  const std::string attribute = kind.empty() ? "" : fmt::format(" class=\"{}\"", kind);
  return fmt::format("<p{}>{}</p>\n", attribute, escaped(text));
}

std::string row(std::initializer_list<std::string> cells) {
  std::string text = "<tr>";
  bool is_first = true;
  for (const std::string& cell : cells) {
    text += is_first ? "<th scope=\"row\">" + cell + "</th>" : "<td>" + cell + "</td>";
    is_first = false;
  }
  return text + "</tr>\n";
}

std::string header_row(std::initializer_list<std::string_view> cells) {
  std::string text = "<tr>";
  for (const std::string_view cell : cells) text += fmt::format("<th scope=\"col\">{}</th>", escaped(cell));
  return text + "</tr>\n";
}

}  // namespace deepmine::apps::report
