#include "io/stope_csv_writer.h"

#include <algorithm>

#include "io/number_text.h"

namespace deepmine::io {

// ---- fields

CsvFileWriter::CsvFileWriter(const std::filesystem::path& target) : file_(target) {}

CsvFileWriter& CsvFileWriter::text(std::string_view piece) {
  file_.write(piece);
  return *this;
}

CsvFileWriter& CsvFileWriter::field(std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) return text(value);
  text("\"");
  for (const char& c : value) text(c == '"' ? std::string_view("\"\"") : std::string_view(&c, 1));
  return text("\"");
}

CsvFileWriter& CsvFileWriter::number(double value) {
  if (stope::is_missing(value)) return *this;
  char digits[longest_number];
  const char* end = write_number(digits, value);
  return text({digits, static_cast<std::size_t>(end - digits)});
}

CsvFileWriter& CsvFileWriter::day(stope::Day value) {
  return text(stope::format_day(value));
}

// ---- the three files

StaticCsvWriter::StaticCsvWriter(const std::filesystem::path& path) : file_(path) {
  file_.text("stope_name,rqd,hr,depth,dip,direction,undercut_wdt,rock_type,support_type,support_density,")
      .text("support_installed,stability\n");
}

void StaticCsvWriter::add(const stope::StopeRecord& stope) {
  const stope::StaticRecord& statics = stope.statics;
  file_.field(stope.name).text(",");
  for (const double value : {statics.rqd, statics.hydraulic_radius, statics.depth, statics.dip})
    file_.number(value).text(",");
  file_.field(statics.direction).text(",").number(statics.undercut_width).text(",");
  file_.field(statics.rock_type).text(",").field(statics.support_type).text(",");
  file_.number(statics.support_density).text(statics.support_installed ? ",1," : ",0,");
  if (statics.stable) file_.text(*statics.stable ? "1" : "0");
  file_.text("\n");
}

TimeseriesCsvWriter::TimeseriesCsvWriter(const std::filesystem::path& path) : file_(path) {
  file_.text("stope_name,timestamp");
  for (const auto& column : stope::sensor_columns) file_.text(",").text(column.name);
  file_.text("\n");
}

void TimeseriesCsvWriter::add(const stope::StopeRecord& stope) {
  stope::Day day = stope.readings.first_day;
  for (const stope::DailyReading& reading : stope.readings.days) {
    const stope::Day today = day++;
    if (std::all_of(reading.begin(), reading.end(), stope::is_missing)) continue;
    file_.field(stope.name).text(",").day(today);
    for (const double value : reading) file_.text(",").number(value);
    file_.text("\n");
  }
}

FailuresCsvWriter::FailuresCsvWriter(const std::filesystem::path& path) : file_(path) {
  file_.text("stope_name,failure_date\n");
}

void FailuresCsvWriter::add(std::string_view stope_name, stope::Day failure_day) {
  file_.field(stope_name).text(",").day(failure_day).text("\n");
}

}  // namespace deepmine::io
