#include "io/json_syntax.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/utf8.h"

namespace deepmine::io {
namespace {

/// What a part of the parser's message means; the first that it holds counts.
struct Wording {
  std::string_view part, meaning;
};

// Faults inside a text or a number: they say all there is to say.
constexpr Wording faults[] = {
    {"missing closing quote", "the text in quotes has no closing quote"},
    {"control character",
     "the text in quotes goes on over the end of the line (or has a control character in "
     "it): is its closing quote missing?"},
    {"invalid number", "a number is not written as JSON has it (1.5, 0.5, -2 or 1e-3)"},
    {"must be followed by 4 hex digits", "\\u in a text needs four hexadecimal digits"},
    {"forbidden character after backslash", "a backslash in a text is written twice: \\\\"},
    {"surrogate", "a \\u in a text stands for half a character"},
    {"ill-formed UTF-8", "the text is not UTF-8; save the file as UTF-8"},
    {"number overflow", "a number is too large"},
};

// What may stand at a place where something else was found.
constexpr Wording expectations[] = {
    {"; expected end of input", "nothing behind the end of the JSON"},
    {"; expected string literal", "a name in quotes"},
    {"; expected ':'", "':' behind the name"},
    {"; expected '}'", "',' or '}'"},
    {"; expected ']'", "',' or ']'"},
};
constexpr std::string_view value = "a value (a number, a text in \"quotes\", true, false, null, [ or {)";

const Wording* find(std::string_view message, const Wording* begin, const Wording* end) {
  return std::find_if(begin, end, [&](const Wording& wording) {
    return message.find(wording.part) != std::string_view::npos;
  });
}

/// The parser stands at the last character of what it did not expect; the first is where people look.
std::size_t token_begin(std::string_view text, std::size_t offset, std::string_view message) {
  if (offset >= text.size()) return offset;
  const std::string_view before = text.substr(0, offset);
  if (message.find("unexpected string literal") != std::string_view::npos) {
    std::size_t quote = before.rfind('"');
    while (quote != std::string_view::npos && quote > 0 && before[quote - 1] == '\\')
      quote = before.rfind('"', quote - 1);
    return quote == std::string_view::npos ? offset : quote;
  }
  const bool is_word = message.find("unexpected number literal") != std::string_view::npos ||
                       message.find("unexpected true literal") != std::string_view::npos ||
                       message.find("unexpected false literal") != std::string_view::npos ||
                       message.find("unexpected null literal") != std::string_view::npos;
  return is_word ? before.find_last_of(" \t\r\n,:[]{}\"") + 1 : offset;  // npos + 1 is 0
}

/// What stands there, in quotes: all of it where it is short, else the character that begins there.
std::string found_at(std::string_view text, std::size_t offset, std::size_t end) {
  constexpr std::size_t longest = 24;
  if (offset >= text.size()) return "the end";
  if (text[offset] == '\n' || text[offset] == '\r') return "the end of the line";
  std::size_t length = end - offset <= longest ? end - offset : 1;
  while (length < longest + 4 && offset + length < text.size() && (text[offset + length] & 0xC0) == 0x80)
    ++length;
  return fmt::format("'{}'", text.substr(offset, length));
}

/// The slips that people make most often.
std::string_view hint_for(std::string_view text, std::size_t offset) {
  const char found = offset < text.size() ? text[offset] : '\0';
  const std::size_t before = text.substr(0, offset).find_last_not_of(" \t\r\n");
  const bool behind_comma = before != std::string_view::npos && text[before] == ',';
  if ((found == '}' || found == ']') && behind_comma) return "; take away the comma before it";
  if (found == '\'') return "; JSON has \" as its only quote";
  if (found == '/' || found == '#') return "; JSON has no comments";
  return "";
}

}  // namespace

JsonFault describe_json_fault(std::string_view text, std::size_t byte, std::string_view parser_message) {
  const std::size_t last = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const std::size_t offset = token_begin(text, last, parser_message);
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  JsonFault fault;
  fault.line += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  fault.column += count_characters(before.substr(line_begin));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    fault.problem = "is empty; expected JSON";
  } else if (const auto* inside = find(parser_message, std::begin(faults), std::end(faults));
             inside != std::end(faults)) {
    fault.problem = inside->meaning;
  } else {
    const auto* place = find(parser_message, std::begin(expectations), std::end(expectations));
    fault.problem =
        fmt::format("expected {}, found {}{}", place != std::end(expectations) ? place->meaning : value,
                    found_at(text, offset, last + 1), hint_for(text, offset));
  }
  return fault;
}

}  // namespace deepmine::io
