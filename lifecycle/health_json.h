// A health report as the document of `deepmine health --json` and of the library.
#pragma once

#include <string>

#include "lifecycle/health.h"

namespace deepmine::lifecycle {

/// `store` as the user named it. What is not known is null.
std::string health_json(const HealthReport& report, const std::string& store);

}  // namespace deepmine::lifecycle
