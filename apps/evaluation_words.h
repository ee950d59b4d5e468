// The words for what an evaluation measured, the same in every text and report.
#pragma once

#include <string>
#include <vector>

#include "io/evaluation_report.h"

namespace deepmine::apps {

/// The metric that decides whether the network is better in a head.
std::string deciding_metric(const std::string& head);

/// `future_7d` as `in 7 days`, `early_warning` as `early warning`.
std::string head_words(const std::string& head);

/// `mean_absolute_level_error` as `mean absolute level error`.
std::string metric_words(std::string metric);

/// An input as it is shown. All as they are stored, save `risk_level`, which is no level of an answer but the
/// derived static feature of that name (engine/stope/feature_table.cpp): `static risk index`.
std::string input_words(const std::string& input);
/// What the table or page that shows it says about it.
extern const char* const static_risk_index_note;

/// `Majority`, `Static only`: the heading of a predictor's column.
std::string predictor_words(const std::string& name);
/// The same in a sentence: `the majority`, `the network without series`.
std::string sentence_words(const std::string& name);

/// The metrics of a head that are worth a look, the deciding one among them.
std::vector<std::string> deciding_metrics(const std::string& head);

/// How the network does in a head against every other predictor, by its deciding metric: `beats the majority
/// (+0.265, +0.190 to +0.330); can't be told from the rules (…)`.
std::string verdict_phrases(const io::EvaluationReport& report, const std::string& head);
/// The baseline that the head is better left to; empty if the network loses to none.
std::string better_predictor(const io::EvaluationReport& report, const std::string& head);

}  // namespace deepmine::apps
