// Is the service fit to answer: which model answers and why that one, whether it still gives the answers of
// its test cases, how old it is, what can be trained, and what somebody should do. Everything is a value:
// a health check that fails tells nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/service.h"

namespace deepmine::lifecycle {

enum class HealthState : std::uint8_t {
  healthy,      ///< the model in service answers, and the data that was named (if any) can be used
  degraded,     ///< another version answers in its place, or the data can't be used
  unavailable,  ///< no model answers
};
std::string_view name(HealthState state);

/// Where answers come from.
enum class AnswerOrigin : std::uint8_t { model_in_service, older_model, rule_set, nothing };
std::string_view name(AnswerOrigin origin);

/// The model that answers.
struct ModelHealth {
  std::string id;
  Sequence version = 0;
  std::string created_at;          ///< UTC
  std::optional<double> age_days;  ///< nothing: created_at is no time
  std::size_t training_stopes = 0;
  std::size_t test_cases = 0;
  Verified verified = Verified::not_verified;  ///< what replaying them just now came to
};

/// The data that a training could use; filled by whoever read it.
struct DataHealth {
  std::string problem;  ///< why it can't be used; empty: it can
  std::size_t stopes = 0, rejected = 0, stable = 0, unstable = 0, unlabelled = 0;
  std::size_t windows = 0;
  std::string first_day, last_day;  ///< empty: no readings
};

struct DiskHealth {
  std::uint64_t free_bytes = 0, total_bytes = 0;
};

/// What somebody should do, as `code` for programs and a sentence for people.
struct HealthAdvice {
  std::string code, message;
};

struct HealthReport {
  HealthState state = HealthState::unavailable;
  std::string reason;  ///< why it is not healthy
  AnswerOrigin origin = AnswerOrigin::nothing;
  std::optional<ModelHealth> model;
  std::size_t versions = 0, rejected_versions = 0;
  std::string trainer;                 ///< who trains into the store now; empty: nobody
  std::vector<std::string> resumable;  ///< ids of interrupted runs
  std::optional<DataHealth> data;      ///< nothing: none was named
  std::optional<DiskHealth> disk;      ///< nothing: the system did not say
  std::vector<HealthAdvice> advice;    ///< the most urgent first
};

/// No limit of these changes the state; beyond it there is an advice.
struct HealthLimits {
  double oldest_days = 180;                ///< age of the model
  std::uint64_t least_free = 256'000'000;  ///< bytes on the disk of the store
  std::size_t fewest_stopes = 150;         ///< to train on
};

/// The health of a service by what answers now; its test cases are replayed, by the load if it is loaded for
/// this. Costs a few milliseconds besides a
/// first load; reads manifests, but no other version. Thread-safe.
HealthReport check_health(Service& service, std::optional<DataHealth> data = {},
                          const HealthLimits& limits = {});

}  // namespace deepmine::lifecycle
