// An evaluation for people: the figures side by side, then in words where the network is better and where it
// is not.
#pragma once

#include <string>

#include "io/evaluation_report.h"

namespace deepmine::apps {

/// `detailed`: every metric; else those that decide and a few more.
std::string evaluation_text(const io::EvaluationReport& report, bool detailed, bool with_colour);

/// The metric that decides whether the network is better in a head.
std::string deciding_metric(const std::string& head);

/// `future_7d` as `in 7 days`, `early_warning` as `early warning`.
std::string head_words(const std::string& head);

/// `mean_absolute_level_error` as `mean absolute level error`.
std::string metric_words(std::string metric);

}  // namespace deepmine::apps
