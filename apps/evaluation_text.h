// An evaluation for people: the figures side by side, then in words where the network is better and where it
// is not.
#pragma once

#include <string>

#include "io/evaluation_report.h"

namespace deepmine::apps {

/// `detailed`: every metric; else those that decide and a few more.
std::string evaluation_text(const io::EvaluationReport& report, bool detailed, bool with_colour);

}  // namespace deepmine::apps
