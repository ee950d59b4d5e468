// A finding about the data: what, where, how bad. Findings are values; they are collected, counted and shown.
#pragma once

#include <cstddef>
#include <string>

namespace deepmine::stope {

/// Where in the input. `line` and `column` count from 1; 0 means "the whole file" or "the whole line".
struct Location {
  std::string file;
  std::size_t line = 0, column = 0;
};

/// What a finding means for the stope (or the file) that it is about.
enum class Severity {
  note,      ///< worth knowing, changes nothing (an ignored column)
  warning,   ///< answered, with a warning (a dropped identical duplicate, a filled gap)
  rejected,  ///< this stope can't be answered (a value that is not a number)
  fatal,     ///< the file can't be used (a missing column)
};

struct Issue {
  Severity severity = Severity::note;
  std::string code;  ///< stable, for programs: `not_a_number`, `out_of_range`, …
  Location where;
  std::string stope;    ///< empty: about the file, not about one stope
  std::string message;  ///< expected, found, what to do
};

/// `file:line:column: message`, without the parts that are not known.
std::string describe(const Issue& issue);

}  // namespace deepmine::stope
