// JSON as it is written, without a tree of it in memory. The bytes are those that nlohmann-json's dump()
// makes of the same values. Its trees ask for memory even while they are taken down, and end the program
// where there is none left: what programs around the library ask for by the line is not made of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::io {

/// Not thread-safe. Values of an object follow their key; begin and end must match.
class JsonWriter {
 public:
  /// `indent`: blanks a level, a line for each value; less than 0: all in one line.
  explicit JsonWriter(int indent) : indent_(indent) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_list() { begin('['); }
  void end_list() { end(']'); }
  void key(std::string_view name);

  void null() { raw("null"); }
  void value(bool given) { raw(given ? "true" : "false"); }
  void value(int given) { raw(std::to_string(given)); }
  /// null where it is not finite; else the shortest digits that read back to the same bits.
  void value(double given);
  /// Bytes that are no UTF-8 become U+FFFD.
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  /// JSON that was written without indentation of its own; its lines get ours.
  void document(std::string_view json);

  std::string take() { return std::move(text_); }

 private:
  void raw(std::string_view json);
  void begin(char bracket);
  void end(char bracket);
  void separate();
  void new_line();
  void append_string(std::string_view text);

  int indent_;
  std::string text_;
  std::vector<bool> has_values_;  ///< of each open object and list
  bool after_key_ = false;
};

}  // namespace deepmine::io
