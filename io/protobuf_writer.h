// Writes the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): a message is a row
// of fields, each a number and a value. Three kinds of values are all that an ONNX file needs: whole numbers
// as varints, 32-bit floats, and bytes with their length in front (texts, messages, packed lists).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace deepmine::io {

/// One message. Fields stand in the order in which they were written. Not thread-safe.
class ProtobufWriter {
 public:
  /// int32, int64, bool and enumerations; a negative number takes ten bytes, as the format wants it.
  void whole_number(int field, std::int64_t value);
  void number(int field, float value);
  /// string and bytes.
  void text(int field, std::string_view bytes);
  void message(int field, const ProtobufWriter& message) { text(field, message.bytes_); }
  /// A repeated field of whole numbers, packed into one; nothing is written for an empty list.
  void packed(int field, std::span<const std::int64_t> values);

  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value);
  void tag(int field, unsigned wire_type);

  std::string bytes_;
};

}  // namespace deepmine::io
