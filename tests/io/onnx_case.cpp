#include "tests/io/onnx_case.h"

#include <memory>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/stope/dual_branch_network.h"
#include "engine/stope/simulator.h"

namespace deepmine::test {

namespace {

/// Of every specification that is asked for; layouts must outlive their parameters.
const nn::ParameterLayout& layout_of(const stope::NetworkSpecification& specification) {
  static std::vector<std::unique_ptr<stope::DualBranchNetwork<float>>> networks;
  for (const auto& network : networks)
    if (network->specification() == specification) return network->layout();
  networks.push_back(std::make_unique<stope::DualBranchNetwork<float>>(specification));
  return networks.back()->layout();
}

/// Kernels as a training begins with them; all that begins as 0 or 1 is something else, so that a part that
/// is left out or mixed up shows.
void fill(nn::Parameters<float>& parameters) {
  nn::initialise(parameters, 5);
  RandomStream random(derive_key(5, "fill"));
  for (std::size_t t = 0; t < parameters.layout().tensors().size(); ++t) {
    const nn::Tensor& tensor = parameters.layout().tensors()[t];
    const bool varies = tensor.name.ends_with("running_variance") || tensor.role == nn::Role::scale;
    const bool is_zero = tensor.initialiser == nn::Initialiser::zeros || varies;
    if (!is_zero && tensor.initialiser != nn::Initialiser::lstm_bias) continue;
    float* values = parameters[static_cast<nn::TensorId>(t)];
    for (std::size_t i = 0;
         i < static_cast<std::size_t>(tensor.rows) * static_cast<std::size_t>(tensor.columns); ++i)
      values[i] = static_cast<float>(varies ? random.uniform(0.3, 2) : random.uniform(-0.5, 0.5));
  }
  parameters.refresh_packed();
}

}  // namespace

std::vector<stope::StopeRecord> OnnxCase::simulated_stopes(std::size_t stopes, int days) {
  const stope::SimulationPlan plan{.seed = 11, .stopes = stopes, .days = days};
  std::vector<stope::StopeRecord> records;
  for (std::size_t i = 0; i < stopes; ++i) records.push_back(stope::simulate_stope(plan, i).record);
  return records;
}

OnnxCase::OnnxCase(stope::NetworkSpecification specification, std::vector<stope::StopeRecord> records)
    : dataset_(std::move(records), {}, {specification.days, specification.horizons}),
      parameters_(layout_of(specification), false),
      network_(specification, nn::default_kernels()) {
  fill(parameters_);
  network_.take(parameters_.view());
  stope::WindowSelection all;
  for (std::uint32_t w = 0; w < dataset_.windows().size(); ++w) all.windows.push_back(w);
  components.network = specification;
  components.feature_table = stope::feature_table();
  components.scaler = stope::fit_input_scaler(dataset_, all);
  components.calibration.temperatures = {1.5};
  for (std::size_t h = 0; h < specification.horizons.size(); ++h)
    components.calibration.temperatures.push_back(0.75 + 0.25 * static_cast<double>(h));
  metadata.model_id = "deadbeef0102030405060708090a0b0c";
  metadata.sequence = 3;
  metadata.created_at = "2024-03-30T12:00:00Z";
  metadata.program_version = "0.1.0";
  metadata.split.training_stopes = {"A", "B"};
  for (const int horizon : specification.horizons)
    metadata.metrics["training"]["future_" + std::to_string(horizon) + "d"]["samples"] = 10;
}

io::OnnxFile OnnxCase::file() const {
  return io::export_onnx({components, metadata, parameters_.view()});
}

OnnxCase::Answer OnnxCase::program_answer(std::size_t window) const {
  const stope::NetworkSpecification& s = network_.specification();
  const auto sensors = static_cast<std::size_t>(s.sensors), days = static_cast<std::size_t>(s.days);
  std::vector<float> features(static_cast<std::size_t>(s.sample_features()) * nn::block_size);
  std::vector<float> series(sensors * days), spread(series.size() * nn::block_size);
  dataset_.write_sample(window, s, components.scaler, features.data(), series.data());
  for (std::size_t day = 0; day < days; ++day)
    std::copy_n(series.begin() + static_cast<std::ptrdiff_t>(day * sensors), sensors,
                spread.begin() + static_cast<std::ptrdiff_t>(day * sensors * nn::block_size));
  Answer answer;
  answer.logits.resize(static_cast<std::size_t>(network_.logit_count()));
  if (s.cross_attention == stope::CrossAttention::days) answer.day_weights.resize(days);
  stope::PredictionNetwork<float>::Workspace workspace(network_, 1);
  network_.run(1,
               {{features.data(), s.sample_features(), 1, static_cast<std::ptrdiff_t>(features.size())},
                {spread.data(), s.sensors, s.days, static_cast<std::ptrdiff_t>(spread.size())}},
               workspace,
               {answer.logits.data(), answer.day_weights.empty() ? nullptr : answer.day_weights.data()});
  return answer;
}

Arrays OnnxCase::raw_inputs(const std::vector<std::size_t>& windows) const {
  using io::onnx::ElementType;
  const int days = network_.specification().days;
  const auto cases = static_cast<std::int64_t>(windows.size());
  Arrays inputs;
  for (const char* name : {"direction", "rock_type", "support_type"})
    inputs[name] = {ElementType::text, {cases}, {}, {}};
  for (const stope::StaticColumn& column : stope::static_columns)
    inputs[std::string(column.name)] = {ElementType::float64, {cases}, {}, {}};
  inputs["support_installed"] = {ElementType::boolean, {cases}, {}, {}};
  for (const stope::SensorColumn& column : stope::sensor_columns)
    inputs[std::string(column.name)] = {ElementType::float64, {cases, days}, {}, {}};
  for (const std::size_t window : windows) {
    const stope::Window& place = dataset_.windows()[window];
    const stope::PreparedStope& stope = dataset_.stopes()[place.stope];
    inputs["direction"].texts.push_back(stope.statics.direction);
    inputs["rock_type"].texts.push_back(stope.statics.rock_type);
    inputs["support_type"].texts.push_back(stope.statics.support_type);
    for (const stope::StaticColumn& column : stope::static_columns)
      inputs[std::string(column.name)].numbers.push_back(stope.statics.*column.value);
    inputs["support_installed"].numbers.push_back(stope.statics.support_installed ? 1 : 0);
    for (const stope::DailyReading& day : stope.readings.window(place.end, days))
      for (std::size_t s = 0; s < stope::sensor_count; ++s)
        inputs[std::string(stope::sensor_columns[s].name)].numbers.push_back(day[s]);
  }
  return inputs;
}

}  // namespace deepmine::test
