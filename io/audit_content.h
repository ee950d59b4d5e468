// What the records of an audit log say, as values and as JSON: the run (which model, which settings, which
// days) and, for each stope, all that its answer was made from and the answer itself. Together they are
// enough to compute the answer again. docs/audit.md lists the keys.
//
// Numbers are written as decimals that read back to the same bits; the numbers of the network stand there in
// hexadecimal, too. `input_sha256` is the SHA-256 of the JSON text of the input as it stands in the line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stope/assessment.h"
#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "engine/stope/thresholds.h"

namespace deepmine::io {

/// The model that answered, by name and by its bytes.
struct AuditModel {
  std::string id, version, trained_at;
  std::string manifest_sha256;  ///< of the version's MANIFEST; empty: could not be read

  bool operator==(const AuditModel&) const = default;
};

/// What the arithmetic's last bits hang on.
struct AuditArithmetic {
  std::string kernels;  ///< nn::Kernels::name
  std::int32_t numerics_version = 0;
  std::string build;  ///< C library and compiler

  bool operator==(const AuditArithmetic&) const = default;
};

/// A run of predictions: what all of its answers have in common.
struct AuditRun {
  std::string time;  ///< UTC; `timestamp` of the answers
  std::string who;   ///< `user@host:process`
  std::string program_version;
  AuditArithmetic arithmetic;
  std::optional<AuditModel> model;             ///< empty: the rules answered
  std::string degraded;                        ///< why an older model answered; empty: it did not
  std::map<std::string, std::string> sources;  ///< `static`, `timeseries`, `store`: as the user named them
  std::optional<stope::Day> as_of, today;
  std::optional<stope::Day> newest_reading;  ///< of the whole data set
  stope::SiteSettings settings;              ///< in effect, with the decision threshold
  int draws = 0;                             ///< of Monte Carlo dropout for each answer, and their seed
  std::uint64_t draw_seed = 0;
  bool attributions = false;  ///< whether they were asked for
  std::uint64_t answers = 0;  ///< how many records follow

  bool operator==(const AuditRun&) const = default;
};

/// What one answer was made from.
struct AuditInput {
  std::uint64_t position = 0;  ///< of the answer in its run, from 1: so many records behind that of the run
  std::string stope_name;
  bool has_record = false;  ///< false: the static file has no row of it
  /// Empty: there is no row, or it was refused and must not be used.
  std::optional<stope::StaticRecord> statics;
  stope::DailySeries readings;  ///< those that the answer depends on; days without any are left out in JSON
  std::vector<stope::Issue> issues;  ///< found while its files were read; the place is part of the message
};

std::string audit_run_json(const AuditRun& run);
/// Throws Error{data_invalid} naming `source` for anything that audit_run_json() did not write.
AuditRun parse_audit_run(std::string_view json, const std::string& source);

std::string audit_answer_json(const AuditInput& input, const stope::Assessment& answer);
/// The input of such a record. Throws Error{data_invalid} as above, also where the hash is another.
AuditInput parse_audit_input(std::string_view answer_json, const std::string& source);

struct AuditFailure {
  std::string time, who, program_version, message;
  std::map<std::string, std::string> sources;
};
/// A run that came to no answer at all.
std::string audit_failure_json(const AuditFailure& failure);

}  // namespace deepmine::io
