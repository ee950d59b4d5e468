#include "io/json_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/utf8.h"

namespace deepmine::io {
namespace {

bool stands_for_itself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

}  // namespace

void JsonWriter::new_line() {
  if (indent_ < 0) return;
  text_ += '\n';
  text_.append(static_cast<std::size_t>(indent_) * has_values_.size(), ' ');
}

/// What stands before a value: nothing behind its key, else a comma behind the value before.
void JsonWriter::separate() {
  if (after_key_ || has_values_.empty()) {
    after_key_ = false;
    return;
  }
  if (has_values_.back()) text_ += ',';
  has_values_.back() = true;
  new_line();
}

void JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
}

void JsonWriter::begin(char bracket) {
  separate();
  text_ += bracket;
  has_values_.push_back(false);
}

void JsonWriter::end(char bracket) {
  const bool has_values = has_values_.back();
  has_values_.pop_back();
  if (has_values) new_line();
  text_ += bracket;
}

void JsonWriter::key(std::string_view name) {
  separate();
  append_string(name);
  text_ += indent_ < 0 ? ":" : ": ";
  after_key_ = true;
}

void JsonWriter::value(double given) {
  if (!std::isfinite(given)) return null();
  std::array<char, 64> digits;
  const char* const end = nlohmann::detail::to_chars(digits.data(), digits.data() + digits.size(), given);
  raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void JsonWriter::value(std::string_view text) {
  separate();
  append_string(text);
}

void JsonWriter::append_string(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), stands_for_itself) && find_invalid_utf8(text) == text.size()) {
    text_ += '"';
    text_ += text;
    text_ += '"';
    return;
  }
  using Json = nlohmann::json;
  text_ += Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void JsonWriter::document(std::string_view json) {
  separate();
  for (const char c : json) {
    if (c == '\n')
      new_line();
    else
      text_ += c;
  }
}

}  // namespace deepmine::io
