#include "io/protobuf_writer.h"

#include <bit>

namespace deepmine::io {
namespace {

constexpr unsigned wire_varint = 0, wire_length_delimited = 2, wire_32_bit = 5;

}  // namespace

void ProtobufWriter::varint(std::uint64_t value) {
  constexpr std::uint64_t more = 0x80;
  for (; value >= more; value >>= 7U) bytes_ += static_cast<char>((value & 0x7fU) | more);
  bytes_ += static_cast<char>(value);
}

void ProtobufWriter::tag(int field, unsigned wire_type) {
  varint(static_cast<std::uint64_t>(field) << 3U | wire_type);
}

void ProtobufWriter::whole_number(int field, std::int64_t value) {
  tag(field, wire_varint);
  varint(static_cast<std::uint64_t>(value));
}

void ProtobufWriter::number(int field, float value) {
  tag(field, wire_32_bit);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xffU);
}

void ProtobufWriter::text(int field, std::string_view bytes) {
  tag(field, wire_length_delimited);
  varint(bytes.size());
  bytes_ += bytes;
}

void ProtobufWriter::packed(int field, std::span<const std::int64_t> values) {
  if (values.empty()) return;
  ProtobufWriter list;
  for (const std::int64_t value : values) list.varint(static_cast<std::uint64_t>(value));
  text(field, list.bytes_);
}

}  // namespace deepmine::io
