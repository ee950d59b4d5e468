#include "lifecycle/report.h"

#include <algorithm>
#include <limits>
#include <map>

#include "engine/stope/split.h"
#include "lifecycle/model_evaluation.h"
#include "lifecycle/prediction.h"
#include "lifecycle/training_log.h"

namespace deepmine::lifecycle {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

std::string_view part_of(const std::string& stope, const io::SplitSummary& split) {
  const auto has = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), stope) != names.end();
  };
  return has(split.training_stopes)     ? "training"
         : has(split.validation_stopes) ? "validation"
         : has(split.test_stopes)       ? "test"
                                        : "";
}

/// The days of a stope that the report shows.
StopePast past_of(const stope::DailySeries& readings, stope::Day until, int days) {
  StopePast past;
  if (readings.empty()) return past;
  const stope::Day last = std::min(readings.last_day(), until);
  past.first_day = std::max(readings.first_day, last - days + 1);
  const auto count = static_cast<std::size_t>(std::max(0, last - past.first_day + 1));
  past.instability.assign(count, not_known);
  past.next_level.assign(count, stope::masked);
  for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
    for (std::size_t i = 0; i < count; ++i)
      past.sensors[sensor].push_back(readings.on(past.first_day + static_cast<stope::Day>(i))[sensor]);
  return past;
}

/// The network's answers on the days shown, all stopes in one run.
void add_past_answers(const LoadedModel& model, const stope::Dataset& dataset, int threads,
                      std::map<std::string, StopePast*>& pasts) {
  stope::WindowSelection shown;
  const auto place = [&](std::uint32_t number) -> std::pair<StopePast*, std::size_t> {
    const stope::Window& window = dataset.windows()[number];
    const auto found = pasts.find(dataset.stopes()[window.stope].name);
    if (found == pasts.end() || window.end < found->second->first_day) return {nullptr, 0};
    const auto day = static_cast<std::size_t>(window.end - found->second->first_day);
    return {day < found->second->instability.size() ? found->second : nullptr, day};
  };
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w)
    if (place(w).first != nullptr) shown.windows.push_back(w);

  const io::Components& components = model.components();
  NetworkRunner runner(model.prediction(), 64, threads);
  SampleSource source(dataset, components.network, components.scaler, shown, train::ClassWeights::none);
  const Answers answers =
      network_answers(runner, components.network, source, shown, components.calibration.temperatures);
  for (std::size_t i = 0; i < shown.windows.size(); ++i) {
    const auto [past, day] = place(shown.windows[i]);
    past->instability[day] = answers.current[i];
    past->next_level[day] = answers.levels_of(i, components.network.horizons.size())[0];
  }
}

class ReportOfData {
 public:
  ReportOfData(const LoadedModel& model, ReportRequest& request, Report& report)
      : model_(model), request_(request), data_(*request.data), report_(report) {}

  void add() {
    const stope::WindowPlan plan = window_plan(&model_);
    report_.has_data = true;
    report_.today = request_.today;
    report_.data = io::make_data_report(data_, report_.settings.data, plan);
    add_stopes();
    data_.leave_out_rejected();
    const stope::Dataset dataset(std::move(data_.stopes), report_.settings, plan);
    std::map<std::string, StopePast*> pasts;
    for (ReportStope& stope : report_.stopes) pasts[stope.name] = &stope.past;
    add_past_answers(model_, dataset, request_.threads, pasts);
    judge(dataset);
  }

 private:
  void add_stopes() {
    PredictionRequest asked;
    asked.as_of = request_.as_of;
    asked.today = request_.today;
    asked.settings = request_.settings;
    asked.timestamp = request_.created_at;
    asked.threads = request_.threads;
    const stope::Day until = request_.as_of.value_or(std::numeric_limits<stope::Day>::max());
    std::map<std::string, const stope::StopeRecord*> records;
    for (const stope::StopeRecord& record : data_.stopes) records[record.name] = &record;
    PredictionFindings findings;
    std::vector<stope::Assessment> assessments =
        predict(&model_, data_.stopes, data_.issues, asked, &findings);
    report_.drift = std::move(findings.drift);
    for (stope::Assessment& assessment : assessments) {
      ReportStope stope;
      stope.name = assessment.stope_name;
      stope.part = part_of(stope.name, model_.metadata().split);
      if (const auto record = records.find(stope.name); record != records.end()) {
        stope.stable = record->second->statics.stable;
        stope.past = past_of(record->second->readings, until, request_.past_days);
      }
      stope.assessment = std::move(assessment);
      report_.stopes.push_back(std::move(stope));
    }
  }

  void judge(const stope::Dataset& dataset) {
    ModelEvaluationRequest asked;
    asked.data_sha256 = data_.sha256;
    asked.settings = report_.settings;
    asked.bootstrap = request_.bootstrap;
    asked.threads = request_.threads;
    const SeenAndUnseen parts = seen_and_unseen(dataset, model_.metadata(), asked.data_sha256);
    asked.importance = stope::stope_names(dataset, parts.validation).size() >= 2;
    if (parts.unseen.windows.empty()) {
      report_.why_no_evaluation =
          "These files have no stope with a usable window that the model was not trained on. Figures of "
          "stopes "
          "that it has seen would measure memory, so there are none here.";
      return;
    }
    JudgedModel judged = judge_model(model_, dataset, asked);
    report_.figures = skill_figures(judged.contest.windows, judged.contest.network.runs.front(),
                                    report_.settings.assessment.decision_threshold);
    report_.evaluation = std::move(judged.report);
  }

  const LoadedModel& model_;
  ReportRequest& request_;
  io::StopeData& data_;
  Report& report_;
};

}  // namespace

Report make_report(const LoadedModel& model, const std::string& training_log, ReportRequest request) {
  Report report;
  report.created_at = request.created_at;
  report.program_version = DEEPMINE_VERSION;
  report.metadata = model.metadata();
  report.network = model.components().network;
  report.settings = request.settings.value_or(model.components().settings);
  report.epochs = parse_training_log(training_log, report.network.horizons, "training_log.csv");
  if (request.data) ReportOfData(model, request, report).add();
  return report;
}

}  // namespace deepmine::lifecycle
