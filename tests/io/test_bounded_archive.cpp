#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "io/bounded_archive.h"
#include "tests/io/allocation_count.h"
#include "tests/io/expect_error.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

// ---- a format with everything in it

namespace {

enum class Colour { red, green, blue };

struct Leaf {
  std::string name;
  double weight = 0;
  bool operator==(const Leaf&) const = default;
};
template <class Archive>
void serialize(Archive& archive, Leaf& leaf) {
  archive(leaf.name, leaf.weight);
}

struct Tree {
  bool flag = false;
  std::int8_t small = 0;
  std::uint16_t word = 0;
  std::int64_t large = 0;
  float single = 0;
  Colour colour = Colour::red;
  std::array<std::int32_t, 2> pair{};
  std::vector<float> numbers;
  std::vector<bool> bits;
  std::vector<Leaf> leaves;
  std::vector<std::vector<std::string>> nested;
  std::map<std::string, std::map<std::string, double>> table;
  std::optional<Leaf> perhaps;
  bool operator==(const Tree&) const = default;
};
template <class Archive>
void serialize(Archive& archive, Tree& tree) {
  auto colour = enumeration(tree.colour, 3);
  archive(tree.flag, tree.small, tree.word, tree.large, tree.single, colour, tree.pair, tree.numbers,
          tree.bits, tree.leaves, tree.nested, tree.table, tree.perhaps);
}

/// A type that contains itself: only its encoding says how deep it goes.
struct Chain {
  std::vector<Chain> next;
};
template <class Archive>
void serialize(Archive& archive, Chain& chain) {
  archive(chain.next);
}

Tree sample() {
  Tree tree;
  tree.flag = true;
  tree.small = -3;
  tree.word = 0xBEEF;
  tree.large = -1234567890123;
  tree.single = 0.1f;
  tree.colour = Colour::blue;
  tree.pair = {1, -1};
  tree.numbers = {1.5f, -0.0f, 3e38f};
  tree.bits = {true, false, true};
  tree.leaves = {{"a", 1}, {"", 2}};
  tree.nested = {{"x", "yy"}, {}, {"zzz"}};
  tree.table = {{"current", {{"accuracy", 0.5}}}, {"future", {}}};
  tree.perhaps = Leaf{"maybe", 3};
  return tree;
}

std::string size_tag(std::uint64_t size) {
  return encode(size);
}

template <class Value>
void expect_refused(const std::string& bytes, const std::string& part) {
  expect_error(ErrorCode::model_damaged, part, [&] { (void)decode<Value>(bytes, "hostile"); });
  expect_error(ErrorCode::model_damaged, "hostile: ", [&] { (void)decode<Value>(bytes, "hostile"); });
}

}  // namespace

TEST_CASE("values come back as they were, and encode to the same bytes again") {
  const std::string bytes = encode(sample());
  const Tree again = decode<Tree>(bytes, "tree");
  CHECK(again == sample());
  CHECK(encode(again) == bytes);
}

TEST_CASE("the encoding is little-endian with fixed widths and nothing else") {
  CHECK(encode(std::uint32_t{0x01020304}) == std::string("\x04\x03\x02\x01"));
  CHECK(encode(true) == std::string("\x01"));
  CHECK(encode(1.0f) == std::string("\x00\x00\x80\x3f", 4));
  CHECK(encode(std::string("hi")) == std::string("\x02\0\0\0\0\0\0\0hi", 10));
  CHECK(encode(std::vector<std::uint16_t>{1, 2}) == std::string("\x02\0\0\0\0\0\0\0\x01\0\x02\0", 12));
  CHECK(encode(std::map<std::string, bool>{{"k", true}}) ==
        std::string("\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0k\x01", 18));
  CHECK(encode(Leaf{"", 0}).size() == 16);
}

TEST_CASE("the bits of a number survive, NaN and its payload included") {
  const auto bits = std::uint64_t{0x7ff4dead0000beef};  // a signalling NaN
  const std::string bytes = encode(std::vector<double>{std::bit_cast<double>(bits), -0.0});
  const auto again = decode<std::vector<double>>(bytes, "numbers");
  CHECK(std::bit_cast<std::uint64_t>(again[0]) == bits);
  CHECK(std::signbit(again[1]));
}

TEST_CASE("every truncation is refused") {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS((void)decode<Tree>(std::string_view(bytes).substr(0, size), "tree"), Error);
  }
}

