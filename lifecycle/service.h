// What answers, for as long as a program runs: loads the model of a store when it is first asked for, keeps
// it in memory, and adopts a newer version when one goes into service. The shared core of the command line
// and of the library.
//
// What answers, in this order: the model in service; an older good version in its place (degraded); a model
// that is trained now, if there never was one and the caller gave a training (damage never starts one); the
// rule set, flagged; an error. Every answer says which of them it was.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lifecycle/loaded_model.h"
#include "lifecycle/prediction.h"

namespace deepmine::lifecycle {

enum class ServiceState : std::uint8_t {
  ready,        ///< the model in service answers
  degraded,     ///< another version answers in its place
  rules_only,   ///< no model can be used: the rule set answers, flagged
  unavailable,  ///< nothing answers: rules are not wanted, or the store can't be read
};
std::string_view name(ServiceState state);

/// What answers at some moment. Immutable; may be kept and used while newer versions come and go.
struct ServiceSnapshot {
  ServiceState state = ServiceState::unavailable;
  std::shared_ptr<const LoadedModel> model;  ///< `ready` and `degraded` only
  /// Why it is not the model in service that answers. Empty: it is, or (without a model) none was ever
  /// published.
  std::string problem;
  ErrorCode error = ErrorCode::failure;  ///< of `unavailable`

  /// `version 3 answers in place of the model in service: …`; empty unless degraded.
  std::string degradation() const;
};

struct ServiceOptions {
  /// How often to look whether another version went into service, which costs a few microseconds;
  /// 0: at each request.
  std::chrono::milliseconds refresh{1000};
  /// Without a usable model the rule set answers. False: `unavailable` then, and predictions are an Error.
  bool rules_may_answer = true;
  /// Called at the first request if the store never had a model, under no lock of the store; trains one into
  /// it (run_training). May throw Error, which is reported as a problem. Empty: nothing is trained.
  std::function<void(const ModelStore&)> train;
};

struct ServiceAnswer {
  std::shared_ptr<const ServiceSnapshot> from;
  std::vector<stope::Assessment> assessments;
};

/// All functions may be called from any number of threads at once; the destructor waits for a load that is
/// under way.
class Service {
 public:
  /// Touches nothing on disk.
  explicit Service(ModelStore store, ServiceOptions options = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  const ModelStore& store() const { return store_; }

  /// What answers now. The first call loads; calls at the same time wait for that one load. Once there is a
  /// model no call waits: a newer version is loaded and checked (its test cases replayed) by a thread of its
  /// own, and adopted when it is good; else the old one goes on, degraded, with the reason as `problem`. A
  /// version that could not be used is not tried again until another one goes into service. Never throws for
  /// what is on disk.
  std::shared_ptr<const ServiceSnapshot> current();

  /// The same, but looks at the store now and waits for the outcome. Tries again what failed before, too.
  std::shared_ptr<const ServiceSnapshot> refresh();

  /// What answered last; null before the first load. Looks at nothing.
  std::shared_ptr<const ServiceSnapshot> last() const;

  /// Loads that were tried so far, of whatever outcome.
  std::uint64_t loads() const { return loads_; }

  /// Assessments (prediction.h) by what answers now. `request.degraded` is set here. Throws Error(usage) as
  /// predict() does, and `unavailable` as the Error of its code.
  ServiceAnswer predict(std::vector<stope::StopeRecord> records, std::span<const stope::Issue> issues,
                        PredictionRequest request);

 private:
  using Clock = std::chrono::steady_clock;
  using Snapshot = std::shared_ptr<const ServiceSnapshot>;
  /// What a load came to, and for which stamp (ModelStore::current_stamp()).
  struct Held {
    Snapshot snapshot;
    std::string stamp;
    bool try_again = false;  ///< the system failed, which may pass
  };

  std::shared_ptr<const Held> held() const;
  bool is_time_to_look(const Held& held);
  bool has_changed(const Held& held) const;
  void load_beside();
  std::shared_ptr<const Held> load();
  ServiceSnapshot load_first(bool& try_again);
  ServiceSnapshot load_newer(const Snapshot& old, bool& try_again);
  ModelInService load_or_train();

  ModelStore store_;
  ServiceOptions options_;
  std::atomic<std::uint64_t> loads_{0};
  std::atomic<Clock::rep> next_look_{0};

  mutable std::mutex held_mutex_;  // for the pointer alone: never held while anything is read or computed
  std::shared_ptr<const Held> held_;

  std::mutex loader_mutex_;  // one loader at a time
  bool has_trained_ = false;
  std::string training_problem_;  // why that came to nothing
  std::atomic<bool> loads_beside_{false};
  std::mutex thread_mutex_;
  std::thread loader_;  // loads beside
};

/// Assessments by what a snapshot holds. Throws as Service::predict() does.
std::vector<stope::Assessment> predict(const ServiceSnapshot& from, std::vector<stope::StopeRecord> records,
                                       std::span<const stope::Issue> issues, PredictionRequest request,
                                       PredictionFindings* findings = nullptr);

}  // namespace deepmine::lifecycle
