// A line of an audit log: a record with its number, the hash of the record before it, what it says, and its
// own hash. Pure ASCII, one JSON object a line:
//
//     {"record":7,"previous":"<64 hex>","kind":"answer","content":{…},"check":"<64 hex>"}
//
// `check` is the SHA-256 of the line's bytes up to (not including) `,"check"`; `previous` is the `check` of
// the record before, 64 zeros for the first. A line feed stands behind a record only once all of it was
// written: text behind the last line feed is torn, the trace of a writer that was killed. The next writer
// leaves it where it is and puts a record of kind `recovered` behind it, on the same line, that names the
// number of its bytes and their SHA-256: nobody can put text there later, or take it away. docs/audit.md has
// the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace deepmine::io {

/// Kinds of records.
namespace audit_kind {
inline constexpr std::string_view run = "run", answer = "answer", failure = "failure",
                                  recovered = "recovered";
}  // namespace audit_kind

/// The longest line that is written or read, in bytes.
inline constexpr std::size_t longest_audit_line = std::size_t{8} << 20;
/// `previous` of the first record.
inline constexpr std::string_view no_audit_record =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct AuditLine {
  std::uint64_t number = 0;  ///< consecutive from 1
  std::string previous;      ///< `check` of the record before
  std::string kind;
  std::string content;         ///< a JSON object
  std::string check;           ///< 64 hexadecimal digits, lower case
  std::size_t torn_bytes = 0;  ///< that stand before it on its line (kind `recovered`)
};

/// The line with its line feed; sets `line.check`. `content` must be ASCII without line feeds. Throws
/// Error{failure} for a line that is too long.
std::string format_audit_line(AuditLine& line);

/// `content` of a record `recovered` behind these torn bytes.
std::string recovery_content(std::string_view torn, std::string_view time, std::string_view who);

enum class AuditLineFault {
  none,
  not_a_record,  ///< has not the form of a record
  edited,        ///< has the form, but not the bytes that `check` was made of
};

struct ParsedAuditLine {
  AuditLineFault fault = AuditLineFault::not_a_record;
  AuditLine line;  ///< of an edited one, what it claims to be
};
/// Reads a line without its line feed. Never throws for what the text says.
ParsedAuditLine parse_audit_line(std::string_view text);

/// Whether a text without any line feed can be the torn beginning of a log, rather than some other file.
bool is_torn_beginning(std::string_view text);

}  // namespace deepmine::io
