// CSV as such: every row and every fault is the same wherever the pieces end in which the file is read.
#include "io/csv.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

using namespace deepmine;
using io::CsvError;

namespace {

void add(std::string& transcript, std::string_view text) {
  transcript += std::to_string(text.size()) + ":";
  transcript += text;
}

void add(std::string& transcript, const CsvError& error) {
  fuzz::require(!error.issue_code().empty() && !error.problem().empty(), "a fault has a code and a reason");
  add(transcript, error.issue_code());
  add(transcript, std::to_string(error.where().line) + ":" + std::to_string(error.where().column));
  add(transcript, error.problem());
}

/// All that the reader says of a text.
std::string read(io::CsvText text) {
  std::string transcript;
  try {
    io::CsvReader reader("fuzz", std::move(text));
    for (const std::string& name : reader.header()) add(transcript, name);
    for (bool more = true; more;) {
      try {
        more = reader.next_row();
        if (!more) break;
        for (std::size_t column = 0; column < reader.header().size(); ++column) {
          add(transcript, reader[column]);
          add(transcript, std::to_string(reader.location(column).column));
        }
        transcript += std::to_string(reader.line()) + "\n";
      } catch (const CsvError& error) {
        add(transcript, error);
        more = error.next_row_is_readable();
      }
    }
  } catch (const CsvError& error) {
    add(transcript, error);
  }
  return transcript;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file("csv");
  const std::string_view text = fuzz::as_text(data, size);
  const std::string expected = read(io::CsvText::copy_of(text));
  file.set(text);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{64}})
    fuzz::require(read(io::CsvText::open(file.path(), io::CsvText::default_limit, piece)) == expected,
                  "what is read does not depend on where the pieces end");
  return 0;
}
