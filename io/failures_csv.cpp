#include "io/failures_csv.h"

#include <fmt/format.h>

#include "io/csv.h"
#include "io/stope_csv_parts.h"

namespace deepmine::io {
namespace {

[[noreturn]] void fail(const stope::Location& where, const std::string& problem) {
  throw Error(ErrorCode::data_invalid,
              fmt::format("{}:{}:{}: {}", where.file, where.line, where.column, problem));
}

std::size_t required_column(const CsvReader& reader, std::string_view name) {
  if (const auto column = reader.find_column(name)) return *column;
  fail(reader.header_location(0),
       fmt::format("missing column '{}'; expected stope_name and failure_date (names are matched exactly)",
                   name));
}

}  // namespace

std::map<std::string, stope::Day> read_failures_csv(const std::filesystem::path& path) {
  CsvReader reader(csv_display_name(path), CsvText::open(path));
  const std::size_t name_column = required_column(reader, "stope_name"),
                    date_column = required_column(reader, "failure_date");
  std::map<std::string, stope::Day> failures;
  while (reader.next_row()) {
    const std::string name(reader[name_column]);
    if (name.empty()) fail(reader.location(name_column), "the stope's name is empty");
    const auto day = stope::parse_day(reader[date_column]);
    if (!day)
      fail(reader.location(date_column),
           describe_cell("failure_date", reader[date_column], "is no day; expected one such as 2024-03-30"));
    if (!failures.emplace(name, *day).second)
      fail(reader.location(name_column),
           fmt::format("stope '{}' stands here for the second time; a stope fails once", name));
  }
  return failures;
}

}  // namespace deepmine::io
