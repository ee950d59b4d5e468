#include <doctest/doctest.h>

#include "io/atomic_file.h"
#include "io/frame.h"
#include "io/sha256.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

namespace {

const RunId run_id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::string sample() {
  return make_frame(FrameKind::weights, 3, run_id, "the payload");
}

/// The frame with one byte changed and its hash made right again: what a damaged medium can't do, but a
/// writer can.
std::string with_byte(std::size_t at, char value) {
  std::string bytes = sample();
  bytes[at] = value;
  bytes.resize(bytes.size() - frame_hash_size);
  const Sha256Digest digest = sha256(bytes);
  return bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

void expect_refused(const std::string& bytes, const std::string& part) {
  expect_error(ErrorCode::model_damaged,
               "file.bin: ", [&] { parse_frame(bytes, FrameKind::weights, 3, "file.bin"); });
  expect_error(ErrorCode::model_damaged, part,
               [&] { parse_frame(bytes, FrameKind::weights, 3, "file.bin"); });
}

}  // namespace

TEST_CASE("a frame gives back its payload, run and version") {
  const std::string bytes = sample();
  CHECK(bytes.size() == 64 + 11 + 32);
  const Frame frame = parse_frame(bytes, FrameKind::weights, 3, "file.bin");
  CHECK(frame.payload == "the payload");
  CHECK(frame.schema_version == 3);
  CHECK(frame.run_id == run_id);
  CHECK(parse_frame(bytes, FrameKind::weights, 9, "file.bin").schema_version == 3);
  CHECK(parse_frame(make_frame(FrameKind::metadata, 1, {}, ""), FrameKind::metadata, 1, "empty")
            .payload.empty());
}

TEST_CASE("the layout is the documented one") {
  const std::string bytes = sample();
  CHECK(bytes.substr(0, 8) ==
        "\x89"
        "DMS\r\n\x1a\n");
  CHECK(bytes.substr(8, 24) == std::string("\1\0\0\0"
                                           "\1\0\0\0"
                                           "\3\0\0\0"
                                           "\0\0\0\0"
                                           "\13\0\0\0\0\0\0\0",
                                           24));
  CHECK(bytes.substr(32, 16) == std::string("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20"));
  CHECK(bytes.substr(48, 16) == std::string(16, '\0'));
  CHECK(bytes.substr(64, 11) == "the payload");
}

TEST_CASE("every single-bit flip is refused") {
  std::string bytes = sample();
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      CAPTURE(at);
      CHECK_THROWS_AS(parse_frame(bytes, FrameKind::weights, 3, "flipped"), Error);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    }
}

TEST_CASE("every truncation is refused as one, and every byte too many") {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) expect_refused(bytes.substr(0, size), "truncated");
  expect_refused(bytes + '\0', "1 bytes stand behind the end");
  expect_refused(bytes + bytes, "behind the end");
}

TEST_CASE("what is wrong is said") {
  expect_refused("stope_name,rqd,hr,depth\nA,1,2,3\n", "not a file of deepmine");
  expect_refused(std::string(200, '\0'), "not a file of deepmine");
  std::string unix_text = sample(), dos_text = sample(), seven_bits = sample();
  unix_text.erase(4, 1);
  expect_refused(unix_text, "text mode");
  dos_text.insert(5, "\r");
  expect_refused(dos_text, "text mode");
  seven_bits[0] = 9;
  expect_refused(seven_bits, "text mode");
  expect_refused("\xc2" + sample(), "text mode");

  expect_refused(with_byte(8, 2),
                 "made by a newer version of deepmine (frame version 2, this program reads 1)");
  expect_refused(with_byte(8, 0), "frame version 0");
  expect_refused(with_byte(12, 2), "expected a file of weights, found one of components");
  expect_refused(with_byte(12, 77), "found one of unknown (kind 77)");
  expect_refused(with_byte(16, 4),
                 "made by a newer version of deepmine (weights version 4, this program reads up to 3)");
  expect_refused(with_byte(16, 0), "weights version 0");
  expect_refused(with_byte(20, 1), "newer version of deepmine (unknown flags)");
  expect_refused(with_byte(24, 10), "1 bytes stand behind the end");
  expect_refused(with_byte(24, 12), "truncated");
  expect_refused(with_byte(31, -1), "truncated");  // a length near 2^64
  expect_refused(with_byte(50, 1), "reserved");
  std::string changed = sample();
  changed[70] ^= 1;
  expect_refused(changed, "SHA-256");
}

TEST_CASE("a file that is missing is told from one that is damaged") {
  TemporaryFolder folder;
  expect_error(ErrorCode::model_missing, "weights: is not there",
               [&] { read_frame_file(folder / "weights", FrameKind::weights); });
  expect_error(ErrorCode::model_damaged, "regular file",
               [&] { read_frame_file(folder.path(), FrameKind::weights); });
  write_file_atomically(folder / "weights", sample());
  CHECK(read_frame_file(folder / "weights", FrameKind::weights) == sample());
  // Larger than any sound file: refused by its size, without reading it.
  std::filesystem::resize_file(folder / "weights", std::uint64_t{65} << 20);
  expect_error(ErrorCode::model_damaged, "expected at most",
               [&] { read_frame_file(folder / "weights", FrameKind::metadata); });
}
