// `--as-of DAY` and `--today DAY`, for every verb that answers for a day.
#pragma once

#include <optional>
#include <string>

#include "apps/context.h"
#include "engine/stope/records.h"

namespace deepmine::apps {

struct DayOptions {
  std::string as_of, today;  ///< as given; empty: not given
};
struct Days {
  std::optional<stope::Day> as_of;
  stope::Day today = 0;  ///< the mine's, else this computer's
};

void add_day_options(CLI::App& verb, DayOptions& options);
/// Throws Error{usage} for what is no day, and for an as-of day after today.
Days checked(const DayOptions& options);

}  // namespace deepmine::apps
