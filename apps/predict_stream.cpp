#include "apps/predict_stream.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "apps/line_reader.h"
#include "apps/ordered_workers.h"
#include "engine/nn/error.h"
#include "io/assessment_json.h"
#include "io/field_json.h"
#include "io/site_file.h"
#include "lifecycle/case_prediction.h"
#include "lifecycle/clock.h"

namespace deepmine::apps {
namespace {

constexpr std::size_t longest_line = std::size_t{16} << 20;

/// Stands for a line that was too long to be kept: no line of the input can be this.
constexpr std::string_view too_long = "\n";

std::string_view word_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::failure:
      return "failure";
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::data_invalid:
      return "data_invalid";
    case ErrorCode::model_missing:
      return "model_missing";
    case ErrorCode::model_damaged:
      return "model_damaged";
    case ErrorCode::interrupted:
      return "interrupted";
  }
  return "failure";
}

std::string error_line(std::string_view code, std::string_view message, std::uint64_t line) {
  const io::OrderedJson json{{"schema_version", stope::assessment_schema_version},
                             {"error", {{"code", code}, {"message", message}, {"line", line}}}};
  return json.dump(-1, ' ', false, io::OrderedJson::error_handler_t::replace);
}

void write_line(std::string text) {
  text += '\n';
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      throw Error(ErrorCode::failure,
                  "can't write the answer to stdout: " + std::generic_category().message(errno));
  }
}

/// The settings of a model with what the site file and `--coverage` set, made once for each model.
class Settings {
 public:
  Settings(std::string file, std::optional<double> coverage) : file_(std::move(file)), coverage_(coverage) {}

  /// Nothing without either. `model` may be null.
  std::optional<stope::SiteSettings> over(const lifecycle::LoadedModel* model) {
    if (file_.empty() && !coverage_) return std::nullopt;
    const std::string id = model != nullptr ? model->metadata().model_id : "";
    const std::lock_guard lock(mutex_);
    const auto found = by_model_.find(id);
    if (found != by_model_.end()) return found->second;
    stope::SiteSettings settings = model != nullptr ? model->components().settings : stope::SiteSettings{};
    if (!file_.empty()) settings = io::read_site_file(file_, settings);
    if (coverage_) settings.assessment.risk_set_coverage = *coverage_;
    return by_model_.emplace(id, std::move(settings)).first->second;
  }

 private:
  std::string file_;
  std::optional<double> coverage_;
  std::mutex mutex_;
  std::map<std::string, stope::SiteSettings> by_model_;
};

/// Answers lines, in any number of threads at once.
class LineAnswerer {
 public:
  LineAnswerer(lifecycle::Service& service, const StreamOptions& options)
      : service_(service), options_(options), settings_(options.site_file, options.coverage) {
    settings_.over(service.current()->model.get());  // a site file that can't be used is better found now
  }

  std::string answer(std::uint64_t number, const std::string& line) {
    try {
      if (line == too_long)
        throw Error(ErrorCode::data_invalid, "line " + std::to_string(number) + ": longer than " +
                                                 std::to_string(longest_line >> 20) + " MiB");
      return io::assessment_line(assess(number, line));
    } catch (const Error& error) {
      any_unanswered_ = true;
      return error_line(word_for(error.code()), error.what(), number);
    } catch (const std::bad_alloc&) {
      any_unanswered_ = true;
      return error_line("failure", "not enough memory for this line", number);
    }
  }

  int exit_code() const {
    constexpr int unusable_model = 4, some_unanswered = 5, alert_present = 10;
    if (any_not_in_service_) return unusable_model;
    if (any_alert_ && options_.exit_on_alert) return alert_present;
    return any_unanswered_ ? some_unanswered : 0;
  }

 private:
  stope::Assessment assess(std::uint64_t number, const std::string& line) {
    const auto from = service_.current();
    if (from->state != lifecycle::ServiceState::ready) any_not_in_service_ = true;
    lifecycle::PredictionRequest request;
    const Days days = checked(options_.days);
    request.as_of = days.as_of;
    request.today = days.today;
    request.settings = settings_.over(from->model.get());
    request.threshold = options_.threshold;
    request.draws = options_.samples;
    request.draw_seed = options_.sample_seed;
    request.attributions = options_.attributions;
    request.timestamp = lifecycle::utc_timestamp();
    stope::Assessment assessment =
        lifecycle::predict_case(*from, line, "line " + std::to_string(number), std::move(request));
    if (assessment.status == stope::Status::abstain || assessment.status == stope::Status::rejected)
      any_unanswered_ = true;
    if (assessment.alert_recommended.value_or(false)) any_alert_ = true;
    return assessment;
  }

  lifecycle::Service& service_;
  const StreamOptions& options_;
  Settings settings_;
  std::atomic<bool> any_not_in_service_{false}, any_alert_{false}, any_unanswered_{false};
};

}  // namespace

int predict_stream(lifecycle::Service& service, const StreamOptions& options) {
  LineAnswerer answerer(service, options);
  OrderedWorkers workers(
      options.threads,
      [&answerer](std::uint64_t number, const std::string& line) { return answerer.answer(number, line); },
      write_line);
  LineReader lines(STDIN_FILENO, longest_line);
  std::string line;
  for (;;) {
    const LineReader::Outcome outcome = lines.next(line);
    if (outcome == LineReader::Outcome::end) break;
    workers.submit(outcome == LineReader::Outcome::line ? line : std::string(too_long));
  }
  workers.finish();
  return answerer.exit_code();
}

}  // namespace deepmine::apps
