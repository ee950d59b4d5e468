#include "apps/day_options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>

#include "apps/printable_text.h"
#include "engine/nn/error.h"
#include "lifecycle/prediction.h"

namespace deepmine::apps {
namespace {

stope::Day day_of(const std::string& option, const std::string& text, stope::Day today) {
  if (text == "today") return today;
  if (const std::optional<stope::Day> day = stope::parse_day(text)) return *day;
  throw Error(ErrorCode::usage, fmt::format("{} is '{}', expected a day such as 2024-03-30, or today", option,
                                            printable(text)));
}

}  // namespace

void add_day_options(CLI::App& verb, DayOptions& options) {
  verb.add_option(
          "--as-of", options.as_of,
          "Answer as on this day: later readings are not seen, and the age of the last reading counts "
          "from it. `today` is right for live data")
      ->type_name("DATE");
  verb.add_option("--today", options.today, "The mine's calendar day, if this computer's is another")
      ->type_name("DATE");
}

Days checked(const DayOptions& options) {
  Days days;
  days.today = lifecycle::local_today();
  if (!options.today.empty()) days.today = day_of("--today", options.today, days.today);
  if (!options.as_of.empty()) days.as_of = day_of("--as-of", options.as_of, days.today);
  if (days.as_of && *days.as_of > days.today)
    throw Error(ErrorCode::usage, fmt::format("--as-of {} lies after today, {} (--today sets another)",
                                              stope::format_day(*days.as_of), stope::format_day(days.today)));
  return days;
}

}  // namespace deepmine::apps
