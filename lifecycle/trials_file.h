// The record of a search (lifecycle/tuning.h): JSON lines, the first of which says what is searched, each
// other one what a trial came to in a rung. A line is added and synced as soon as it is known, so that a
// search that was killed goes on from there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/file_descriptor.h"
#include "lifecycle/tuning.h"

namespace deepmine::lifecycle {

class TrialsFile {
 public:
  /// Opens or creates the file, and holds its lock as long as this lives. A line that was not written to its
  /// end is cut off. Throws Error(usage) if it belongs to another search, naming what differs, and
  /// Error(failure) if another process holds the lock, a line can't be understood, or the file can't be read
  /// or written.
  TrialsFile(std::filesystem::path path, const TuningRequest& request);

  const std::vector<TrialResult>& known() const { return known_; }
  void append(const Trial& trial, const TrialResult& result);

 private:
  void read(const std::string& header);

  std::filesystem::path path_;
  io::FileDescriptor file_;
  std::vector<TrialResult> known_;
};

}  // namespace deepmine::lifecycle
