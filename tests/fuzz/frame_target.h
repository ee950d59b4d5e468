// The four kinds of framed files are fuzzed alike: bytes that begin as a file does are completed to one whose
// length and hash are right, so that the fuzzer gets past both; any other bytes go straight to the decoder of
// the payload, and then as the payload of a sound frame to the reader of the whole file.
#pragma once

#include "io/bounded_archive.h"
#include "io/frame.h"
#include "io/sha256.h"
#include "tests/fuzz/target.h"

namespace deepmine::fuzz {

/// The run that the metadata of the corpus belong to: their model id must be that of the frame.
inline constexpr io::RunId run_of_corpus{0xde, 0xee, 1};

template <class Format>
void read_whole_file(const std::string& bytes) {
  std::string again;
  if (!accepts([&] { again = Format::write(Format::parse(bytes, "fuzz")); })) return;
  // A file of an earlier version is written as one of today's.
  constexpr std::size_t schema_version_at = 16;
  const bool of_today = static_cast<unsigned char>(bytes[schema_version_at]) == Format::schema_version;
  require((of_today ? bytes : Format::write(Format::parse(again, "fuzz"))) == again,
          "a file has one encoding only");
}

inline std::string with_hash(std::string bytes) {
  const io::Sha256Digest digest = io::sha256(bytes);
  return bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

/// The field of the header that says how long the payload is.
inline std::string with_length(std::string bytes) {
  constexpr std::size_t length_at = 24;
  const std::uint64_t payload = bytes.size() - io::frame_header_size;
  for (std::size_t i = 0; i < 8; ++i) bytes[length_at + i] = static_cast<char>((payload >> (8 * i)) & 0xff);
  return bytes;
}

/// `Format` has `Payload`, `kind`, `schema_version`, `parse(bytes, source)` and `write(value)`.
template <class Format>
int fuzz_frame(std::string_view input) {
  using Payload = typename Format::Payload;
  if (input.size() >= io::frame_header_size && input.starts_with("\x89"
                                                                 "DMS")) {
    const std::string bytes(input);
    read_whole_file<Format>(bytes);
    read_whole_file<Format>(with_hash(bytes));
    read_whole_file<Format>(with_hash(with_length(bytes)));
    return 0;
  }
  Payload payload{};
  if (!accepts([&] { payload = io::decode<Payload>(input, "fuzz"); })) return 0;
  require(io::encode(payload) == input, "a payload has one encoding only");
  read_whole_file<Format>(io::make_frame(Format::kind, Format::schema_version, run_of_corpus, input));
  return 0;
}

}  // namespace deepmine::fuzz
