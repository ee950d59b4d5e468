// Computes the answers of an audit log again, from what stands in it and the models of a store, and says
// where they are not the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/audit_verify.h"
#include "lifecycle/store.h"

namespace deepmine::lifecycle {

enum class ReplayOutcome {
  bit_for_bit,   ///< every number has the same bits, every word is the same
  to_tolerance,  ///< the same but for numbers that differ by at most 1e-5, and other arithmetic explains that
  different,     ///< another answer than the one in the log
  not_replayed,  ///< the model is not there any more, or the record can't be read
};
std::string_view name(ReplayOutcome outcome);

struct ReplayedAnswer {
  std::uint64_t record = 0;
  std::string stope_name;
  ReplayOutcome outcome = ReplayOutcome::not_replayed;
  std::string detail;  ///< of any but bit_for_bit: what differs, and how it was compared, or why it was not
};

struct AuditReplay {
  AuditReport log;
  std::uint64_t bit_for_bit = 0, to_tolerance = 0, different = 0, not_replayed = 0;
  std::vector<ReplayedAnswer> exceptions;  ///< all but bit_for_bit; the first thousand
};

/// Verifies the log and replays each answer whose record is sound. A version that is not in service any more
/// answers from the store all the same; on the kernels that the record names, where this machine has them.
/// Throws Error{failure} if the log can't be read. Holds one run of the log and one model in memory.
AuditReplay replay_audit_log(const std::filesystem::path& file, const ModelStore& store);

/// How a recorded answer (JSON of a record `answer`) and one computed now may differ.
struct AnswerComparison {
  double tolerance = 0;       ///< of numbers; 0: the same bits
  bool compare_words = true;  ///< messages and texts, and keys that the record does not have
};
/// What differs, as `current_stability.stable: recorded true, now false` (the first three, then how many
/// more); empty: nothing. Throws Error{data_invalid} if the text is no such record.
std::string answer_differences(std::string_view recorded, const stope::Assessment& now,
                               const AnswerComparison& comparison);

}  // namespace deepmine::lifecycle
