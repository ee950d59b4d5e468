// The file of an audit log: records are added at its end, and nothing in it is ever changed. Any number of
// processes may add to one log; each takes the lock for the moment of writing. docs/audit.md says what is
// found and what is not.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "io/audit_line.h"
#include "io/file_descriptor.h"

namespace deepmine::lifecycle {

/// The last record of a log: who knows it can tell later whether anything up to it was changed or cut off.
struct AuditHead {
  std::uint64_t records = 0;
  std::string check{io::no_audit_record};
};

struct AuditEntry {
  std::string kind, content;
};

/// A log to add to. Not thread-safe; two objects (of one process or of two) may write to one file.
class AuditLog {
 public:
  /// Creates the file if it is not there, and looks whether it can be added to, so that nobody computes for
  /// an hour what then can't be recorded. Throws Error{failure}: no permission, not a regular file, not an
  /// audit log, its last record is not as it was written, or another process holds its lock for longer than
  /// `patience`.
  explicit AuditLog(std::filesystem::path file,
                    std::chrono::milliseconds patience = std::chrono::seconds(60));

  const std::filesystem::path& file() const { return file_; }

  /// Adds the records, one behind the other with nothing in between, and syncs the file once. They are safe
  /// on disk when it returns. Throws Error{failure} as above or if they can't be written: a part of them may
  /// then stand there; the next append() deals with that.
  AuditHead append(std::span<const AuditEntry> entries);

 private:
  std::filesystem::path file_;
  std::chrono::milliseconds patience_;
};

/// The size of a log at a moment when nobody was adding to it. `file` is open for reading.
std::uint64_t settled_size(const io::FileDescriptor& file, const std::filesystem::path& path);

}  // namespace deepmine::lifecycle
