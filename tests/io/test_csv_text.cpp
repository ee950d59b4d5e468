// The window that moves over a CSV file: what the reader finds must not depend on where its pieces end.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "engine/nn/random.h"
#include "io/csv.h"
#include "io/csv_text.h"
#include "io/sha256.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using io::CsvError;
using io::CsvReader;
using io::CsvText;

namespace {

constexpr std::size_t no_limit = CsvText::default_limit;

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Everything that a reader tells: header, fields with their places, faults with theirs.
std::string story(CsvText text) {
  std::string told;
  try {
    CsvReader reader("t.csv", std::move(text));
    for (const std::string& title : reader.header()) told += "[" + title + "]";
    for (int faults = 0; faults < 100;) {
      try {
        if (!reader.next_row()) break;
        told += "\n" + std::to_string(reader.line()) + ":";
        for (std::size_t column = 0; column < reader.header().size(); ++column) {
          const stope::Location where = reader.location(column);
          told += "(" + std::string(reader[column]) + "@" + std::to_string(where.line) + "," +
                  std::to_string(where.column) + ")";
        }
      } catch (const CsvError& error) {
        told += std::string("\n!") + error.issue_code() + error.what();
        if (!error.next_row_is_readable()) break;
        ++faults;
      }
    }
    told += "\nrows: " + std::to_string(reader.row_count());
  } catch (const CsvError& error) {
    told += std::string("!!") + error.issue_code() + error.what();
  }
  return told;
}

/// Text that is rich in what a reader has to look at twice.
std::string random_text(std::uint64_t number) {
  constexpr std::string_view pieces[] = {"a",    "bb",   ",",    ",",  ",",   "\"",    "\n",
                                         "\n",   "\r\n", "\r\n", "\r", "1.5", "x,y\n", "\"q\n\",",
                                         "\n\n", "\"\"", "é",    "€",  "😀",   "\xC3"};
  RandomStream random(derive_key(11, number));
  std::string text = random.below(6) == 0 ? "\xEF\xBB\xBF" : "";
  text += random.below(3) == 0 ? "h\n" : "a,b\r\n";
  const std::uint64_t count = random.below(25);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (random.below(40) == 0) text += std::string(1, '\0');
    if (random.below(20) == 0) text += std::string(random.below(90), 'z');
    text += pieces[random.below(random.below(3) == 0 ? std::size(pieces) : 16)];
  }
  return text;
}

std::string code_of(const std::filesystem::path& path) {
  try {
    CsvReader reader("t.csv", CsvText::open(path));
    while (reader.next_row()) {
    }
  } catch (const CsvError& error) {
    return error.issue_code() + " " + std::to_string(error.where().line) + ":" +
           std::to_string(error.where().column);
  }
  return "none";
}

}  // namespace

TEST_CASE("what is found does not depend on where the pieces of the text end") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "t.csv";
  std::size_t with_faults = 0;
  for (std::uint64_t number = 0; number < 400; ++number) {
    const std::string text = random_text(number);
    CAPTURE(text);
    write(path, text);
    const std::string expected = story(CsvText::copy_of(text));
    with_faults += expected.find('!') != std::string::npos;
    for (const std::size_t piece : {1, 2, 3, 5, 16, 61, 64, 67, 128, 1000}) {
      CAPTURE(piece);
      REQUIRE(story(CsvText::open(path, no_limit, piece)) == expected);
    }
    REQUIRE(story(CsvText::read(path)) == expected);
  }
  CHECK(with_faults > 100);
  CHECK(with_faults < 390);
}

