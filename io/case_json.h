// One case as JSON text: what `deepmine predict --stream` reads a line of, and dm_predict_json() takes.
//
//     {"stope_name": "Stope_007", "as_of": "2024-03-30",
//      "statics": {"rqd": 75.5, "hr": 8.1, "depth": 620, "dip": 60, "direction": "North", "undercut_wdt": 6,
//                  "rock_type": "Granite", "support_type": "Rock Bolts", "support_density": 0.6,
//                  "support_installed": true},
//      "readings": [{"timestamp": "2024-03-01", "vibration_velocity": 1.2, "deformation_rate": 0.3,
//                    "stress": 41.5, "temperature": 24.1, "humidity": null}, …]}
//
// Names, units and timestamps are those of the CSV files. null is a missing value; support_installed is true,
// false, 0 or 1; `as_of` may be left out. Every sensor stands in every reading, so that a misspelt name can't
// pass for a missing value; other names are passed over. Readings are in order of time.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/stope/records.h"
#include "io/stope_case.h"

namespace deepmine::io {

struct JsonCase {
  StopeCase stope;
  std::optional<stope::Day> as_of;
};

/// The most readings of a case.
inline constexpr std::size_t most_readings_of_a_case = 1'000'000;

/// Reads one case. A value that can't be true is an issue that rejects the stope; text that is no such case
/// (no JSON, a name twice, a name that is not there, a value of another type) is Error{data_invalid}, which
/// names `source`, the value, what was expected and what was found. Thread-safe.
JsonCase parse_case_json(std::string_view text, const std::string& source,
                         std::span<const double> sentinels = {});

}  // namespace deepmine::io
