#include "io/case_json.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "engine/nn/error.h"
#include "io/json_syntax.h"
#include "io/stope_csv_parts.h"

namespace deepmine::io {
namespace {

using nlohmann::json;

/// Takes the case as the parser meets it: nothing is built in memory but the record, whatever the text is.
class CaseReader final : public nlohmann::json_sax<json> {
 public:
  CaseReader(std::string_view text, const std::string& source, std::span<const double> sentinels)
      : text_(text), source_(source), builder_(source, sentinels) {}

  bool null() override { return number_or_missing(stope::missing, "null"); }
  bool boolean(bool value) override {
    if (skipped()) return true;
    if (place_ != Place::statics || static_ != StaticInput::flag) refuse(value ? "true" : "false");
    builder_.set_number(key_, value ? 1 : 0);
    return true;
  }
  bool number_integer(json::number_integer_t value) override {
    return number_or_missing(static_cast<double>(value), "a number");
  }
  bool number_unsigned(json::number_unsigned_t value) override {
    return number_or_missing(static_cast<double>(value), "a number");
  }
  bool number_float(json::number_float_t value, const std::string& /*text*/) override {
    return number_or_missing(value, "a number");
  }
  bool string(std::string& value) override;
  bool binary(json::binary_t& /*value*/) override { refuse("bytes"); }
  bool start_object(std::size_t /*size*/) override;
  bool end_object() override;
  bool start_array(std::size_t /*size*/) override;
  bool end_array() override;
  bool key(std::string& name) override;
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    const JsonFault fault = describe_json_fault(text_, position, error.what());
    // The source is most often a line of a stream: one line number is enough where the case has one line.
    const std::string line = fault.line > 1 ? fmt::format("line {}, ", fault.line) : "";
    throw Error(ErrorCode::data_invalid,
                fmt::format("{}: no JSON at {}column {}: {}", source_, line, fault.column, fault.problem));
  }

  JsonCase take() {
    result_.stope = builder_.take();
    return std::move(result_);
  }

 private:
  enum class Place : std::uint8_t { outside, top, statics, readings, reading };
  enum TopKey : std::uint8_t { top_name = 1, top_as_of = 2, top_statics = 4, top_readings = 8 };
  static constexpr std::uint32_t has_time = 1U << stope::sensor_count, has_all = 2 * has_time - 1;

  /// True inside a value of a name that nobody asked for, or at one.
  bool skipped() const { return skip_depth_ > 0 || skip_value_; }
  bool begin_skipped() {
    if (!skipped()) return false;
    ++skip_depth_;
    return true;
  }
  bool end_skipped() {
    if (skip_depth_ == 0) return false;
    --skip_depth_;
    return true;
  }

  std::string where() const;
  std::string_view expected() const;
  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ErrorCode::data_invalid, source_ + ": " + problem);
  }
  [[noreturn]] void refuse(std::string_view found) const {
    fail(fmt::format("{}: expected {}, found {}", where(), expected(), found));
  }
  [[noreturn]] void repeated() const { fail(where() + " stands twice"); }

  bool number_or_missing(double value, std::string_view found);

  std::string_view text_;
  const std::string& source_;
  StopeCaseBuilder builder_;
  JsonCase result_;
  Place place_ = Place::outside;
  std::string key_;
  std::uint8_t top_key_ = 0, top_given_ = 0;
  std::size_t skip_depth_ = 0;
  bool skip_value_ = false;  ///< the value of the last key is passed over

  StaticInput static_ = StaticInput::unknown;  ///< that the last key names
  std::size_t readings_ = 0;
  std::size_t sensor_ = 0;  ///< that the last key names; sensor_count: the timestamp
  std::uint32_t given_ = 0;
  stope::DailyReading values_{};
  std::string timestamp_;
};

std::string CaseReader::where() const {
  switch (place_) {
    case Place::outside:
      return "the case";
    case Place::top:
      return key_;
    case Place::statics:
      return "statics." + key_;
    case Place::readings:
      return fmt::format("readings[{}]", readings_);
    case Place::reading:
      return fmt::format("readings[{}].{}", readings_ - 1, key_);
  }
  return {};
}

std::string_view CaseReader::expected() const {
  switch (place_) {
    case Place::outside:
    case Place::readings:
      return "an object";
    case Place::top:
      if (top_key_ == top_statics) return "an object";
      return top_key_ == top_readings ? "a list" : "a text";
    case Place::statics:
      if (static_ == StaticInput::flag) return "true, false, 0 or 1";
      return static_ == StaticInput::category ? "a text" : "a number or null";
    case Place::reading:
      return sensor_ == stope::sensor_count ? "a text" : "a number or null";
  }
  return {};
}

