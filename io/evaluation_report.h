// What an evaluation found, as values and as JSON. docs/evaluation.md defines every figure.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deepmine::io {

inline constexpr int evaluation_schema_version = 1;

/// A figure with the interval that other stopes of the same kind would move it in. NaN: can't be had.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// Of one head (`current`, `future_1d`, …) or of `early_warning`: metrics in a fixed order.
struct HeadEstimates {
  std::string head;
  std::vector<std::pair<std::string, Estimate>> metrics;
};
struct PredictorEstimates {
  std::string name;  ///< network, majority, logistic, persistence, rules, prior, static_only, temporal_only
  std::vector<HeadEstimates> heads;

  /// NaN where the predictor has no such head or metric.
  Estimate figure(const std::string& head, const std::string& metric) const;
};

/// What an interval of a difference allows to say about the network.
enum class Verdict : std::uint8_t {
  better,
  worse,
  not_told_apart,  ///< the interval contains 0
  not_known,       ///< there is no difference or no interval
};
const char* name(Verdict verdict);

/// Network less the other, on the same stopes in every draw (paired).
struct Difference {
  std::string other, head, metric;
  Estimate estimate;
  Verdict network_is = Verdict::not_known;
};

/// How far the probabilities of a head can be taken at their word, on the judged windows. NaN: can't be had.
struct CalibrationFigures {
  std::string head;
  double temperature = 1;
  bool fitted = false;  ///< false: there was too little data to fit the temperature on
  std::size_t windows = 0;
  double log_loss_before = std::numeric_limits<double>::quiet_NaN();  ///< with temperature 1
  double log_loss_after = std::numeric_limits<double>::quiet_NaN();
  double ece_before = std::numeric_limits<double>::quiet_NaN();
  double ece_after = std::numeric_limits<double>::quiet_NaN();
  /// Of a horizon: share of stopes' windows whose level was in the risk set, and how many levels those have.
  double set_coverage = std::numeric_limits<double>::quiet_NaN();
  double set_size = std::numeric_limits<double>::quiet_NaN();
};

/// What exchanging an input between stopes costs one head. NaN: nothing was labelled.
struct HeadImportance {
  std::string head;
  double log_loss_increase = 0, deviation = 0;  ///< mean and standard deviation over the exchanges
  double accuracy_decrease = 0;
};
struct InputImportance {
  std::string input;
  std::vector<HeadImportance> heads;
};
/// Permutation importance, measured on the validation stopes.
struct ImportanceReport {
  std::size_t stopes = 0, windows = 0;
  int repeats = 0;
  std::vector<InputImportance> inputs;  ///< the one that matters most to the current head first
};

struct EvaluationReport {
  std::string method;  ///< `model`, `cross_validation`, or `split`: one training, one test part
  std::string split;   ///< how training and test were kept apart: stope, forward, random
  int folds = 0;       ///< of a cross-validation
  std::vector<std::uint64_t> seeds;
  std::string model_id;  ///< of `model`
  std::uint64_t version = 0;
  std::string data_sha256;
  std::size_t stopes = 0, unstable_stopes = 0, windows = 0;  ///< that were judged
  std::size_t stopes_seen_in_training = 0;                   ///< of those
  int bootstrap_draws = 0;
  double interval_level = 0.95;
  std::string warning_events;  ///< what early_warning is about: failures, rule_levels
  bool data_is_thin = false;
  std::vector<CalibrationFigures> calibration;  ///< of `model`, one a head
  double risk_set_coverage = 0;                 ///< what the sets are to reach
  std::optional<ImportanceReport> importance;   ///< of `model`, where it was asked for
  std::vector<std::string> remarks;             ///< what a reader must know, a sentence or two each

  PredictorEstimates network;
  std::vector<PredictorEstimates> baselines, ablations;
  std::vector<Difference> differences;  ///< to every baseline and ablation, for every metric that both have

  const Difference* difference(const std::string& other, const std::string& head,
                               const std::string& metric) const;
};

/// One document: the network's heads stand at the top (`current`, `future_1d`, …: metric → value), the
/// others under `baselines` and `ablations`; intervals and differences apart. NaN is null.
std::string evaluation_json(const EvaluationReport& report);

}  // namespace deepmine::io
