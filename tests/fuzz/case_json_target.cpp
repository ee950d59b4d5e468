#include <algorithm>

#include "io/case_json.h"
#include "tests/fuzz/target.h"

using namespace deepmine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  io::JsonCase parsed;
  constexpr double sentinels[] = {-999};
  const auto read = [&] { parsed = io::parse_case_json(fuzz::as_text(data, size), "fuzz", sentinels); };
  if (!fuzz::accepts(read, ErrorCode::data_invalid)) return 0;
  const stope::StopeRecord& record = parsed.stope.record;
  fuzz::require(!record.name.empty(), "a case has a name");
  bool rejected = false;
  for (const stope::Issue& issue : parsed.stope.issues) {
    rejected = rejected || issue.severity == stope::Severity::rejected;
    fuzz::require(issue.stope == record.name, "a finding is about its stope");
  }
  for (const stope::StaticColumn& column : stope::static_columns) {
    const double value = record.statics.*column.value;
    fuzz::require(rejected || (value >= column.lowest && value <= column.highest),
                  "static values can be true");
  }
  fuzz::require(!rejected || record.readings.empty(), "a rejected stope has no readings");
  for (const stope::DailyReading& day : record.readings.days)
    for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
      fuzz::require(stope::is_missing(day[sensor]) || (day[sensor] >= stope::sensor_columns[sensor].lowest &&
                                                       day[sensor] <= stope::sensor_columns[sensor].highest),
                    "readings can be true");
  return 0;
}