bool CaseReader::key(std::string& name) {
  if (skip_depth_ > 0) return true;
  key_.assign(name, 0, 40);  // for messages, too
  skip_value_ = false;
  switch (place_) {
    case Place::top:
      top_key_ = name == "stope_name" ? top_name
                 : name == "as_of"    ? top_as_of
                 : name == "statics"  ? top_statics
                 : name == "readings" ? top_readings
                                      : 0;
      if ((top_given_ & top_key_) != 0) repeated();
      top_given_ = static_cast<std::uint8_t>(top_given_ | top_key_);
      skip_value_ = top_key_ == 0;
      break;
    case Place::statics:
      static_ = static_input(name);
      skip_value_ = static_ == StaticInput::unknown;
      if (builder_.has(name)) repeated();
      break;
    case Place::reading: {
      sensor_ = 0;
      while (sensor_ < stope::sensor_count && stope::sensor_columns[sensor_].name != name) ++sensor_;
      skip_value_ = sensor_ == stope::sensor_count && name != "timestamp";
      if (skip_value_) break;
      if ((given_ >> sensor_ & 1U) != 0) repeated();
      given_ |= 1U << sensor_;
      break;
    }
    case Place::outside:
    case Place::readings:
      break;
  }
  return true;
}

bool CaseReader::number_or_missing(double value, std::string_view found) {
  if (skipped()) return true;
  const bool is_null = stope::is_missing(value);
  if (place_ == Place::statics && (is_null || static_ != StaticInput::category)) {
    if (static_ == StaticInput::category)
      builder_.set_category(key_, "");
    else
      builder_.set_number(key_, value);
  } else if (place_ == Place::reading && sensor_ < stope::sensor_count) {
    values_[sensor_] = value;
  } else if (!(place_ == Place::top && top_key_ == top_as_of && is_null)) {
    refuse(found);
  }
  return true;
}

bool CaseReader::string(std::string& value) {
  if (skipped()) return true;
  if (place_ == Place::top && top_key_ == top_name) {
    builder_.set_name(value);
  } else if (place_ == Place::top && top_key_ == top_as_of) {
    result_.as_of = stope::parse_day(value);
    if (!result_.as_of) fail(fmt::format("as_of is {}, expected a day such as 2024-03-30", in_quotes(value)));
  } else if (place_ == Place::statics && static_ == StaticInput::category) {
    builder_.set_category(key_, value);
  } else if (place_ == Place::reading && sensor_ == stope::sensor_count) {
    timestamp_ = value;
  } else {
    refuse("a text");
  }
  return true;
}

bool CaseReader::start_object(std::size_t /*size*/) {
  if (begin_skipped()) return true;
  if (place_ == Place::outside) {
    place_ = Place::top;
  } else if (place_ == Place::top && top_key_ == top_statics) {
    place_ = Place::statics;
  } else if (place_ == Place::readings) {
    if (++readings_ > most_readings_of_a_case)
      fail(fmt::format("more than {} readings", most_readings_of_a_case));
    given_ = 0;
    place_ = Place::reading;
  } else {
    refuse("an object");
  }
  return true;
}

bool CaseReader::end_object() {
  if (end_skipped()) return true;
  skip_value_ = false;
  if (place_ == Place::reading) {
    if (given_ != has_all) {
      std::size_t sensor = 0;
      while ((given_ >> sensor & 1U) != 0) ++sensor;
      fail(fmt::format("readings[{}]: {} is not there (null stands for a missing value)", readings_ - 1,
                       sensor == stope::sensor_count ? "timestamp" : stope::sensor_columns[sensor].name));
    }
    builder_.add_reading(timestamp_, values_);
    place_ = Place::readings;
  } else if (place_ == Place::statics) {
    place_ = Place::top;
    top_key_ = 0;
  } else {
    for (const auto& [bit, name] :
         {std::pair{top_name, "stope_name"}, {top_statics, "statics"}, {top_readings, "readings"}})
      if ((top_given_ & bit) == 0) fail(fmt::format("{} is not there", name));
    place_ = Place::outside;
  }
  return true;
}

bool CaseReader::start_array(std::size_t /*size*/) {
  if (begin_skipped()) return true;
  if (place_ != Place::top || top_key_ != top_readings) refuse("a list");
  place_ = Place::readings;
  return true;
}

bool CaseReader::end_array() {
  if (end_skipped()) return true;
  place_ = Place::top;
  top_key_ = 0;
  return true;
}

}  // namespace

JsonCase parse_case_json(std::string_view text, const std::string& source,
                         std::span<const double> sentinels) {
  CaseReader reader(text, source, sentinels);
  json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

}  // namespace deepmine::io
