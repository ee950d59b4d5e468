#include <doctest/doctest.h>

#include "lifecycle/store_format.h"
#include "tests/io/expect_error.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using deepmine::test::expect_error;

namespace {

const std::string digest(64, 'a');

Manifest sample() {
  return {{"beta", "weights", 12, digest}, {"alpha.json", "metadata_json", 0, digest}};
}

/// Every bit flip and every truncation of a text must be refused.
template <class Parse>
void expect_exhaustively_refused(std::string text, Parse&& parse) {
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      const char before = text[at];
      text[at] = static_cast<char>(before ^ (1 << bit));
      CAPTURE(text);
      CHECK_THROWS_AS(parse(text), Error);
      text[at] = before;
    }
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_THROWS_AS(parse(text.substr(0, size)), Error);
  CHECK_THROWS_AS(parse(text + "\n"), Error);
  parse(text);
}

}  // namespace

TEST_CASE("folder names of versions have twenty digits and come back") {
  CHECK(version_folder_name(42) == "00000000000000000042");
  CHECK(version_folder_name(~std::uint64_t{0}) == "18446744073709551615");
  CHECK(parse_version_folder_name("00000000000000000042") == Sequence{42});
  CHECK(parse_version_folder_name("18446744073709551615") == ~Sequence{0});
  for (const char* wrong : {"42", "", "00000000000000000000", "18446744073709551616", "0000000000000000004x",
                            "-0000000000000000042", "000000000000000000042"})
    CHECK_MESSAGE(!parse_version_folder_name(wrong), wrong);
}

TEST_CASE("CURRENT is one line with check digits") {
  const CurrentRecord record{7, digest, 6};
  const std::string text = format_current(record);
  CHECK(text.starts_with("00000000000000000007 " + digest + " 00000000000000000006 "));
  CHECK(text.size() == 20 + 1 + 64 + 1 + 20 + 1 + 16 + 1);
  CHECK(parse_current(text, "CURRENT") == record);
  expect_error(ErrorCode::model_damaged, "CURRENT: damaged", [] { parse_current("", "CURRENT"); });
  expect_exhaustively_refused(text, [](const std::string& t) { return parse_current(t, "CURRENT"); });
}

TEST_CASE("a manifest is sorted, comes back, and takes no change") {
  const std::string text = format_manifest(sample());
  const Manifest again = parse_manifest(text, "MANIFEST");
  REQUIRE(again.size() == 2);
  CHECK(again[0] == sample()[1]);
  CHECK(again[1] == sample()[0]);
  expect_exhaustively_refused(text, [](const std::string& t) { return parse_manifest(t, "MANIFEST"); });
}

TEST_CASE("a manifest names files of its own folder only") {
  for (const char* name :
       {"../CURRENT", "a/b", "", ".", "..", ".hidden", "MANIFEST", "two words", "line\nbreak"}) {
    CAPTURE(name);
    expect_error(ErrorCode::usage, "can't hold a file", [&] {
      (void)format_manifest({{name, "weights", 1, digest}});
    });
  }
  expect_error(ErrorCode::usage, "two files", [] {
    (void)format_manifest({{"a", "weights", 1, digest}, {"a", "weights", 1, digest}});
  });
}

TEST_CASE("newer formats are told from damage") {
  expect_error(ErrorCode::model_damaged, "made by a newer version of deepmine",
               [] { parse_manifest("deepmine manifest 2\nwhatever\n", "MANIFEST"); });
  expect_error(ErrorCode::model_damaged, "made by a newer version of deepmine",
               [] { check_store_text("deepmine store 2\n", "STORE"); });
  expect_error(ErrorCode::model_damaged, "damaged", [] { check_store_text("something else\n", "STORE"); });
  expect_exhaustively_refused(store_text(), [](const std::string& t) { check_store_text(t, "STORE"); });
}
