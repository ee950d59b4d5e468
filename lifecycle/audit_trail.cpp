#include "lifecycle/audit_trail.h"

#include <features.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <string_view>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/numerics_version.h"
#include "engine/stope/quality.h"
#include "io/atomic_file.h"
#include "io/sha256.h"
#include "lifecycle/clock.h"
#include "lifecycle/store_events.h"

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

namespace deepmine::lifecycle {
namespace {

bool has_reading(const stope::DailyReading& day) {
  return !std::all_of(day.begin(), day.end(), stope::is_missing);
}

/// The last day up to `not_after` with any reading.
std::optional<stope::Day> last_day_seen(const stope::DailySeries& readings, stope::Day not_after) {
  if (readings.empty()) return std::nullopt;
  for (stope::Day day = std::min(not_after, readings.last_day()); day >= readings.first_day; --day)
    if (has_reading(readings.on(day))) return day;
  return std::nullopt;
}

std::string c_library() {
#ifdef __GLIBC__
  return std::string("glibc ") + gnu_get_libc_version();
#else
  return "C library unknown";
#endif
}

bool is_refused(const std::vector<stope::Issue>& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const stope::Issue& issue) {
    return issue.severity == stope::Severity::rejected || issue.severity == stope::Severity::fatal;
  });
}

}  // namespace

io::AuditArithmetic arithmetic_of(const LoadedModel* model) {
  const nn::Kernels<float>& kernels =
      model != nullptr ? model->prediction().kernels() : nn::default_kernels();
  return {kernels.name, nn::numerics_version, c_library() + ", compiler " + __VERSION__};
}

std::string manifest_sha256(const ModelStore& store, Sequence version) {
  constexpr std::uint64_t largest = 1 << 20;
  try {
    const std::filesystem::path path = store.version_folder(version) / store_names::manifest;
    return io::to_hexadecimal(io::sha256(io::read_file(path, largest)));
  } catch (const Error&) {  // cleaned up meanwhile: the model is named by its id all the same
    return {};
  }
}

stope::DailySeries readings_that_matter(const stope::StaticRecord& statics,
                                        const stope::DailySeries& readings, stope::Day not_after, int days,
                                        const stope::SiteSettings& settings) {
  const std::optional<stope::Day> day_t = last_day_seen(readings, not_after);
  if (!day_t) return {};
  // Window, history and means reach back so far; a gap that began earlier is filled from still earlier days,
  // if it is short enough. One day more, and every gap of which less is seen is too long to be filled.
  const int reach = std::max({days, settings.data.minimum_history, settings.assessment.mean_days,
                              settings.risk_rules.slope_days}) +
                    settings.data.largest_filled_gap + 1 +
                    (settings.response_plan.in_use() ? settings.response_plan.look_back_days : 0);
  // Days without readings at the front are no history, so the first day kept is one with a reading.
  std::optional<stope::Day> first = last_day_seen(readings, *day_t - reach);
  // A value that can't be true rejects the stope wherever it stands.
  if (!first || stope::impossible_value(statics, readings, *day_t)) first = readings.first_day;
  const auto begin = readings.days.begin() + (*first - readings.first_day);
  return {*first, {begin, begin + (*day_t - *first) + 1}};
}

AuditTrail::AuditTrail(const std::filesystem::path& file, std::map<std::string, std::string> sources)
    : log_(file) {
  run_.sources = std::move(sources);
  run_.time = utc_timestamp();
  run_.who = this_user();
  run_.program_version = DEEPMINE_VERSION;
}

void AuditTrail::note_inputs(const LoadedModel* model, std::span<const stope::StopeRecord> records,
                             std::span<const stope::Issue> issues, const PredictionRequest& request) {
  run_.time = request.timestamp;
  run_.degraded = request.degraded;
  run_.as_of = request.as_of;
  run_.today = request.today;
  run_.newest_reading = request.newest_reading;
  run_.settings = settings_in_effect(model, request);
  run_.draws = request.draws;
  run_.draw_seed = request.draw_seed;
  run_.attributions = request.attributions;
  run_.arithmetic = arithmetic_of(model);
  run_.model.reset();
  if (model != nullptr) {
    const io::ModelMetadata& metadata = model->metadata();
    run_.model = {metadata.model_id, std::to_string(metadata.sequence), metadata.created_at,
                  manifest_sha256(ModelStore(run_.sources["store"]), metadata.sequence)};
  }

  const std::set<std::string_view> names(request.names.begin(), request.names.end());
  const auto is_asked_for = [&](const std::string& name) { return names.empty() || names.contains(name); };
  inputs_.clear();
  for (const stope::Issue& issue : issues)
    if (!issue.stope.empty() && is_asked_for(issue.stope)) inputs_[issue.stope].issues.push_back(issue);
  const stope::Day not_after = request.as_of.value_or(std::numeric_limits<stope::Day>::max());
  const int days = window_plan(model).days;
  for (const stope::StopeRecord& record : records) {
    const std::optional<stope::Day> newest = last_day_seen(
        record.readings, std::min(not_after, request.today.value_or(std::numeric_limits<stope::Day>::max())));
    if (newest && (!run_.newest_reading || *newest > *run_.newest_reading)) run_.newest_reading = newest;
    if (!is_asked_for(record.name)) continue;
    io::AuditInput& input = inputs_[record.name];
    input.has_record = true;
    if (is_refused(input.issues)) continue;  // what was read of it is not to be used
    input.statics = record.statics;
    input.readings = readings_that_matter(record.statics, record.readings, not_after, days, run_.settings);
  }
  for (auto& [name, input] : inputs_) input.stope_name = name;
}

AuditHead AuditTrail::record(std::span<const stope::Assessment> answers) {
  run_.answers = answers.size();
  std::vector<AuditEntry> entries;
  entries.push_back({std::string(io::audit_kind::run), io::audit_run_json(run_)});
  for (const stope::Assessment& answer : answers) {
    const auto input = inputs_.find(answer.stope_name);
    if (input != inputs_.end()) input->second.position = entries.size();
    if (input == inputs_.end())
      throw Error(ErrorCode::failure,
                  "the answer for '" + answer.stope_name + "' can't be recorded: its input was not noted");
    entries.push_back({std::string(io::audit_kind::answer), io::audit_answer_json(input->second, answer)});
  }
  return log_.append(entries);
}

AuditHead AuditTrail::record_failure(const std::string& message) {
  const AuditEntry entry{
      std::string(io::audit_kind::failure),
      io::audit_failure_json({run_.time, run_.who, run_.program_version, message, run_.sources})};
  return log_.append({&entry, 1});
}

}  // namespace deepmine::lifecycle
