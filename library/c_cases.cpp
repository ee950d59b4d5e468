#include "library/c_cases.h"

#include <array>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "io/case_json.h"
#include "io/stope_case.h"
#include "library/c_boundary.h"

namespace deepmine::library {
namespace {

constexpr std::size_t most_cases = 1'000'000, most_named_inputs = 1000;

/// One case on its way.
class CaseReader {
 public:
  CaseReader(const dm_case& given, std::string place, std::span<const double> sentinels)
      : given_(given), place_(std::move(place)), builder_(place_, sentinels) {}

  io::StopeCase read() {
    builder_.set_name(text(given_.stope_name, "stope_name"));
    read_numbers();
    read_categories();
    read_readings();
    return builder_.take();
  }

 private:
  [[noreturn]] void refuse_case(const std::string& problem) const { refuse(place_ + ": " + problem); }

  std::string_view text(const char* given, const std::string& name) const {
    if (given == nullptr) refuse_case(name + " is NULL");
    return given;
  }

  void check_list(const void* list, std::size_t count, std::size_t most, const char* name) const {
    if (count > most)
      refuse_case(std::string(name) + " are " + std::to_string(count) + ", at most " + std::to_string(most) +
                  " are taken");
    if (list == nullptr && count > 0) refuse_case(std::string(name) + " is NULL");
  }

  void check_outcome(io::StopeCaseBuilder::Outcome outcome, std::string_view name) const {
    using Outcome = io::StopeCaseBuilder::Outcome;
    if (outcome == Outcome::repeated) refuse_case(std::string(name) + " stands twice");
    if (outcome == Outcome::unknown_name)
      refuse_case("'" + std::string(name) + "' is no such static input; known are " +
                  io::static_input_names());
  }

  void read_numbers() {
    check_list(given_.numbers, given_.number_count, most_named_inputs, "numbers");
    for (std::size_t i = 0; i < given_.number_count; ++i) {
      const std::string_view name = text(given_.numbers[i].name, "numbers[" + std::to_string(i) + "].name");
      check_outcome(builder_.set_number(name, given_.numbers[i].value), name);
    }
  }

  void read_categories() {
    check_list(given_.categories, given_.category_count, most_named_inputs, "categories");
    for (std::size_t i = 0; i < given_.category_count; ++i) {
      const std::string place = "categories[" + std::to_string(i) + "]";
      const std::string_view name = text(given_.categories[i].name, place + ".name");
      check_outcome(builder_.set_category(name, text(given_.categories[i].value, place + ".value")), name);
    }
  }

  /// The values of each sensor, found by name: all of them, each once.
  std::array<const double*, stope::sensor_count> sensor_values() const {
    check_list(given_.series, given_.series_count, stope::sensor_count, "series");
    std::array<const double*, stope::sensor_count> values{};
    for (std::size_t i = 0; i < given_.series_count; ++i) {
      const std::string place = "series[" + std::to_string(i) + "]";
      const std::string_view name = text(given_.series[i].name, place + ".name");
      std::size_t sensor = 0;
      while (sensor < stope::sensor_count && stope::sensor_columns[sensor].name != name) ++sensor;
      if (sensor == stope::sensor_count) refuse_case("'" + std::string(name) + "' is no sensor");
      if (values[sensor] != nullptr) refuse_case(std::string(name) + " stands twice");
      if (given_.series[i].values == nullptr) refuse_case(place + ".values is NULL");
      values[sensor] = given_.series[i].values;
    }
    for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
      if (values[sensor] == nullptr)
        refuse_case("series: " + std::string(stope::sensor_columns[sensor].name) +
                    " is not there (NaN stands for a missing value)");
    return values;
  }

  void read_readings() {
    if (given_.reading_count > io::most_readings_of_a_case)
      refuse_case("reading_count is " + std::to_string(given_.reading_count) + ", at most " +
                  std::to_string(io::most_readings_of_a_case) + " are taken");
    if (given_.reading_count == 0) return;
    if ((given_.timestamps == nullptr) == (given_.microseconds == nullptr))
      refuse_case("expected either timestamps or microseconds, and NULL for the other");
    const auto values = sensor_values();
    for (std::size_t i = 0; i < given_.reading_count; ++i) {
      stope::DailyReading reading;
      for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
        reading[sensor] = values[sensor][i];
      if (given_.microseconds != nullptr) {
        builder_.add_reading(given_.microseconds[i], reading);
      } else {
        if (given_.timestamps[i] == nullptr) refuse_case("timestamps[" + std::to_string(i) + "] is NULL");
        builder_.add_reading(std::string_view(given_.timestamps[i]), reading);
      }
    }
  }

  const dm_case& given_;
  std::string place_;
  io::StopeCaseBuilder builder_;
};

io::StopeCase read_case(const dm_case& given, std::string place, std::span<const double> sentinels) {
  try {
    return CaseReader(given, std::move(place), sentinels).read();
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, error.what());  // of a call, not of a file
  }
}

}  // namespace

Cases read_cases(const dm_case* cases, std::size_t count, std::span<const double> sentinels) {
  if (count > most_cases)
    refuse("case_count is " + std::to_string(count) + ", at most " + std::to_string(most_cases) +
           " are taken");
  if (cases == nullptr && count > 0) refuse("cases is NULL");
  Cases result;
  std::unordered_map<std::string, std::size_t> seen;
  // The step from case to case is that of the caller's structure.
  const std::size_t step = count > 0 ? size_of(cases, "dm_case") : 0;
  const char* const bytes = reinterpret_cast<const char*>(cases);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string place = "case " + std::to_string(i);
    const dm_case given = read_structure(reinterpret_cast<const dm_case*>(bytes + i * step), "dm_case");
    if (given.size != step) refuse(place + ": size is not that of case 0");
    io::StopeCase stope = read_case(given, place, sentinels);
    const auto [first, is_new] = seen.try_emplace(stope.record.name, i);
    if (!is_new)
      refuse(place + ": the stope '" + stope.record.name + "' is that of case " +
             std::to_string(first->second) + ", too");
    result.records.push_back(std::move(stope.record));
    std::move(stope.issues.begin(), stope.issues.end(), std::back_inserter(result.issues));
  }
  return result;
}

}  // namespace deepmine::library
