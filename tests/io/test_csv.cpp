#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/csv.h"

using namespace deepmine;
using io::CsvError;
using io::CsvReader;
using io::CsvText;

namespace {

using Table = std::vector<std::vector<std::string>>;

/// Header and rows.
Table read_table(const std::string& text) {
  CsvReader reader("t.csv", CsvText::copy_of(text));
  Table table{reader.header()};
  while (reader.next_row()) {
    table.emplace_back();
    for (std::size_t column = 0; column < reader.header().size(); ++column)
      table.back().emplace_back(reader[column]);
  }
  CHECK(reader.row_count() == table.size() - 1);
  return table;
}

/// "code line:column" of the fault that reading the text to its end meets; "none" if there is none.
std::string fault(const std::string& text) {
  try {
    read_table(text);
  } catch (const CsvError& error) {
    CHECK(error.code() == ErrorCode::data_invalid);
    CHECK(std::string(error.what()).starts_with("t.csv"));
    return error.issue_code() + " " + std::to_string(error.where().line) + ":" +
           std::to_string(error.where().column);
  }
  return "none";
}

}  // namespace

// The cases of csv-spectrum (github.com/max-mapper/csv-spectrum), written anew.
TEST_CASE("the csv-spectrum cases are read as they are meant") {
  const struct {
    const char* name;
    std::string text;
    Table expected;
  } cases[] = {
      {"simple", "a,b,c\n1,2,3\n", {{"a", "b", "c"}, {"1", "2", "3"}}},
      {"simple_crlf", "a,b,c\r\n1,2,3\r\n", {{"a", "b", "c"}, {"1", "2", "3"}}},
      {"comma_in_quotes",
       "first,last,address\nJohn,Doe,\"120 any st., Anytown, WW\"\n",
       {{"first", "last", "address"}, {"John", "Doe", "120 any st., Anytown, WW"}}},
      {"empty", "a,b,c\n1,\"\",\"\"\n2,3,4\n", {{"a", "b", "c"}, {"1", "", ""}, {"2", "3", "4"}}},
      {"empty_crlf", "a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n", {{"a", "b", "c"}, {"1", "", ""}, {"2", "3", "4"}}},
      {"escaped_quotes",
       "a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n",
       {{"a", "b"}, {"1", "ha \"ha\" ha"}, {"3", "4"}}},
      {"json",
       "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [102.0, 0.5]}\"\n",
       {{"key", "val"}, {"1", "{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}"}}},
      {"newlines",
       "a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n",
       {{"a", "b", "c"}, {"1", "2", "3"}, {"Once upon \na time", "5", "6"}, {"7", "8", "9"}}},
      {"newlines_crlf",
       "a,b,c\r\n1,2,3\r\n\"Once upon \r\na time\",5,6\r\n7,8,9\r\n",
       {{"a", "b", "c"}, {"1", "2", "3"}, {"Once upon \r\na time", "5", "6"}, {"7", "8", "9"}}},
      {"quotes_and_newlines",
       "a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n",
       {{"a", "b"}, {"1", "ha \n\"ha\" \nha"}, {"3", "4"}}},
      {"utf8", "a,b,c\n1,2,3\n4,5,ʤ\n", {{"a", "b", "c"}, {"1", "2", "3"}, {"4", "5", "ʤ"}}},
      {"location_coordinates",
       "Contact Phone Number,Location Coordinates,Cities\n(1) 2,\"1, 2, 3\",x\n",
       {{"Contact Phone Number", "Location Coordinates", "Cities"}, {"(1) 2", "1, 2, 3", "x"}}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    CHECK(read_table(one.text) == one.expected);
    // A byte-order mark and a last line without its end change nothing.
    CHECK(read_table("\xEF\xBB\xBF" + one.text) == one.expected);
    std::string without_end = one.text.substr(0, one.text.find_last_not_of("\r\n") + 1);
    CHECK(read_table(without_end) == one.expected);
  }
}

TEST_CASE("what RFC 4180 leaves open is decided") {
  CHECK(read_table("a,b\n") == Table{{"a", "b"}});
  CHECK(read_table("a,b") == Table{{"a", "b"}});
  CHECK(read_table("a,b\n1,2\n\n\r\n\n") == Table{{"a", "b"}, {"1", "2"}});  // empty lines at the end
  CHECK(read_table("a\n\n1\n") == Table{{"a"}, {""}, {"1"}});  // one column: an empty line is a row
  CHECK(read_table("a,b\n1,2\r\n3,4\n") == Table{{"a", "b"}, {"1", "2"}, {"3", "4"}});
  CHECK(read_table("a,b\n 1 ,\n") == Table{{"a", "b"}, {" 1 ", ""}});  // spaces belong to the field
  CHECK(read_table("\"a\"\"1\",b\n\"\"\"\",\"\"\n") == Table{{"a\"1", "b"}, {"\"", ""}});
  CHECK(read_table("a,b\n\"x\ry\",1\n") == Table{{"a", "b"}, {"x\ry", "1"}});
}

TEST_CASE("every malformed file is refused with its line and column") {
  const struct {
    std::string text, expected;
  } cases[] = {
      {"", "empty_file 0:0"},
      {"\xEF\xBB\xBF", "empty_file 0:0"},
      {"a;b;c\n1;2;3\n", "wrong_separator 1:1"},
      {"a\tb\n1\t2\n", "wrong_separator 1:1"},
      {"x,a;b\n1,2\n", "wrong_separator 1:3"},
      {"a,b,a\n1,2,3\n", "duplicate_column 1:5"},
      {"a,,\n1,2,3\n", "duplicate_column 1:4"},
      {"a,b\n1\n", "too_few_fields 2:1"},
      {"a,b\n1,2\n1,2,3\n", "too_many_fields 3:1"},
      {"a,b\n1,81,2\n", "too_many_fields 2:1"},
      {"a,b\n1,2\n\n3,4\n", "blank_line 3:1"},
      {"a,b\n1,2\r3,4\n", "bare_carriage_return 2:4"},
      {"a,b\r1,2\r", "bare_carriage_return 1:4"},
      {"a,b\n1,2\r", "bare_carriage_return 2:4"},
      {"a,b\nx\"y,2\n", "quote_in_field 2:2"},
      {"a,b\n1,\"x\"y\n", "text_after_quote 2:6"},
      {"a,b\n1,\"x\" \n", "text_after_quote 2:6"},
      {"a,b\n1,\"x\n", "unclosed_quote 2:3"},
      {"a,b\n1,\"", "unclosed_quote 2:3"},
      {"a,b\n\"1\n2\",\"x\ny\"\"\n", "unclosed_quote 3:4"},
      {"a,b\n\"p\nq\",2\n3\n", "too_few_fields 4:1"},
      {"a,b\nä€😀,\"x\"y\n", "text_after_quote 2:8"},  // columns count characters
      {std::string("a,b\n1,\0\n", 8), "nul_byte 2:3"},
      {"a,b\nab,\xE4\n", "not_utf8 2:4"},             // Latin-1
      {"a,b\n1,\xC0\xAF\n", "not_utf8 2:3"},          // overlong
      {"a,b\n1,\xED\xA0\x80\n", "not_utf8 2:3"},      // surrogate
      {"a,b\n1,\xF4\x90\x80\x80\n", "not_utf8 2:3"},  // above U+10FFFF
      {"a,b\n1,\xE2\x82", "not_utf8 2:3"},            // cut short
      {std::string("\xFF\xFE"
                   "a\0,\0",
                   6),
       "not_utf8 1:1"},  // UTF-16
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(fault(one.text) == one.expected);
    // The same behind many good rows: blocks of 64 bytes meet the fault at every offset.
    if (one.text.starts_with("a,b\n"))
      for (std::size_t shift = 0; shift < 70; ++shift) {
        const std::string shifted = "a,b\n" + std::string(shift, 'x') + ",1\n" + one.text.substr(4);
        const std::string code = one.expected.substr(0, one.expected.find(' '));
        CHECK(fault(shifted).starts_with(code + " "));
      }
  }
  CHECK(fault(std::string(CsvReader::most_columns, ',') + "\n") == "too_many_columns 1:1");
}

TEST_CASE("fields are found wherever they fall on the blocks of the scan") {
  for (std::size_t first = 0; first < 140; ++first) {
    const std::string a(first, 'p');
    const Table expected{{"a", "b", "c"}, {a, "x\"\n,y", ""}, {"", a, "z"}};
    CHECK(read_table("a,b,c\n" + a + ",\"x\"\"\n,y\",\r\n," + a + ",z") == expected);
    CHECK(read_table("a,b,c\n\"" + a + "\",\"x\"\"\n,y\",\n,\"" + a + "\",z\n") == expected);
  }
}

TEST_CASE("a row with a wrong number of fields does not hide the next one") {
  CsvReader reader("t.csv", CsvText::copy_of("a,b\n1\n2,3\n4,5,6\n7,8\n"));
  CHECK_THROWS_AS(reader.next_row(), CsvError);
  REQUIRE(reader.next_row());
  CHECK(reader[0] == "2");
  CHECK(reader.line() == 3);
  try {
    reader.next_row();
    FAIL("a row with three fields was accepted");
  } catch (const CsvError& error) {
    CHECK(error.next_row_is_readable());
    CHECK(error.where().line == 4);
  }
  REQUIRE(reader.next_row());
  CHECK(reader[1] == "8");
  CHECK(!reader.next_row());
  CHECK(!reader.next_row());
}

TEST_CASE("columns are found by name and places are told in characters") {
  CsvReader reader("t.csv", CsvText::copy_of("b,äa,c\n\"1\n2\",é€,\"3\"\n"));
  CHECK(reader.find_column("äa") == 1);
  CHECK(!reader.find_column("a"));
  CHECK(reader.header_location(2).column == 6);
  REQUIRE(reader.next_row());
  CHECK(reader.line() == 2);
  CHECK(reader.location(0).line == 2);
  CHECK(reader.location(1).line == 3);
  CHECK(reader.location(1).column == 4);
  CHECK(reader.location(2).column == 7);
}

TEST_CASE("files, folders and pipes") {
  const auto folder = std::filesystem::temp_directory_path();
  const auto path = folder / "deepmine_test_csv.csv";
  std::ofstream(path) << "a,b\n1,2\n";
  CHECK(CsvText::read(path).bytes() == "a,b\n1,2\n");
  const auto code_of = [](const std::filesystem::path& wrong, std::size_t limit) {
    try {
      CsvText::read(wrong, limit);
    } catch (const CsvError& error) {
      return error.issue_code();
    }
    return std::string("none");
  };
  CHECK(code_of(path, 8) == "none");
  CHECK(code_of(path, 7) == "file_too_large");
  CHECK(code_of(folder, 100) == "unreadable_file");
  CHECK(code_of(folder / "deepmine_test_csv_is_not_there.csv", 100) == "unreadable_file");
  CHECK(code_of("/dev/zero", 1 << 22) == "file_too_large");  // endless
  std::filesystem::remove(path);
}