TEST_CASE("faults stand where they are, however far into the file") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "t.csv";
  std::string text = "a,b\n";
  std::size_t line = 1;
  while (text.size() < 3 * CsvText::default_piece) {
    text += "größe,\"x\ny\"\n";
    line += 2;
  }
  const std::string next = std::to_string(line + 1);
  const auto fault = [&](std::string_view end) {
    write(path, text + std::string(end));
    return code_of(path);
  };
  CHECK(fault("") == "none");
  CHECK(fault("\n\r\n\n") == "none");
  CHECK(fault("ä,\xE4\n") == "not_utf8 " + next + ":3");
  CHECK(fault(std::string_view("1,\0\n", 4)) == "nul_byte " + next + ":3");
  CHECK(fault("1,\"\n\n") == "unclosed_quote " + next + ":3");
  CHECK(fault("1\n") == "too_few_fields " + next + ":1");
  CHECK(fault("\n\n1,2\n") == "blank_line " + next + ":1");
  CHECK(fault("1,2\r") == "bare_carriage_return " + next + ":4");
}

TEST_CASE("a row has a longest length, with and without quotes, in pieces and whole") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "t.csv";
  const std::string longest(CsvReader::longest_row - 3, 'x');
  const struct {
    std::string text, expected;
  } cases[] = {
      {"a,b\n" + longest + ",1\n", "none"},
      {"a,b\n1,2\n" + longest + ",12\n", "row_too_long 3:1"},
      {"a,b\n1,2\n" + longest + longest + ",1\n", "row_too_long 3:1"},
      {"a,b\n1,2\n" + longest + longest, "row_too_long 3:1"},
      {longest + longest + ",b\n", "row_too_long 1:1"},
      {"a,b\n1,\"" + longest + longest + "\"\n", "unclosed_quote 2:3"},
      {"a,b\n1,\"" + longest + longest, "unclosed_quote 2:3"},
      {"a,b\n" + longest + longest + "\"\n", "row_too_long 2:1"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.expected);
    write(path, one.text);
    CHECK(code_of(path) == one.expected);
    const std::string whole = story(CsvText::copy_of(one.text));
    if (one.expected == "none")
      CHECK(whole.find('!') == std::string::npos);
    else
      CHECK(whole.find("!" + one.expected.substr(0, one.expected.find(' '))) != std::string::npos);
  }
}

TEST_CASE("a file without end is refused early and in little memory") {
  CHECK(code_of("/dev/zero") == "nul_byte 1:1");
  // An endless line of a pipe: the writer ends when nobody reads any more.
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::size_t written = 0;
  const auto before = signal(SIGPIPE, SIG_IGN);
  std::thread writer([&] {
    const std::string line(1 << 16, 'x');
    while (written < std::size_t{1} << 30) {
      const ssize_t count = ::write(ends[1], line.data(), line.size());
      if (count <= 0) break;
      written += static_cast<std::size_t>(count);
    }
    close(ends[1]);
  });
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  const std::string found = code_of(path);
  close(ends[0]);
  writer.join();
  signal(SIGPIPE, before);
  CHECK(found == "row_too_long 1:1");
  CHECK(written < 8 * CsvReader::longest_row);
}

TEST_CASE("the hash is of every byte, whatever the pieces") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "t.csv";
  const std::string text = "a,b\n1,é\n\"x\ny\",€\n\n";
  write(path, text);
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    io::Sha256 hash;
    CsvText in_pieces = CsvText::open(path, no_limit, piece);
    in_pieces.hash_into(hash);
    CsvReader reader("t.csv", std::move(in_pieces));
    while (reader.next_row()) {
    }
    CHECK(io::to_hexadecimal(hash.finish()) == io::to_hexadecimal(io::sha256(text)));
  }
}

TEST_CASE("a pipe that gives a few bytes at a time is read to its end") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string text = "a,b\n1,é\n3,4\n";
  std::size_t written = 0;
  std::thread writer([&] {
    for (const char c : text) written += ::write(ends[1], &c, 1) == 1;
    close(ends[1]);
  });
  const std::string told = story(CsvText::open("/dev/fd/" + std::to_string(ends[0]), no_limit, 3));
  writer.join();
  close(ends[0]);
  CHECK(written == text.size());
  CHECK(told == story(CsvText::copy_of(text)));
}
