#include "lifecycle/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/nn/error.h"
#include "lifecycle/checkpoint.h"
#include "lifecycle/clock.h"
#include "lifecycle/run_id.h"

namespace deepmine::lifecycle {

namespace {

namespace fs = std::filesystem;

AnswerOrigin origin_of(const ServiceSnapshot& snapshot) {
  switch (snapshot.state) {
    case ServiceState::ready:
      return AnswerOrigin::model_in_service;
    case ServiceState::degraded:
      return AnswerOrigin::older_model;
    case ServiceState::rules_only:
      return AnswerOrigin::rule_set;
    case ServiceState::unavailable:
      return AnswerOrigin::nothing;
  }
  return AnswerOrigin::nothing;
}

std::optional<DiskHealth> disk_of(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  const fs::space_info space = fs::space(fs::exists(folder, error) ? folder : fs::path("."), error);
  if (error) return std::nullopt;
  return DiskHealth{space.available, space.capacity};
}

/// Looks at one thing after the other; each adds its advice, and the state only gets worse.
class HealthCheck {
 public:
  HealthCheck(Service& service, const HealthLimits& limits) : store_(service.store()), limits_(limits) {
    report_.state = HealthState::healthy;
    const auto before = service.last(), now = service.current();
    look_at_model(*now, before == nullptr || before->model != now->model);
  }

  HealthReport run(std::optional<DataHealth> data) {
    guarded([this] { look_at_versions(); });
    guarded([this] { look_at_trainings(); });
    look_at_disk();
    if (data)
      look_at_data(*data);
    else if (report_.model)
      look_at_stopes_of_model();
    report_.data = std::move(data);
    return std::move(report_);
  }

 private:
  void worsen(HealthState state, const std::string& reason) {
    report_.state = std::max(report_.state, state);
    report_.reason += (report_.reason.empty() ? "" : "; ") + reason;
  }

  void advise(std::string code, std::string message) {
    report_.advice.push_back({std::move(code), std::move(message)});
  }

  /// A store that can't be looked at in full is no reason to say nothing of the rest.
  template <class Look>
  void guarded(Look look) {
    try {
      look();
    } catch (const Error& error) {
      advise("store_unreadable", std::string("have a look at the store: ") + error.what());
    }
  }

  std::string with_store(std::string_view command) const {
    return fmt::format("`deepmine {} --store {}`", command, store_.root().string());
  }

  /// Whoever was loaded a moment ago replayed its test cases then.
  static ReplayResult replay(const LoadedModel& model, bool was_just_loaded) {
    if (was_just_loaded) return {model.verified(), {}};
    return replay_test_cases(model.components().test_cases, model.prediction());
  }

  void look_at_model(const ServiceSnapshot& snapshot, bool was_just_loaded) {
    report_.origin = origin_of(snapshot);
    if (!snapshot.model) {
      const bool is_missing = snapshot.problem.empty();
      worsen(HealthState::unavailable,
             is_missing ? store_.root().string() + ": there is no model" : snapshot.problem);
      if (is_missing && is_version_folder(store_.root()))
        advise("store", no_model_text(store_.root()));
      else if (is_missing)
        advise("train", "train a model: " + with_store("train"));
      else
        advise_on_damage();
      return;
    }
    const io::ModelMetadata& metadata = snapshot.model->metadata();
    ModelHealth& model = report_.model.emplace();
    model.id = metadata.model_id;
    model.version = metadata.sequence;
    model.created_at = metadata.created_at;
    model.training_stopes = metadata.split.training_stopes.size();
    model.test_cases = snapshot.model->components().test_cases.inputs.size();
    const ReplayResult answers = replay(*snapshot.model, was_just_loaded);
    model.verified = answers.verified;
    if (answers.verified == Verified::not_verified) {
      worsen(HealthState::unavailable,
             "the model in memory no longer gives its own answers: " + answers.problem);
      advise("restart", "restart this program, and have its memory and processor checked");
    }
    if (snapshot.state == ServiceState::degraded) {
      worsen(HealthState::degraded, snapshot.degradation());
      advise_on_damage();
    }
    if (answers.verified == Verified::to_tolerance)
      advise(
          "verified_to_tolerance",
          "the test cases agree to a tolerance, not bit for bit: the model was saved by another version of "
          "the arithmetic or for other processors; train anew where bits must be the same");
    look_at_age(model);
    look_at_quality(metadata);
  }

  /// Of what its training measured: nobody should have to look for it.
  void look_at_quality(const io::ModelMetadata& metadata) {
    const io::SplitSummary& split = metadata.split;
    stopes_of_model_ =
        split.training_stopes.size() + split.validation_stopes.size() + split.test_stopes.size();
    const auto part = metadata.metrics.find("test");
    if (part == metadata.metrics.end()) return;
    const auto head = part->second.find("current");
    if (head == part->second.end()) return;
    const auto accuracy = head->second.find("balanced_accuracy");
    if (accuracy != head->second.end() && accuracy->second <= 0.5)
      advise("no_better_than_chance",
             fmt::format("on its {} test stopes the model was no better at telling stable from unstable than "
                         "tossing a coin (balanced accuracy {:.3f}): do not rely on it",
                         split.test_stopes.size(), accuracy->second));
  }

