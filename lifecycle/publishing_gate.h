// Between a trained model and service. A model passes if it was re-read from disk, gives the answers of its
// test cases, and is not worse than a floor; one that does not pass is kept in the store, marked rejected.
#pragma once

#include <optional>
#include <string>

#include "lifecycle/saved_model.h"
#include "lifecycle/store_writer.h"

namespace deepmine::lifecycle {

enum class GateMode : std::uint8_t {
  compare,  ///< with the model in service where that is fair, else with the floor
  floor,    ///< with the floor only
  off,      ///< figures decide nothing; the files and test cases still do
};

/// What a model's figures must be. The measures are those that decide in the table of results: balanced
/// accuracy of the current head, and the mean accuracy of the future heads, on the test part (the validation
/// part if there is no test part).
struct GatePolicy {
  GateMode mode = GateMode::compare;
  /// Compared with the model in service on the same stopes of the same data: at most so much worse.
  double tolerance = 0.02;
  /// A comparison on fewer stopes decides nothing.
  int fewest_stopes = 5;
  /// Otherwise: lowest balanced accuracy of the current head. Nothing: 0.5, which is tossing a coin and
  /// naming the most frequent class, less what so few stopes may cost by chance: 1.64 · 0.5/√stopes, the
  /// lower 95 % bound for independent stopes. A model that is no worse than chance as far as anybody can tell
  /// passes.
  std::optional<double> floor;
  /// Not empty: the figures are judged, but the model goes into service whatever they say. It is recorded.
  std::string force_reason;
};

struct GateVerdict {
  bool accepted = true;
  std::string text;  ///< in plain words, with the figures
};
/// Judges the figures. `in_service` may be null: there is none that can be read.
GateVerdict judge_figures(const io::ModelMetadata& candidate, const io::ModelMetadata* in_service,
                          const GatePolicy& policy);

struct ModelPublication {
  Sequence sequence = 0;
  bool in_service = false, rejected = false;
  std::string verdict;  ///< what the gate found
  std::string refusal;  ///< why it is not in service; empty: it is
};
/// Publishes a model through the gate. Throws as StoreWriter::publish() does.
ModelPublication publish_model(StoreWriter& writer, const SavedModel& model, std::string training_log,
                               const GatePolicy& policy);

}  // namespace deepmine::lifecycle