TEST_CASE("whatever one byte becomes, the answer is a value that encodes to these bytes, or an Error") {
  std::string bytes = encode(sample());
  std::size_t accepted = 0, refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      const char before = std::exchange(bytes[at], static_cast<char>(value));
      try {
        if (encode(decode<Tree>(bytes, "tree")) != bytes) FAIL_CHECK("byte " << at << " := " << value);
        ++accepted;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::model_damaged) FAIL_CHECK(error.what());
        ++refused;
      }
      bytes[at] = before;
    }
  CHECK(accepted > bytes.size());
  CHECK(refused > 10000);
}

TEST_CASE("rubbish of up to 1 KiB is refused quickly and in little memory") {
  std::uint64_t state = 1;
  const auto start = std::chrono::steady_clock::now();
  std::size_t most = 0;
  constexpr int files = 2000;
  for (int file = 0; file < files; ++file) {
    std::string bytes(static_cast<std::size_t>(file) % 1024, '\0');
    for (char& byte : bytes) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      // Mostly small values: rubbish that gets somewhere.
      byte = static_cast<char>((state >> 60) < 12 ? (state >> 40) & 3 : state >> 56);
    }
    const std::size_t before = allocated_bytes();
    try {
      (void)decode<Tree>(bytes, "rubbish");
    } catch (const Error&) {
    }
    most = std::max(most, allocated_bytes() - before);
  }
  CHECK(most <= 3 * 1024 + (1 << 20));
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  CHECK(time.count() / files < 10);
}

TEST_CASE("a few bytes that announce a great deal are refused before memory is taken") {
  const auto measure = [](auto&& call) {
    const std::size_t before = allocated_bytes();
    call();
    CHECK(allocated_bytes() - before < (1 << 20));
  };
  for (const std::uint64_t count : {std::uint64_t{10}, std::uint64_t{1} << 30, std::uint64_t{1} << 61,
                                    std::uint64_t{1} << 62, ~std::uint64_t{0}, (~std::uint64_t{0}) / 4 + 1}) {
    CAPTURE(count);
    const std::string bytes = size_tag(count) + "12345678" + "9";  // 17 bytes
    measure([&] { expect_refused<std::string>(bytes, "bytes remain"); });
    measure([&] { expect_refused<std::vector<float>>(bytes, "bytes remain"); });
    measure([&] { expect_refused<std::vector<Leaf>>(bytes, "bytes remain"); });
    measure([&] { expect_refused<std::vector<std::vector<std::string>>>(bytes, "bytes remain"); });
    measure([&] { expect_refused<std::map<std::string, double>>(bytes, "bytes remain"); });
    measure([&] { expect_refused<std::vector<bool>>(bytes, "bytes remain"); });
  }
}

TEST_CASE("elements that are small on disk and large in memory are held to the budget") {
  // 100,000 structures at one byte each would be 4 MB of Leaf from 100 KB.
  const std::string bytes = size_tag(100000) + std::string(100000, '\0');
  const std::size_t before = allocated_bytes();
  expect_refused<std::vector<Leaf>>(bytes, "more memory than a sound file needs");
  CHECK(allocated_bytes() - before < (1 << 20));
}

TEST_CASE("depth is limited") {
  std::string shallow, deep;
  for (int i = 0; i < 10; ++i) shallow += size_tag(1);
  for (int i = 0; i < 50000; ++i) deep += size_tag(1);
  CHECK(decode<Chain>(shallow + size_tag(0), "chain").next.size() == 1);
  expect_refused<Chain>(deep + size_tag(0), "nested too deeply");
}

TEST_CASE("values that mean nothing are refused") {
  expect_refused<bool>("\x02", "expected 0 or 1, found 2");
  expect_refused<std::vector<bool>>(size_tag(1) + "\x02", "expected 0 or 1");
  expect_refused<std::optional<bool>>("\x02", "expected 0 or 1");
  expect_refused<std::uint16_t>("123", "1 bytes are left over");
  expect_refused<std::uint16_t>("", "expected 2 more bytes, found 0");
  const std::string a = size_tag(1) + "a\x01", b = size_tag(1) + "b\x01";
  using Map = std::map<std::string, bool>;
  CHECK(decode<Map>(size_tag(2) + a + b, "map").size() == 2);
  expect_refused<Map>(size_tag(2) + b + a, "not ascending");
  expect_refused<Map>(size_tag(2) + a + a, "not ascending");
}

TEST_CASE("an enumeration takes only its own values") {
  Tree tree;
  std::string bytes = encode(tree);
  constexpr std::size_t colour_at = 1 + 1 + 2 + 8 + 4;
  bytes[colour_at] = 2;
  CHECK(decode<Tree>(bytes, "tree").colour == Colour::blue);
  bytes[colour_at] = 3;
  expect_refused<Tree>(bytes, "found choice 3, expected at most 2");
  bytes[colour_at] = static_cast<char>(200);
  expect_refused<Tree>(bytes, "found choice 200");
}
