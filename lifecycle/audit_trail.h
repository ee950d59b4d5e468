// Predictions into an audit log: what was asked, from what it was answered, and the answers.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "io/audit_content.h"
#include "lifecycle/audit_log.h"
#include "lifecycle/prediction.h"
#include "lifecycle/store.h"

namespace deepmine::lifecycle {

/// One run of predictions on its way into a log:
///
///     AuditTrail trail(file, {{"static", …}, {"timeseries", …}, {"store", …}});
///     trail.note_inputs(model, records, issues, request);
///     answers = predict(model, std::move(records), issues, request);
///     trail.record(answers);          // on disk when it returns
///     … only now is an answer shown to anybody …
class AuditTrail {
 public:
  /// Opens the log. `sources` names where the data and the model came from; of these, `store` is used: the
  /// hash of the model's manifest is read there. Throws as AuditLog.
  AuditTrail(const std::filesystem::path& file, std::map<std::string, std::string> sources);

  /// Copies what the answers will be made from: the arguments of predict(), before it takes them over.
  void note_inputs(const LoadedModel* model, std::span<const stope::StopeRecord> records,
                   std::span<const stope::Issue> issues, const PredictionRequest& request);
  /// The answers to what was noted, all in one piece. Throws Error{failure} if they can't be written, or if
  /// one of them was not asked for.
  AuditHead record(std::span<const stope::Assessment> answers);
  /// That there are no answers, and why.
  AuditHead record_failure(const std::string& message);

 private:
  AuditLog log_;
  io::AuditRun run_;
  std::map<std::string, io::AuditInput> inputs_;  // by name of the stope
};

/// The readings that an answer about the last day up to `not_after` depends on: some more days than the
/// window, the thresholds and the gaps that may be filled reach back. The answer from them is the answer from
/// all readings, to the bit.
stope::DailySeries readings_that_matter(const stope::StaticRecord& statics,
                                        const stope::DailySeries& readings, stope::Day not_after, int days,
                                        const stope::SiteSettings& settings);

/// What the last bits of an answer of this process hang on. `model` may be null: the best kernels then.
io::AuditArithmetic arithmetic_of(const LoadedModel* model);

/// SHA-256 of a version's MANIFEST; empty if it can't be read.
std::string manifest_sha256(const ModelStore& store, Sequence version);

}  // namespace deepmine::lifecycle
