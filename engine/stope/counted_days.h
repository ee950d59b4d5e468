// A number of days in a sentence.
#pragma once

#include <string>

namespace deepmine::stope {

/// `1 day`, `30 days`.
inline std::string counted_days(int days) {
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace deepmine::stope
