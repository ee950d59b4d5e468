// The functions of deepmine.h over lifecycle::Service: arguments are checked and copied, answers are shown.
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/assessment_json.h"
#include "io/atomic_file.h"
#include "io/metadata_file.h"
#include "io/site_file.h"
#include "io/utf8.h"
#include "library/c_answers.h"
#include "library/c_boundary.h"
#include "library/c_cases.h"
#include "library/c_threads.h"
#include "lifecycle/case_prediction.h"
#include "lifecycle/health_json.h"

using namespace deepmine;
using namespace deepmine::library;

struct dm_service {
  /// The program may go to another folder later; the store stays where it was.
  dm_service(const char* store, lifecycle::ServiceOptions options)
      : service(lifecycle::ModelStore(std::filesystem::absolute(store)), std::move(options)) {}

  lifecycle::Service service;
  std::string site_file, site_text;  ///< empty: none
};

namespace {

using Snapshot = std::shared_ptr<const lifecycle::ServiceSnapshot>;

void require(const void* pointer, const char* name) {
  if (pointer == nullptr) refuse(std::string(name) + " is NULL");
}

std::string text_of(const char* given, const char* name) {
  require(given, name);
  std::string text(given);
  if (io::find_invalid_utf8(text) != text.size()) refuse(std::string(name) + " is no valid UTF-8");
  return text;
}

void read_site(dm_service& service, const char* site_file) {
  constexpr std::size_t largest = std::size_t{1} << 20;
  service.site_file = site_file;
  try {
    service.site_text = io::read_file(site_file, largest);
  } catch (const Error& error) {
    refuse(error.what());
  }
  io::parse_site_settings(service.site_text, service.site_file);
}

dm_model model_of(const lifecycle::ServiceSnapshot& snapshot) {
  dm_model model = DM_MODEL_INIT;
  model.state = static_cast<dm_state>(snapshot.state);
  if (!snapshot.model) return model;
  const io::ModelMetadata& metadata = snapshot.model->metadata();
  model.test_cases = static_cast<std::int32_t>(snapshot.model->components().test_cases.inputs.size());
  model.version = metadata.sequence;
  metadata.model_id.copy(model.id, sizeof model.id - 1);
  metadata.created_at.copy(model.trained_at, sizeof model.trained_at - 1);
  return model;
}
static_assert(DM_READY == static_cast<int>(lifecycle::ServiceState::ready) &&
              DM_DEGRADED == static_cast<int>(lifecycle::ServiceState::degraded) &&
              DM_RULES_ONLY == static_cast<int>(lifecycle::ServiceState::rules_only) &&
              DM_UNAVAILABLE == static_cast<int>(lifecycle::ServiceState::unavailable));

const lifecycle::LoadedModel& require_model(const lifecycle::ServiceSnapshot& snapshot) {
  if (snapshot.model) return *snapshot.model;
  if (snapshot.problem.empty()) throw Error(ErrorCode::model_missing, "the store has no model");
  throw Error(ErrorCode::model_damaged, "the model can't be used: " + snapshot.problem);
}

std::optional<stope::Day> day_of(const char* given, const char* name) {
  if (given == nullptr) return std::nullopt;
  const std::string text = text_of(given, name);
  if (const std::optional<stope::Day> day = stope::parse_day(text)) return day;
  refuse(std::string(name) + " is '" + text.substr(0, 40) + "', expected a day such as 2024-03-30");
}

/// Throws Error{usage} for what no request may ask.
void check_request(const dm_request& asked, std::int32_t threads) {
  constexpr std::int32_t most_threads = 1024;
  if (threads < 1 || threads > most_threads)
    refuse("threads is " + std::to_string(threads) + ", expected 1 to " + std::to_string(most_threads));
  if (!(asked.threshold >= 0 && asked.threshold < 1))
    refuse(fmt::format("threshold is {}, expected a probability between 0 and 1, or 0 for the model's",
                       asked.threshold));
  if (asked.samples != 0 && (asked.samples < 2 || asked.samples > lifecycle::most_draws))
    refuse("samples is " + std::to_string(asked.samples) + ", expected 2 to " +
           std::to_string(lifecycle::most_draws) + ", or 0 for none");
  stope::SiteSettings settings;
  settings.assessment.risk_set_coverage = asked.coverage;
  if (asked.coverage != 0 && !stope::problems(settings).empty())
    refuse(fmt::format("coverage is {}, expected whole hundredths from 0.50 to 0.99, or 0 for the model's",
                       asked.coverage));
}

/// What the site file and the request set instead of the settings of the model; nothing if neither does.
std::optional<stope::SiteSettings> settings_of(const dm_service& service, const Snapshot& from,
                                               double coverage) {
  if (service.site_file.empty() && coverage == 0) return std::nullopt;
  stope::SiteSettings settings = from->model ? from->model->components().settings : stope::SiteSettings{};
  if (!service.site_file.empty())
    settings = io::parse_site_settings(service.site_text, service.site_file, settings);
  if (coverage != 0) settings.assessment.risk_set_coverage = coverage;
  return settings;
}

lifecycle::PredictionRequest request_of(const dm_service& service, const Snapshot& from,
                                        const dm_request* given, std::int32_t threads) {
  dm_request asked = DM_REQUEST_INIT;
  if (given != nullptr) asked = read_structure(given, "dm_request");
  check_request(asked, threads);
  lifecycle::PredictionRequest request;
  request.as_of = day_of(asked.as_of, "as_of");
  request.today = day_of(asked.today, "today");
  if (!request.today) request.today = lifecycle::local_today();
  if (request.as_of && *request.as_of > *request.today)
    refuse("as_of, " + stope::format_day(*request.as_of) + ", lies after today, " +
           stope::format_day(*request.today));
  if (asked.threshold > 0) request.threshold = asked.threshold;
  request.timestamp =
      asked.timestamp != nullptr ? text_of(asked.timestamp, "timestamp") : lifecycle::utc_timestamp();
  request.threads = threads_to_be_had(threads);
  request.settings = settings_of(service, from, asked.coverage);
  request.draws = asked.samples;
  request.draw_seed = asked.sample_seed;
  request.attributions = asked.attributions != 0;
  return request;
}

}  // namespace

