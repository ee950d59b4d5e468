#include "tests/lifecycle/smallest_model.h"

#include "engine/nn/initialisers.h"
#include "engine/train/conformal.h"
#include "io/sha256.h"
#include "lifecycle/test_cases.h"
#include "tests/lifecycle/tiny_training.h"

namespace deepmine::test {

stope::NetworkSpecification smallest_network() {
  stope::NetworkSpecification s;
  s.days = 7;  // the labels need as many
  s.horizons = {1};
  s.static_units = s.temporal_units = s.branch_units = s.shared_units = s.shared_output_units = s.head_units =
      1;
  s.self_attention_heads = s.cross_attention_heads = s.key_size = 1;
  return s;
}

lifecycle::SavedModel smallest_model(lifecycle::Sequence sequence, std::uint8_t run) {
  const io::RunId run_id{0xde, 0xee, run};
  const stope::Dataset dataset(simulated_records(3, 40), {},
                               {smallest_network().days, smallest_network().horizons});
  const std::vector<std::uint32_t> windows{0, 5};
  const lifecycle::Network network(smallest_network());
  nn::Parameters<float> parameters(network.layout(), false);
  nn::initialise(parameters, run);

  lifecycle::SavedModel model;
  model.weights = {run_id, io::tensors_of(network.layout(), parameters.values())};
  io::Components& components = model.components;
  components.run_id = run_id;
  components.network = smallest_network();
  components.feature_table = stope::feature_table();
  components.scaler = stope::fit_input_scaler(dataset, {.windows = windows});
  components.settings.data.sentinels = {-999};
  components.calibration.temperatures = {1, 1.25};
  components.calibration.heads = {{120, 10, false, 0.5, 0.5, 0.1, 0.1},
                                  {100, 9, true, 0.75, 0.5, 0.25, 0.125}};
  components.calibration.risk_sets = {{9, std::vector<double>(train::coverage_count, 0.0625)}};
  components.distributions = {12, {{"rqd", "%", false, {40, 60}, {0.25, 0.5, 0.25}, 50, 10, 10, 2, 3}}};
  components.test_cases =
      lifecycle::make_test_cases(network, parameters.view(), dataset, components.scaler, windows);

  io::ModelMetadata& metadata = model.metadata;
  metadata.run_id = run_id;
  metadata.model_id = io::to_hexadecimal(run_id);
  metadata.sequence = sequence;
  metadata.created_at = "2024-03-30T12:00:00Z";
  metadata.program_version = "0.1.0";
  metadata.data = {std::string(64, 'a'), 3, 120, 33};
  metadata.split = {"stope", 0.2, 0.2, {"Stope 1"}, {"Stope 2"}, {"Stope 3"}};
  metadata.plan.seed = 7;
  metadata.total_parameters = static_cast<std::int64_t>(network.layout().parameter_count());
  metadata.trainable_parameters = static_cast<std::int64_t>(network.layout().trainable_count());
  metadata.epochs_run = 2;
  metadata.best_epoch = 1;
  metadata.duration_seconds = 0.5;
  metadata.metrics["test"]["current"] = {{"accuracy", 0.9}, {"roc_auc", stope::missing}};
  metadata.baselines["majority"]["test"]["current"] = {{"accuracy", 0.5}};
  return model;
}

std::vector<lifecycle::StoredFile> smallest_model_files(lifecycle::Sequence sequence, std::uint8_t run) {
  return lifecycle::saved_model_files(smallest_model(sequence, run), "epoch,loss\n1,0.5\n");
}

}  // namespace deepmine::test
