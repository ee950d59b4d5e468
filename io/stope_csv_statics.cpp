// The static file: a row a stope.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "io/number_text.h"
#include "io/stope_csv_parts.h"

namespace deepmine::io {
namespace {

using stope::Severity;
using stope::StaticRecord;

struct CategoryColumn {
  std::string_view name;
  std::span<const std::string_view> table;
  std::string StaticRecord::*member;
};
constexpr std::array<CategoryColumn, 3> category_columns{{
    {"direction", stope::directions, &StaticRecord::direction},
    {"rock_type", stope::rock_types, &StaticRecord::rock_type},
    {"support_type", stope::support_types, &StaticRecord::support_type},
}};

constexpr std::string_view label_column = "stability";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::optional<bool> parse_flag(std::string_view text) {
  const std::string lower = lower_case(text);
  if (lower == "1" || lower == "true") return true;
  if (lower == "0" || lower == "false") return false;
  return std::nullopt;
}

/// The columns of one file and the reading of its rows.
class StaticRows {
 public:
  StaticRows(const CsvReader& reader, const StopeCsvOptions& options, IssueLog& log, StopeTable& table)
      : reader_(reader), options_(options), log_(log), table_(table) {}

  /// False if a required column is missing.
  bool find_columns() {
    ColumnNames names{{"stope_name"}, {label_column}, timeseries_column_names(), "time-series file"};
    for (const std::string_view name : static_column_names()) names.required.push_back(name);
    if (options_.label_required) names.required.push_back(label_column);
    positions_ = io::find_columns(reader_, names, log_);
    label_position_ = reader_.find_column(label_column);
    return !positions_.empty();
  }

  void read_row() {
    const std::string_view name = reader_[positions_[0]];
    if (!is_good_stope_name(name)) {
      log_.add(Severity::fatal, "bad_stope_name", reader_.location(positions_[0]), "",
               describe_cell("stope_name", name,
                             "is empty, begins or ends with a blank, or has invisible characters; every row "
                             "needs the name of its stope"));
      return;
    }
    const auto [first, is_new] = table_.index.try_emplace(std::string(name), table_.stopes.size());
    if (!is_new) {
      log_.add(Severity::fatal, "duplicate_stope", reader_.location(positions_[0]), name,
               fmt::format("the stope {} stands twice; first on line {}: remove one of the rows",
                           in_quotes(name), table_.locations[first->second].line));
      return;
    }
    record_ = {};
    record_.name = name;
    rejected_ = false;
    std::size_t next = 1;
    for (const stope::StaticColumn& column : stope::static_columns) read_number(column, positions_[next++]);
    for (const CategoryColumn& column : category_columns) read_category(column, positions_[next++]);
    read_support_installed(positions_[next]);
    if (label_position_) read_label(*label_position_);
    table_.stopes.push_back(std::move(record_));
    table_.locations.push_back(reader_.location(positions_[0]));
    table_.is_rejected.push_back(rejected_);
  }

 private:
  void reject(std::string_view code, std::size_t position, std::string_view column,
              std::string_view problem) {
    rejected_ = true;
    log_.add(Severity::rejected, code, reader_.location(position), record_.name,
             describe_cell(column, reader_[position], problem));
  }

  void read_number(const stope::StaticColumn& column, std::size_t position) {
    const auto [value, fault] = parse_number(reader_[position]);
    if (fault == NumberFault::empty || (fault == NumberFault::none && is_sentinel(value, options_)))
      return reject("missing_value", position, column.name,
                    "is missing; every static feature is needed (only sensor readings may be missing)");
    if (fault == NumberFault::decimal_comma) report_decimal_comma(reader_, position, log_);
    if (fault != NumberFault::none) return reject("not_a_number", position, column.name, explain(fault));
    if (value < column.lowest || value > column.highest)
      return reject("out_of_range", position, column.name,
                    fmt::format("lies outside {} to {}{}{}", column.lowest, column.highest,
                                column.unit.empty() ? "" : " ", column.unit));
    record_.statics.*column.value = value;
  }

  /// A category of no table is kept as text: whether it can be answered is the assessment's to say.
  void read_category(const CategoryColumn& column, std::size_t position) {
    const std::string_view text = reader_[position];
    if (text.empty())
      return reject("missing_value", position, column.name,
                    "is missing; every static feature is needed (a stope without support says 'None')");
    record_.statics.*column.member = text;
    std::string suggestion;
    for (const std::string_view known : column.table) {
      if (known == text) return;
      if (lower_case(known) == lower_case(text)) suggestion = fmt::format("; write '{}'", known);
    }
    if (suggestion.empty()) {
      for (const std::string_view known : column.table)
        suggestion += (suggestion.empty() ? "; known are " : ", ") + std::string(known);
    }
    log_.add(Severity::warning, "unseen_category", reader_.location(position), record_.name,
             describe_cell(column.name, text,
                           "is no known category: the stope can't be assessed by a network" + suggestion));
  }

  void read_support_installed(std::size_t position) {
    const std::string_view text = reader_[position];
    if (text.empty())
      return reject("missing_value", position, "support_installed",
                    "is missing; expected 0, 1, true or false");
    const auto flag = parse_flag(text);
    if (!flag)
      return reject("bad_flag", position, "support_installed", "is no flag; expected 0, 1, true or false");
    record_.statics.support_installed = *flag;
  }

  /// A label that can't be read rejects the stope only where labels are used: a prediction never looks at it.
  void read_label(std::size_t position) {
    const std::string_view text = reader_[position];
    if (text == "1" || text == "0") {
      record_.statics.stable = text == "1";
      return;
    }
    constexpr std::string_view expected = "expected 1 (stable) or 0 (unstable)";
    if (options_.label_required)
      return reject(text.empty() ? "missing_value" : "bad_label", position, label_column,
                    fmt::format("is no label; {}", expected));
    if (!text.empty())
      log_.add(Severity::warning, "unused_label", reader_.location(position), record_.name,
               describe_cell(label_column, text, fmt::format("is no label and is left out; {}", expected)));
  }

  const CsvReader& reader_;
  const StopeCsvOptions& options_;
  IssueLog& log_;
  StopeTable& table_;
  std::vector<std::size_t> positions_;
  std::optional<std::size_t> label_position_;
  stope::StopeRecord record_;
  bool rejected_ = false;
};

}  // namespace

std::vector<std::string_view> static_column_names() {
  std::vector<std::string_view> names;
  for (const stope::StaticColumn& column : stope::static_columns) names.push_back(column.name);
  for (const CategoryColumn& column : category_columns) names.push_back(column.name);
  names.push_back("support_installed");
  return names;
}

StopeTable read_static_file(const std::filesystem::path& path, const StopeCsvOptions& options, IssueLog& log,
                            std::size_t& row_count) {
  StopeTable table;
  if (options.hash_files) table.hash = std::make_unique<Sha256>();
  try {
    CsvText text = CsvText::open(path);
    if (table.hash) text.hash_into(*table.hash);
    CsvReader reader(csv_display_name(path), std::move(text));
    StaticRows rows(reader, options, log, table);
    if (!rows.find_columns()) return table;
    for_each_row(reader, log, [&] { rows.read_row(); });
    row_count = reader.row_count();
    if (row_count == 0)
      log.add(Severity::fatal, "no_rows", {reader.name(), 0, 0}, "",
              "has a header and no rows; expected a row a stope");
  } catch (const CsvError& error) {
    log.add(Severity::fatal, error.issue_code(), error.where(), "", error.problem());
  }
  return table;
}

}  // namespace deepmine::io
