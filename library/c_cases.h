// The cases of a C program as records and findings.
#pragma once

#include <span>
#include <vector>

#include "engine/stope/issue.h"
#include "engine/stope/records.h"
#include "library/deepmine.h"

namespace deepmine::library {

struct Cases {
  std::vector<stope::StopeRecord> records;
  std::vector<stope::Issue> issues;
};

/// Copies and checks the cases of a call. What is wrong with a value is an issue of its stope; what is wrong
/// with the call (NULL, sizes, names, counts, UTF-8) is Error{usage} that says in which case.
Cases read_cases(const dm_case* cases, std::size_t count, std::span<const double> sentinels);

}  // namespace deepmine::library