extern "C" {

dm_status dm_open(const char* store, const dm_options* options, dm_service** service,
                  dm_error* error) noexcept {
  if (service != nullptr) *service = nullptr;
  return guarded(error, [&] {
    require(store, "store");
    require(service, "service");
    if (*store == '\0') refuse("store is empty, expected the folder of a store");
    dm_options asked = DM_OPTIONS_INIT;
    if (options != nullptr) asked = read_structure(options, "dm_options");
    if (asked.refresh_milliseconds < 0)
      refuse("refresh_milliseconds is " + std::to_string(asked.refresh_milliseconds) +
             ", expected 0 or more");
    lifecycle::ServiceOptions wanted;
    wanted.refresh = std::chrono::milliseconds(asked.refresh_milliseconds);
    wanted.rules_may_answer = asked.rules_may_answer != 0;
    auto made = std::make_unique<dm_service>(store, std::move(wanted));
    if (asked.site_file != nullptr) read_site(*made, asked.site_file);
    *service = made.release();
  });
}

void dm_close(dm_service* service) noexcept {
  const HostState put_back;
  delete service;
}

dm_status dm_current_model(dm_service* service, dm_model* model, dm_error* error) noexcept {
  return guarded(error, [&] {
    require(service, "service");
    require(model, "model");
    size_of(model, "dm_model");
    write_structure(model, model_of(*service->service.current()), "dm_model");
  });
}

dm_status dm_refresh(dm_service* service, dm_model* model, dm_error* error) noexcept {
  return guarded(error, [&] {
    require(service, "service");
    if (model != nullptr) size_of(model, "dm_model");
    const Snapshot now = service->service.refresh();
    if (model != nullptr) write_structure(model, model_of(*now), "dm_model");
  });
}

dm_status dm_model_json(dm_service* service, char** json, dm_error* error) noexcept {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&] {
    require(service, "service");
    require(json, "json");
    *json = new_text(io::metadata_json(require_model(*service->service.current()).metadata()));
  });
}

