// Collects findings while files are read, with a bound: a column of wrong cells must not become millions of
// messages. Every finding counts; of each kind the first few of each stope are listed with their place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/stope/issue.h"

namespace deepmine::io {

/// How often a kind of finding was met, over all stopes, listed or not.
struct IssueCount {
  stope::Severity severity = stope::Severity::note;
  std::string code;
  std::size_t count = 0;
};

/// Not thread-safe.
class IssueLog {
 public:
  explicit IssueLog(std::size_t most_listed_of_a_kind) : most_listed_(most_listed_of_a_kind) {}

  /// True if the next issue of this kind would be listed; if not it is counted and the caller can spare the
  /// trouble of wording it.
  bool wants(stope::Severity severity, std::string_view code, std::string_view stope_name);
  void add(stope::Severity severity, std::string_view code, stope::Location where,
           std::string_view stope_name, std::string message);

  /// By severity, the worst first, then by code.
  std::vector<IssueCount> counts() const;

  bool has_fatal() const noexcept { return has_fatal_; }

  /// The listed issues in order of discovery, then one issue of the same severity and code for each kind that
  /// had more ("12 more …"). Empties the log.
  std::vector<stope::Issue> take();

 private:
  struct Kind {
    stope::Severity severity;
    std::string code, stope;
    std::string file;
    std::size_t listed = 0, left_out = 0;
  };
  Kind& kind(stope::Severity severity, std::string_view code, std::string_view stope_name);

  std::size_t most_listed_;
  bool has_fatal_ = false;
  std::vector<stope::Issue> issues_;
  std::vector<Kind> kinds_;  // in order of discovery
  std::unordered_map<std::string, std::size_t> kind_index_;
};

}  // namespace deepmine::io
