#include "lifecycle/audit_replay.h"

#include <charconv>
#include <memory>
#include <optional>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/audit_trail.h"
#include "lifecycle/prediction.h"
#include "lifecycle/test_cases.h"

namespace deepmine::lifecycle {
namespace {

/// A model of the log, or why there is none.
struct FoundModel {
  std::shared_ptr<const LoadedModel> model;
  std::string problem;
};

const nn::Kernels<float>& kernels_named(const std::string& name) {
  for (const nn::Kernels<float>* kernels : nn::available_kernels())
    if (kernels->name == name) return *kernels;
  return nn::default_kernels();
}

Sequence number_of(const std::string& text) {
  Sequence number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// What the store's log says became of a version that is not there.
std::string fate_of(const ModelStore& store, Sequence version) {
  try {
    for (const StoreEvent& event : store.events().events)
      if (event.version == version &&
          (event.kind == EventKind::collected || event.kind == EventKind::quarantined))
        return "; it was " + std::string(name(event.kind)) + " on " + event.time + " by " + event.who + ": " +
               event.why;
  } catch (const Error&) {  // the version is missing either way
    return {};
  }
  return {};
}

FoundModel load(const ModelStore& store, const io::AuditModel& wanted, const std::string& kernels) {
  const Sequence version = number_of(wanted.version);
  try {
    const StoredVersion stored = store.read(version);
    SavedModel saved = parse_saved_model(stored);
    if (saved.metadata.model_id != wanted.id)
      return {nullptr, "version " + wanted.version + " in " + store.root().string() + " is the model " +
                           saved.metadata.model_id + ", the log names " + wanted.id};
    if (!wanted.manifest_sha256.empty() && manifest_sha256(store, version) != wanted.manifest_sha256)
      return {nullptr, "version " + wanted.version + " in " + store.root().string() +
                           " is not the one that answered: its manifest has another SHA-256"};
    return {std::make_shared<const LoadedModel>(std::move(saved), store.version_folder(version).string(),
                                                kernels_named(kernels)),
            {}};
  } catch (const Error& error) {
    return {nullptr, error.what() + fate_of(store, version)};
  }
}

/// Why the bits of an answer of now may be others than those of then; empty: they must be the same.
std::string explained_by(const io::AuditArithmetic& then, const io::AuditArithmetic& now) {
  std::string text;
  const auto add = [&text](const std::string& difference) {
    text += (text.empty() ? "" : ", ") + difference;
  };
  if (then.kernels != now.kernels) add(then.kernels + " kernels then, " + now.kernels + " now");
  if (then.numerics_version != now.numerics_version)
    add("numerics version " + std::to_string(then.numerics_version) + " then, " +
        std::to_string(now.numerics_version) + " now");
  if (then.build != now.build) add(then.build + " then, " + now.build + " now");
  return text;
}

class Replay {
 public:
  explicit Replay(const ModelStore& store) : store_(store) {}

  AuditReplay run(const std::filesystem::path& file) {
    result_.log = verify_audit_log(file, {}, [this](const io::AuditLine& line, const AuditRunOnRecord* run) {
      if (line.kind != io::audit_kind::answer) finish_run();
      if (line.kind == io::audit_kind::run && run != nullptr) run_ = *run;
      if (line.kind == io::audit_kind::answer) take(line);
    });
    finish_run();
    return std::move(result_);
  }

 private:
  struct Pending {
    std::uint64_t record = 0;
    std::string content;
    io::AuditInput input;
  };

  void take(const io::AuditLine& line) {
    constexpr std::size_t most_at_once = 1000;
    try {
      io::AuditInput input = io::parse_audit_input(line.content, "record " + std::to_string(line.number));
      if (!run_ || run_->record + input.position != line.number)
        return add({line.number, input.stope_name, ReplayOutcome::not_replayed,
                    "the record of its run is missing or can't be read"});
      pending_.push_back({line.number, line.content, std::move(input)});
    } catch (const Error& error) {
      add({line.number, "", ReplayOutcome::not_replayed, error.what()});
    }
    if (pending_.size() == most_at_once) replay_pending();
  }

  void finish_run() {
    replay_pending();
    run_.reset();
  }

  void replay_pending() {
    if (pending_.empty()) return;
    const io::AuditRun& run = run_->run;
    if (run.model && (!model_name_ || *model_name_ != *run.model || kernels_ != run.arithmetic.kernels)) {
      model_ = load(store_, *run.model, run.arithmetic.kernels);
      model_name_ = run.model;
      kernels_ = run.arithmetic.kernels;
    }
    if (run.model && model_.model == nullptr) {
      for (const Pending& answer : pending_)
        add({answer.record, answer.input.stope_name, ReplayOutcome::not_replayed, model_.problem});
    } else {
      answer_again(run, run.model ? model_.model.get() : nullptr);
    }
    pending_.clear();
  }

  void answer_again(const io::AuditRun& run, const LoadedModel* model) {
    PredictionRequest request;
    request.as_of = run.as_of;
    request.today = run.today;
    request.newest_reading = run.newest_reading;
    request.settings = run.settings;
    request.draws = run.draws;
    request.draw_seed = run.draw_seed;
    request.attributions = run.attributions;
    request.timestamp = run.time;
    request.degraded = run.degraded;
    std::vector<stope::StopeRecord> records;
    std::vector<stope::Issue> issues;
    for (const Pending& answer : pending_) {
      const io::AuditInput& input = answer.input;
      request.names.push_back(input.stope_name);
      if (input.has_record)
        records.push_back({input.stope_name, input.statics.value_or(stope::StaticRecord{}), input.readings});
      for (const stope::Issue& issue : input.issues) issues.push_back(issue);
    }
    try {
      const auto answers = predict(model, std::move(records), issues, request);
      for (std::size_t i = 0; i < answers.size(); ++i) compare(run, model, pending_[i], answers[i]);
    } catch (const Error& error) {  // records that no run of this program made
      for (const Pending& answer : pending_)
        add({answer.record, answer.input.stope_name, ReplayOutcome::not_replayed, error.what()});
    }
  }

  void compare(const io::AuditRun& run, const LoadedModel* model, const Pending& pending,
               const stope::Assessment& now) {
    ReplayedAnswer answer{pending.record, pending.input.stope_name, ReplayOutcome::different, {}};
    // Another version of the program may put an answer into other words.
    AnswerComparison comparison{.tolerance = 0, .compare_words = run.program_version == DEEPMINE_VERSION};
    try {
      const std::string bits = answer_differences(pending.content, now, comparison);
      const std::string reason = explained_by(run.arithmetic, arithmetic_of(model));
      if (bits.empty()) {
        answer.outcome = ReplayOutcome::bit_for_bit;
      } else if (reason.empty()) {
        answer.detail = bits;
      } else {
        comparison.tolerance = replay_tolerance;
        answer.detail = answer_differences(pending.content, now, comparison);
        if (answer.detail.empty()) {
          answer.outcome = ReplayOutcome::to_tolerance;
          answer.detail = "compared to 1e-5, because: " + reason;
        } else {
          answer.detail += " (compared to 1e-5, because: " + reason + ")";
        }
      }
    } catch (const Error& error) {
      answer.outcome = ReplayOutcome::not_replayed;
      answer.detail = error.what();
    }
    add(std::move(answer));
  }

  void add(ReplayedAnswer answer) {
    constexpr std::size_t most = 1000;
    switch (answer.outcome) {
      case ReplayOutcome::bit_for_bit:
        ++result_.bit_for_bit;
        return;
      case ReplayOutcome::to_tolerance:
        ++result_.to_tolerance;
        break;
      case ReplayOutcome::different:
        ++result_.different;
        break;
      case ReplayOutcome::not_replayed:
        ++result_.not_replayed;
        break;
    }
    if (result_.exceptions.size() < most) result_.exceptions.push_back(std::move(answer));
  }

  const ModelStore& store_;
  AuditReplay result_;
  std::optional<AuditRunOnRecord> run_;
  std::vector<Pending> pending_;
  std::optional<io::AuditModel> model_name_;
  std::string kernels_;
  FoundModel model_;
};

}  // namespace

std::string_view name(ReplayOutcome outcome) {
  switch (outcome) {
    case ReplayOutcome::bit_for_bit:
      return "bit for bit";
    case ReplayOutcome::to_tolerance:
      return "to 1e-5";
    case ReplayOutcome::different:
      return "DIFFERENT";
    case ReplayOutcome::not_replayed:
      return "not replayed";
  }
  return "not replayed";
}

AuditReplay replay_audit_log(const std::filesystem::path& file, const ModelStore& store) {
  return Replay(store).run(file);
}

}  // namespace deepmine::lifecycle