dm_status dm_check_health(dm_service* service, dm_health* health, char** json, dm_error* error) noexcept {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&] {
    require(service, "service");
    if (health != nullptr) size_of(health, "dm_health");
    const lifecycle::HealthReport report = lifecycle::check_health(service->service);
    dm_health found = DM_HEALTH_INIT;
    found.state = static_cast<std::int32_t>(report.state);
    found.answers = static_cast<dm_state>(report.origin);
    found.versions = static_cast<std::int32_t>(report.versions);
    found.age_days = std::numeric_limits<double>::quiet_NaN();
    if (report.model) {
      const auto verified = report.model->verified;
      found.replay = verified == lifecycle::Verified::bit_for_bit    ? 2
                     : verified == lifecycle::Verified::to_tolerance ? 1
                                                                     : 0;
      found.age_days = report.model->age_days.value_or(found.age_days);
    }
    if (json != nullptr)
      *json = new_text(lifecycle::health_json(report, service->service.store().root().string()));
    if (health != nullptr) write_structure(health, found, "dm_health");
  });
}
static_assert(DM_READY == static_cast<int>(lifecycle::AnswerOrigin::model_in_service) &&
              DM_DEGRADED == static_cast<int>(lifecycle::AnswerOrigin::older_model) &&
              DM_RULES_ONLY == static_cast<int>(lifecycle::AnswerOrigin::rule_set) &&
              DM_UNAVAILABLE == static_cast<int>(lifecycle::AnswerOrigin::nothing));

dm_status dm_predict(dm_service* service, const dm_case* cases, size_t case_count, const dm_request* request,
                     std::int32_t threads, dm_answers** answers, dm_error* error) noexcept {
  if (answers != nullptr) *answers = nullptr;
  return guarded(error, [&] {
    require(service, "service");
    require(answers, "answers");
    const Snapshot from = service->service.current();
    lifecycle::PredictionRequest asked = request_of(*service, from, request, threads);
    const stope::SiteSettings settings = lifecycle::settings_in_effect(from->model.get(), asked);
    Cases given = read_cases(cases, case_count, settings.data.sentinels);
    auto made = std::make_unique<dm_answers>();
    made->assessments = lifecycle::predict(*from, std::move(given.records), given.issues, std::move(asked));
    for (const stope::Assessment& assessment : made->assessments) made->answers.emplace_back(assessment);
    if (from->model) {
      const io::ModelMetadata& metadata = from->model->metadata();
      made->model = {metadata.model_id, std::to_string(metadata.sequence), metadata.created_at};
    }
    *answers = made.release();
  });
}

size_t dm_answer_count(const dm_answers* answers) noexcept {
  return answers == nullptr ? 0 : answers->answers.size();
}

const dm_answer* dm_get_answer(const dm_answers* answers, size_t index) noexcept {
  return index < dm_answer_count(answers) ? &answers->answers[index].view() : nullptr;
}

dm_status dm_answer_json(const dm_answers* answers, size_t index, char** json, dm_error* error) noexcept {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&] {
    require(answers, "answers");
    require(json, "json");
    if (index >= answers->assessments.size())
      refuse("there is no answer of index " + std::to_string(index) + ", only " +
             std::to_string(answers->assessments.size()) + " answers");
    *json = new_text(io::assessment_line(answers->assessments[index]));
  });
}

dm_status dm_answers_json(const dm_answers* answers, char** json, dm_error* error) noexcept {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&] {
    require(answers, "answers");
    require(json, "json");
    *json = new_text(io::predictions_json(answers->model, answers->assessments));
  });
}

void dm_free_answers(dm_answers* answers) noexcept {
  const HostState put_back;
  delete answers;
}

dm_status dm_predict_json(dm_service* service, const char* text, size_t length, const dm_request* request,
                          std::int32_t threads, char** json, dm_error* error) noexcept {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&] {
    constexpr size_t longest = size_t{1} << 30;
    require(service, "service");
    require(text, "text");
    require(json, "json");
    if (length > longest) refuse("length is " + std::to_string(length) + ", at most 1 GiB is taken");
    const Snapshot from = service->service.current();
    *json = new_text(io::assessment_line(lifecycle::predict_case(
        *from, {text, length}, "case", request_of(*service, from, request, threads))));
  });
}

void dm_free_text(char* text) noexcept {
  const HostState put_back;
  std::free(text);
}

}  // extern "C"
