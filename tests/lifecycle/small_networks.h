// Two small models, trained once: a network that begins from nothing, and one with summary and prior. For
// tests of what is made of a model's answers: draws, reasons, importance.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "engine/stope/sample.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/test_cases.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

namespace deepmine::test {

inline lifecycle::SavedModel trained(const stope::NetworkSpecification& network) {
  const TemporaryFolder folder;
  lifecycle::TrainingRequest request = tiny_request(folder / "m", 3);
  request.network = network;
  request.gate.mode = lifecycle::GateMode::off;
  lifecycle::run_training(std::move(request));
  return lifecycle::parse_saved_model(*lifecycle::ModelStore(folder / "m").read_current());
}

inline stope::NetworkSpecification small_compact_network() {
  stope::NetworkSpecification s = stope::compact_network();
  s.days = 8;
  s.horizons = {1, 7};
  return s;
}

inline const lifecycle::SavedModel& saved_plain() {
  static const lifecycle::SavedModel model = trained(tiny_network());
  return model;
}
inline const lifecycle::SavedModel& saved_compact() {
  static const lifecycle::SavedModel model = trained(small_compact_network());
  return model;
}
inline const lifecycle::LoadedModel& plain_model() {
  static const lifecycle::LoadedModel model(saved_plain(), "plain");
  return model;
}
inline const lifecycle::LoadedModel& compact_model() {
  static const lifecycle::LoadedModel model(saved_compact(), "compact");
  return model;
}

/// The model with some tensors changed, and the test cases that fit.
inline std::unique_ptr<const lifecycle::LoadedModel> changed(
    lifecycle::SavedModel model, const std::function<void(io::NamedTensor&)>& change) {
  for (io::NamedTensor& tensor : model.weights.tensors) change(tensor);
  const lifecycle::Network network(model.components.network);
  nn::Parameters<float> parameters(network.layout(), false);
  for (std::size_t i = 0; i < model.weights.tensors.size(); ++i)
    std::copy(model.weights.tensors[i].values.begin(), model.weights.tensors[i].values.end(),
              parameters[static_cast<int>(i)]);
  parameters.refresh_packed();
  const TinyTraining tiny(simulated_records());
  const stope::Dataset dataset(simulated_records(), model.components.settings,
                               {model.components.network.days, model.components.network.horizons});
  const std::vector<std::uint32_t> windows{0, 5};
  model.components.test_cases =
      lifecycle::make_test_cases(network, parameters.view(), dataset, model.components.scaler, windows);
  return std::make_unique<const lifecycle::LoadedModel>(std::move(model), "changed");
}

/// Windows of the simulated stopes as a model sees them.
struct Samples {
  explicit Samples(const lifecycle::LoadedModel& loaded)
      : model(loaded),
        dataset(simulated_records(), loaded.components().settings,
                {loaded.components().network.days, loaded.components().network.horizons}),
        features(static_cast<std::size_t>(loaded.components().network.sample_features())),
        series(stope::sensor_count * static_cast<std::size_t>(loaded.components().network.days)) {}

  stope::SampleView view(std::size_t window) const {
    const stope::Window& found = dataset.windows()[window];
    const stope::PreparedStope& stope = dataset.stopes()[found.stope];
    return {stope.statics, stope.features, stope.readings.window(found.end, dataset.plan().days)};
  }
  void write(std::size_t window) {
    dataset.write_sample(window, model.components().network, model.components().scaler, features.data(),
                         series.data());
  }

  const lifecycle::LoadedModel& model;
  stope::Dataset dataset;
  std::vector<float> features, series;
};

}  // namespace deepmine::test
