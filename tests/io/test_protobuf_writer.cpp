// The bytes are those of the format's own document (protobuf.dev/programming-guides/encoding), where it has
// an example.
#include <doctest/doctest.h>

#include <array>

#include "io/protobuf_writer.h"

using deepmine::io::ProtobufWriter;

namespace {

std::string hexadecimal(const ProtobufWriter& writer) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const char c : writer.bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += digits[byte / 16U];
    text += digits[byte % 16U];
  }
  return text;
}

}  // namespace

TEST_CASE("protobuf: whole numbers are varints, negative ones of ten bytes") {
  ProtobufWriter writer;
  writer.whole_number(1, 150);
  CHECK(hexadecimal(writer) == "08 96 01");
  ProtobufWriter edges;
  edges.whole_number(1, 0);
  edges.whole_number(1, 127);
  edges.whole_number(1, 128);
  CHECK(hexadecimal(edges) == "08 00 08 7f 08 80 01");
  ProtobufWriter negative;
  negative.whole_number(1, -2);
  CHECK(hexadecimal(negative) == "08 fe ff ff ff ff ff ff ff ff 01");
}

TEST_CASE("protobuf: texts and messages have their length in front, tags above 15 have two bytes") {
  ProtobufWriter text;
  text.text(2, "testing");
  CHECK(hexadecimal(text) == "12 07 74 65 73 74 69 6e 67");
  ProtobufWriter inner, outer;
  inner.whole_number(1, 150);
  outer.message(3, inner);
  CHECK(hexadecimal(outer) == "1a 03 08 96 01");
  ProtobufWriter far;
  far.whole_number(20, 7);
  far.text(16, "");
  CHECK(hexadecimal(far) == "a0 01 07 82 01 00");
  ProtobufWriter longer;
  longer.text(1, std::string(200, 'x'));
  CHECK(longer.bytes().size() == 1 + 2 + 200);
}

TEST_CASE("protobuf: lists of numbers are packed, floats are little-endian") {
  ProtobufWriter list;
  list.packed(6, std::array<std::int64_t, 3>{3, 270, 86942});
  CHECK(hexadecimal(list) == "32 06 03 8e 02 9e a7 05");
  ProtobufWriter empty;
  empty.packed(6, {});
  CHECK(empty.bytes().empty());
  ProtobufWriter number;
  number.number(2, 1.5F);
  CHECK(hexadecimal(number) == "15 00 00 c0 3f");
}
