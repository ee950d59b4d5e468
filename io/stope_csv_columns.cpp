// Which columns of a file are the ones that are read, and what to say where they are not there.
#include <fmt/format.h>

#include <algorithm>

#include "io/nearest_name.h"
#include "io/stope_csv_parts.h"

namespace deepmine::io {
namespace {

using Names = std::vector<std::string_view>;

bool is_in(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those that the header does not have.
Names absent_of(const Names& names, const CsvReader& reader) {
  Names absent;
  for (const std::string_view name : names)
    if (!reader.find_column(name)) absent.push_back(name);
  return absent;
}

std::string header_text(const CsvReader& reader) {
  constexpr std::size_t most_shown = 30;
  std::string text;
  for (std::size_t i = 0; i < std::min(reader.header().size(), most_shown); ++i)
    text += (text.empty() ? "" : ", ") + in_quotes(reader.header()[i]);
  return reader.header().size() > most_shown ? text + ", …" : text;
}

/// A file with more columns of the other file than of its own stands in the other one's place.
bool is_the_other_file(const CsvReader& reader, const ColumnNames& names, std::size_t absent) {
  const auto others = names.of_the_other_file.size() - absent_of(names.of_the_other_file, reader).size();
  const std::size_t own = names.required.size() - absent;
  return others > own;
}

/// `; did you mean 'rqd' by 'RQD'?`, for each column that is not used and looks like one that is missing.
std::string suggestions(const CsvReader& reader, const ColumnNames& names, const Names& absent) {
  std::string text;
  for (const std::string& title : reader.header()) {
    if (is_in(names.required, title) || is_in(names.optional, title)) continue;
    const std::string meant = nearest_name(title, absent);
    if (meant.empty()) continue;
    text += fmt::format("{}'{}' by {}", text.empty() ? "; did you mean " : ", ", meant, in_quotes(title));
  }
  return text.empty() ? text : text + "?";
}

}  // namespace

std::vector<std::size_t> find_columns(const CsvReader& reader, const ColumnNames& names, IssueLog& log) {
  if (const Names absent = absent_of(names.required, reader); !absent.empty()) {
    const std::string hint =
        is_the_other_file(reader, names, absent.size())
            ? fmt::format("; these are columns of the {}: are --static and --timeseries swapped?",
                          names.other_file)
            : suggestions(reader, names, absent);
    log.add(stope::Severity::fatal, "missing_columns", reader.header_location(0), "",
            fmt::format("missing columns: {}; the header has {} (names are matched exactly){}",
                        fmt::join(absent, ", "), header_text(reader), hint));
    return {};
  }
  std::vector<std::size_t> positions;
  for (const std::string_view name : names.required) positions.push_back(*reader.find_column(name));
  const Names absent = absent_of(names.optional, reader);
  for (std::size_t column = 0; column < reader.header().size(); ++column) {
    const std::string& name = reader.header()[column];
    if (is_in(names.required, name) || is_in(names.optional, name)) continue;
    const std::string hint = did_you_mean(name, absent);
    log.add(hint.empty() ? stope::Severity::note : stope::Severity::warning,
            hint.empty() ? "extra_column" : "misspelled_column", reader.header_location(column), "",
            fmt::format("the column {} is not used{}", in_quotes(name), hint));
  }
  return positions;
}

}  // namespace deepmine::io
