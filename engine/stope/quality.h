// Is the data of one stope good enough for an answer? Every check that can end in a warning, an abstention or
// a rejection, with a stable code. Doubt never reads as "stable".
//
// As of which day. Without an as-of day, all readings are seen. With one, later readings do not exist: day t
// is the last day on or before it with any reading. Day t is never moved back to an earlier day that happens
// to be complete, because the newest readings may be the alarming ones; an incomplete day t is an abstention.
// Age. The last reading's age counts from the as-of day if one is given. Otherwise it counts from the newest
// reading of the whole data set, so that a file of last year can be studied, while a stope that fell silent
// before the others is found. A site that runs predictions on live data should pass today's date as the as-of
// day. A reading after `today` (the caller's calendar day in local mine time) rejects its stope, unless an
// as-of day hides it, and does not count as the newest reading of the data set.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/feature_table.h"
#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "engine/stope/scaler.h"
#include "engine/stope/thresholds.h"
#include "engine/stope/windows.h"

namespace deepmine::stope {

/// How far an answer can be trusted, from best to worst. A check can only make it worse.
enum class Status { ok, warning, abstain, rejected };
std::string_view name(Status status);

struct Reason {
  std::string code, message;

  bool operator==(const Reason&) const = default;
};

/// The codes that checks of this folder give. Rejections found while reading files bring the codes of their
/// issues.
namespace reason_code {
inline constexpr std::string_view no_readings = "no_readings", last_day_missing = "last_day_missing",
                                  history_too_short = "history_too_short", gap_too_long = "gap_too_long",
                                  reading_too_old = "reading_too_old",
                                  outside_training_range = "outside_training_range",
                                  unseen_category = "unseen_category", gap_filled = "gap_filled",
                                  flat_line = "flat_line", readings_frozen = "readings_frozen",
                                  reading_after_now = "reading_after_now", missing_value = "missing_value",
                                  out_of_range = "out_of_range",
                                  rules_not_computable = "rules_not_computable", no_model = "no_model",
                                  model_output_invalid = "model_output_invalid",
                                  horizon_not_trained = "horizon_not_trained",
                                  reading_not_current = "reading_not_current",
                                  answer_uncertain = "answer_uncertain", rules_disagree = "rules_disagree";
}  // namespace reason_code

/// The days that "now" is made of; see the top of this file.
struct Now {
  std::optional<Day> as_of;           ///< readings after it are not seen
  std::optional<Day> today;           ///< the caller's calendar; readings after it can't be true
  std::optional<Day> newest_reading;  ///< of the whole data set (note_newest_reading() below)
};

/// Takes the readings of one stope into `now.newest_reading`; those after `now.today` are passed over, so
/// that one wrong date does not make every other stope look silent. Call it for each stope before the first
/// check.
void note_newest_reading(Now& now, const PreparedReadings& readings);

/// A value that can't be true: a static value or a reading (up to `not_after`) outside the range of its
/// column. The first one found, as a sentence. `missing` is not a value.
std::optional<std::string> impossible_value(const StaticRecord& statics, const DailySeries& readings,
                                            Day not_after);

/// A value outside the training range by more than the margin.
struct OutOfRange {
  std::string input;       ///< name in the feature table
  std::optional<Day> day;  ///< of a sensor: the day on which it was furthest outside
  double value = 0, lowest = 0, highest = 0;
};

struct DataQuality {
  int days_used = 0;    ///< calendar days of the window that hold data (all of them if it is usable)
  int days_filled = 0;  ///< of these, days with a sensor carried forward
  std::optional<Day> last_reading;  ///< seen, of any sensor
  std::vector<OutOfRange> out_of_range;
};

/// The verdict of the checks on one stope.
struct QualityReport {
  Status status = Status::ok;
  std::vector<Reason> reasons;  ///< worst first, then in the order of the checks
  std::optional<Day> day_t;     ///< last day seen with a reading; the window ends here
  DataQuality data;

  bool answerable() const { return status == Status::ok || status == Status::warning; }
};

/// What a check compares with.
struct QualityContext {
  const SiteSettings& settings;
  const WindowPlan& plan;
  const InputScaler* training = nullptr;  ///< of the model in use; null: no model, its range is not checked
  Now now;
};

/// Checks one stope. `issues` are the findings about this stope from reading its files: rejected and fatal
/// ones reject it, warnings warn, notes are left out. Thread-safe.
QualityReport check_quality(const StaticRecord& statics, const StaticFeatures& features,
                            const PreparedReadings& readings, std::span<const Issue> issues,
                            const QualityContext& context);

}  // namespace deepmine::stope