  void advise_on_damage() {
    advise("mend",
           fmt::format("find out what is damaged, {}, then go back to a good version, {}, or train anew",
                       with_store("models verify --all"), with_store("models rollback")));
  }

  void look_at_age(ModelHealth& model) {
    constexpr double seconds_a_day = 24 * 60 * 60;
    const std::optional<std::int64_t> created = utc_seconds(model.created_at);
    if (!created) return;
    model.age_days = static_cast<double>(*utc_seconds(utc_timestamp()) - *created) / seconds_a_day;
    if (*model.age_days < 0)
      advise("clock", "the model was made after now, " + model.created_at + ": check this computer's clock");
    if (*model.age_days > limits_.oldest_days)
      advise("old_model", fmt::format("the model is {:.0f} days old, more than {:.0f}: train anew with the "
                                      "readings since then",
                                      std::floor(*model.age_days), limits_.oldest_days));
  }

  void look_at_versions() {
    const VersionList list = store_.list();
    report_.versions = list.versions.size();
    Sequence in_service = 0;
    for (const ListedVersion& version : list.versions) {
      if (version.rejected) ++report_.rejected_versions;
      if (version.in_service) in_service = version.sequence;
    }
    for (const ListedVersion& version : list.versions)
      if (version.rejected && in_service != 0 && version.sequence > in_service)
        advise("rejected", fmt::format("version {}, newer than the one in service, was rejected: {}",
                                       version.sequence, *version.rejected));
    if (const std::size_t count = store_.events().problems.size(); count > 0)
      advise("event_log",
             fmt::format("EVENTS.log has {} damaged or missing lines: {}", count, with_store("models log")));
  }

  void look_at_trainings() {
    report_.trainer = store_.training_holder().value_or("");
    for (const CheckpointedRun& run : checkpointed_runs(store_.root()))
      report_.resumable.push_back(run_id_text(run.run_id));
    if (report_.trainer.empty() && !report_.resumable.empty())
      advise("resume", fmt::format("{} can be gone on with: {}",
                                   report_.resumable.size() == 1
                                       ? "an interrupted training"
                                       : fmt::format("{} interrupted trainings", report_.resumable.size()),
                                   with_store("train --resume")));
  }

  void look_at_disk() {
    report_.disk = disk_of(store_.root());
    if (report_.disk && report_.disk->free_bytes < limits_.least_free)
      advise("disk", fmt::format("the disk of the store has {:.1f} MB left, less than {:.0f}: make room, for "
                                 "example with {}",
                                 static_cast<double>(report_.disk->free_bytes) / 1e6,
                                 static_cast<double>(limits_.least_free) / 1e6, with_store("models gc")));
  }

  void look_at_data(const DataHealth& data) {
    if (!data.problem.empty()) {
      worsen(HealthState::degraded, "the data can't be used: " + data.problem);
      advise("data", "correct the data; `deepmine validate` lists every problem with its place");
      return;
    }
    if (data.rejected > 0)
      advise("data", fmt::format("{} of {} stopes are rejected: `deepmine validate` says where",
                                 data.rejected, data.stopes));
    if (data.windows == 0)
      advise("data_windows", "no stope has enough history in a row for a window: no training is possible");
    else if (data.stable == 0 || data.unstable == 0)
      advise("data_labels",
             fmt::format("{} stopes are labelled stable and {} unstable: a training needs both", data.stable,
                         data.unstable));
    else if (data.stopes < limits_.fewest_stopes)
      advise("data_thin", fmt::format("{} stopes are few to train on: with less than {} a few stopes decide "
                                      "every figure",
                                      data.stopes, limits_.fewest_stopes));
  }

  void look_at_stopes_of_model() {
    if (stopes_of_model_ < limits_.fewest_stopes)
      advise("model_thin",
             fmt::format("the model was made from {} stopes; with less than {} a few stopes decide every "
                         "figure: train anew when there are more",
                         stopes_of_model_, limits_.fewest_stopes));
  }

  const ModelStore& store_;
  const HealthLimits& limits_;
  std::size_t stopes_of_model_ = 0;
  HealthReport report_;
};

}  // namespace

std::string_view name(HealthState state) {
  switch (state) {
    case HealthState::healthy:
      return "healthy";
    case HealthState::degraded:
      return "degraded";
    case HealthState::unavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::string_view name(AnswerOrigin origin) {
  switch (origin) {
    case AnswerOrigin::model_in_service:
      return "model_in_service";
    case AnswerOrigin::older_model:
      return "older_model";
    case AnswerOrigin::rule_set:
      return "rule_set";
    case AnswerOrigin::nothing:
      return "nothing";
  }
  return "nothing";
}

HealthReport check_health(Service& service, std::optional<DataHealth> data, const HealthLimits& limits) {
  return HealthCheck(service, limits).run(std::move(data));
}

}  // namespace deepmine::lifecycle
