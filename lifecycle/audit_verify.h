// Reads an audit log from its first byte to its last and finds what is not as it was written: any byte that
// was changed, any record that was taken away, put in, moved or doubled, two logs that were joined. What a
// chain alone can't find is said in docs/audit.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/audit_content.h"
#include "io/audit_line.h"
#include "lifecycle/audit_log.h"

namespace deepmine::lifecycle {

/// Something about a line of a log.
struct AuditFinding {
  std::uint64_t line = 0;    ///< counted from 1
  std::uint64_t record = 0;  ///< the number that the line claims; 0: none
  std::string message;
};
/// `line 12 (record 12): message`
std::string describe(const AuditFinding& finding);

enum class AuditState {
  sound,
  torn,     ///< sound, but a writer was killed while it wrote the last line
  changed,  ///< not as it was written
};
std::string_view name(AuditState state);

struct AuditReport {
  AuditState state = AuditState::sound;
  std::uint64_t bytes = 0, records = 0;  ///< records that are as they were written
  std::uint64_t runs = 0, answers = 0, failures = 0, recoveries = 0;
  std::string first_time, last_time;  ///< of the first and the last run; empty: there is none
  AuditHead head;                     ///< the last record that is as it was written
  /// The record whose `check` is the head that was asked for; nothing: none is.
  std::optional<std::uint64_t> record_of_known_head;
  std::vector<AuditFinding> problems;  ///< the first hundred
  std::uint64_t problem_count = 0;
  std::uint64_t changed_lines = 0;  ///< that are no record as it was written: nothing can be said of them
  /// Traces of killed writers: torn lines, runs whose last answers were never written. No fault of the log.
  std::vector<AuditFinding> notes;
};

/// A run and the number of its record.
struct AuditRunOnRecord {
  std::uint64_t record = 0;
  io::AuditRun run;
};
/// Called for each record that is as it was written, in order. `run` is the last run whose record is sound,
/// up to and with this record: that of an answer, if `position` in its content agrees; null: none.
using AuditVisitor = std::function<void(const io::AuditLine& line, const AuditRunOnRecord* run)>;

/// Memory does not grow with the log. A writer may be at work: what it adds meanwhile is not looked at.
/// Throws Error{failure} if the file can't be read.
AuditReport verify_audit_log(const std::filesystem::path& file, std::string_view known_head = {},
                             const AuditVisitor& visit = {});

}  // namespace deepmine::lifecycle
