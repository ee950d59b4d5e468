#include "io/stope_csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/number_text.h"
#include "io/stope_csv_parts.h"
#include "io/utf8.h"

namespace deepmine::io {

bool is_sentinel(double value, const StopeCsvOptions& options) noexcept {
  return std::find(options.sentinels.begin(), options.sentinels.end(), value) != options.sentinels.end();
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string shown = "'";
  std::string_view head = text.substr(0, longest);
  while (head.size() < text.size() && !head.empty() && find_invalid_utf8(head) != head.size())
    head.remove_suffix(1);  // the cut stood inside a character
  for (const char c : head) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return shown + (head.size() < text.size() ? "…'" : "'");
}

std::string describe_cell(std::string_view column, std::string_view text, std::string_view problem) {
  return fmt::format("{} {} {}", column, in_quotes(text), problem);
}

void report_decimal_comma(const CsvReader& reader, std::size_t position, IssueLog& log) {
  log.add(stope::Severity::fatal, "decimal_comma", reader.location(position), "",
          describe_cell(reader.header()[position], reader[position], explain(NumberFault::decimal_comma)));
}

bool is_good_stope_name(std::string_view name) {
  // Two names that look the same must be the same: a blank at an end or an invisible character would split
  // the readings of one stope over two.
  const bool printable = std::all_of(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
  if (name.empty() || !printable || name.front() == ' ' || name.back() == ' ') return false;
  constexpr std::string_view invisible[] = {"\u00A0", "\u00AD", "\u200B", "\u200C", "\u200D", "\u200E",
                                            "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                                            "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF"};
  return std::none_of(std::begin(invisible), std::end(invisible),
                      [&](std::string_view c) { return name.find(c) != std::string_view::npos; });
}

bool StopeData::is_usable() const {
  return std::none_of(issues.begin(), issues.end(),
                      [](const stope::Issue& issue) { return issue.severity == stope::Severity::fatal; });
}

bool StopeData::is_rejected(std::string_view name) const {
  return std::find(rejected.begin(), rejected.end(), name) != rejected.end();
}

void StopeData::leave_out_rejected() {
  auto next = rejected.begin();  // in the order of the stopes: one walk over both
  std::erase_if(stopes, [&](const stope::StopeRecord& record) {
    const bool is_next = next != rejected.end() && record.name == *next;
    next += is_next ? 1 : 0;
    return is_next;
  });
}

StopeData read_stope_csv(const std::filesystem::path& static_path,
                         const std::filesystem::path& timeseries_path, const StopeCsvOptions& options) {
  if (static_path == "-" && timeseries_path == "-")
    throw Error(ErrorCode::usage,
                "both files are given as '-': only one of them can be read from standard input");
  IssueLog log(options.listed_issues_of_a_kind);
  StopeData data;
  StopeTable table = read_static_file(static_path, options, log, data.static_rows);
  const bool statics_are_whole = !log.has_fatal();
  read_timeseries_file(timeseries_path, options, statics_are_whole, table, log, data.timeseries_rows);

  for (std::size_t i = 0; i < table.stopes.size(); ++i) {
    stope::StopeRecord& record = table.stopes[i];
    if (table.is_rejected[i]) {
      record.readings = {};  // half of a series is no series
      data.rejected.push_back(record.name);
    } else if (record.readings.empty() && !log.has_fatal()) {
      log.add(stope::Severity::warning, "no_readings", table.locations[i], record.name,
              fmt::format("the stope {} has no readings in {}: it gets no network answer",
                          in_quotes(record.name), csv_display_name(timeseries_path)));
    }
  }
  if (log.has_fatal()) {
    data.rejected.clear();
  } else {
    data.stopes = std::move(table.stopes);
    if (table.hash) data.sha256 = to_hexadecimal(table.hash->finish());
  }
  data.issue_counts = log.counts();
  data.issues = log.take();
  return data;
}

void require_usable(const StopeData& data) {
  std::string text;
  for (const stope::Issue& issue : data.issues)
    if (issue.severity == stope::Severity::fatal) text += (text.empty() ? "" : "\n") + describe(issue);
  if (!text.empty()) throw Error(ErrorCode::data_invalid, text);
}

}  // namespace deepmine::io
