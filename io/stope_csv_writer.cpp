#include "io/stope_csv_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "engine/nn/error.h"
#include "io/number_text.h"

namespace deepmine::io {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 20, longest_number = 32;

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  throw Error(ErrorCode::failure,
              path.string() + ": can't " + action + ": " + std::generic_category().message(errno));
}

}  // namespace

// ---- one text file ---------------------------------------------------------------------------------------

TextFileWriter::TextFileWriter(std::filesystem::path target)
    : target_(std::move(target)),
      temporary_(target_.string() + ".tmp." + std::to_string(::getpid())),
      buffer_(std::make_unique<char[]>(buffer_size)) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) fail(temporary_, "create the file");
}

TextFileWriter::~TextFileWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

TextFileWriter& TextFileWriter::text(std::string_view piece) {
  while (!piece.empty()) {
    if (used_ == buffer_size) flush();
    const std::size_t count = std::min(piece.size(), buffer_size - used_);
    std::memcpy(buffer_.get() + used_, piece.data(), count);
    used_ += count;
    piece.remove_prefix(count);
  }
  return *this;
}

TextFileWriter& TextFileWriter::field(std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) return text(value);
  text("\"");
  for (const char& c : value) text(c == '"' ? std::string_view("\"\"") : std::string_view(&c, 1));
  return text("\"");
}

TextFileWriter& TextFileWriter::number(double value) {
  if (stope::is_missing(value)) return *this;
  if (used_ + longest_number > buffer_size) flush();
  used_ = static_cast<std::size_t>(write_number(buffer_.get() + used_, value) - buffer_.get());
  return *this;
}

TextFileWriter& TextFileWriter::day(stope::Day value) {
  return text(stope::format_day(value));
}

void TextFileWriter::flush() {
  for (std::size_t written = 0; written < used_;) {
    const ::ssize_t count = ::write(descriptor_, buffer_.get() + written, used_ - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(temporary_, "write the file");
    written += static_cast<std::size_t>(count);
  }
  used_ = 0;
}

void TextFileWriter::commit() {
  flush();
  if (::fsync(descriptor_) != 0) fail(temporary_, "write the file to disk");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(target_, "give the file its name");
  ::close(std::exchange(descriptor_, -1));
}

// ---- the three files -------------------------------------------------------------------------------------

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
