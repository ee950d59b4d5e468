// network_case: writes the network that the benchmarks time, with samples and this program's answers, so that
// another program can check that it computes the same thing before the two are compared (benchmarks/compare).
//
//   FOLDER/case.bin   float32 values of this machine's byte order, one array after the other
//   FOLDER/case.json  {"specification": {…}, "arrays": {name: {"shape": […], "offset": values before it}}}
//
// Parameters and gradients have the names of the network's tensors behind `parameter/`, `gradient/` and
// `trained/`; a tensor of rows × columns lies column by column, so its shape is written [columns, rows].
// Gradients and training are without dropout, which no other program draws alike.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "benchmarks/synthetic.h"
#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/train/training_step.h"
#include "lifecycle/network_runner.h"

using namespace deepmine;

namespace {

using Json = nlohmann::ordered_json;
using lifecycle::Network;

constexpr int training_batch = 32, training_steps = 3;

class CaseFile {
 public:
  template <class Value>
  void put(const std::string& name, std::vector<int> shape, const Value* values, std::size_t count) {
    arrays_[name] = {{"shape", std::move(shape)}, {"offset", values_.size()}};
    values_.insert(values_.end(), values, values + count);
  }

  void put_tensors(const std::string& prefix, const nn::ParameterLayout& layout, const float* slab,
                   bool trainable_only) {
    for (const nn::Tensor& tensor : layout.tensors()) {
      if (trainable_only && !is_trainable(tensor.role)) continue;
      std::vector<int> shape{tensor.rows};
      if (tensor.columns > 1) shape.insert(shape.begin(), tensor.columns);
      put(prefix + tensor.name, std::move(shape), slab + tensor.offset, tensor.size());
    }
  }

  void write(const std::filesystem::path& folder, Json description) const {
    std::filesystem::create_directories(folder);
    description["arrays"] = arrays_;
    write_file(folder / "case.bin", reinterpret_cast<const char*>(values_.data()),
               values_.size() * sizeof(float));
    const std::string text = description.dump(1) + "\n";
    write_file(folder / "case.json", text.data(), text.size());
  }

 private:
  static void write_file(const std::filesystem::path& path, const char* bytes, std::size_t count) {
    std::ofstream file(path, std::ios::binary);
    file.write(bytes, static_cast<std::streamsize>(count));
    file.close();
    if (!file) throw Error(ErrorCode::failure, fmt::format("can't write {}", path.string()));
  }

  Json arrays_;
  std::vector<float> values_;
};

Json describe(const stope::NetworkSpecification& specification) {
  Json json;
  stope::NetworkSpecification::visit_fields(specification, [&](const char* name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, stope::CrossAttention>)
      json[name] = stope::name(value);
    else
      json[name] = value;
  });
  return json;
}

void put_samples(CaseFile& file, const stope::NetworkSpecification& s,
                 const benchmarks::SyntheticSamples& data) {
  const auto put = [&](const char* name, std::vector<int> shape, const auto& values) {
    file.put(name, std::move(shape), values.data(), values.size());
  };
  put("statics", {data.count(), s.static_features}, data.statics());
  put("series", {data.count(), s.days, s.sensors}, data.series());
  put("targets/current", {data.count()}, data.current_targets());
  put("targets/future", {data.count(), static_cast<int>(s.horizons.size())}, data.future_targets());
}

void put_logits(CaseFile& file, const Network& network, const benchmarks::SyntheticSamples& data) {
  const nn::Parameters<float> parameters = benchmarks::synthetic_parameters(network);
  lifecycle::PredictionNetwork prediction(network.specification(), nn::default_kernels());
  prediction.take(parameters.view());
  lifecycle::NetworkRunner runner(prediction, data.count(), 1);
  data.fill(runner.batch(), 0, data.count());
  runner.run();
  std::vector<float> all;
  for (int sample = 0; sample < data.count(); ++sample) {
    const lifecycle::Logits logits = runner.logits(sample);
    all.insert(all.end(), logits.begin(), logits.end());
  }
  file.put("logits", {data.count(), static_cast<int>(all.size()) / data.count()}, all.data(), all.size());
}

/// The gradients of the first batch, then all parameters after a few steps, each with a batch of its own.
void put_training(CaseFile& file, const stope::NetworkSpecification& with_dropout) {
  stope::NetworkSpecification s = with_dropout;
  s.dense_dropout = s.branch_dropout = s.lstm_dropout = s.temporal_dropout = s.attention_dropout = 0;
  const Network network{s};
  const benchmarks::SyntheticSamples data(s, training_batch * training_steps);
  nn::Parameters<float> parameters = benchmarks::synthetic_parameters(network);
  const train::TrainingPlan plan;
  train::TrainingStep<Network, float> step(network, parameters, plan, training_batch, nn::default_kernels());
  lifecycle::Batch batch(s, training_batch);

  data.fill(batch, 0, training_batch);
  const train::StepLoss loss = step.gradients_only(batch.inputs(), batch.targets(), training_batch, 1);
  std::vector<float> sums(network.layout().trainable_size());
  for (int lane = 0; lane < nn::BatchShape{training_batch}.lanes(); ++lane)
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += step.gradients().lane(lane)[i];
  file.put("loss", {1}, &loss.total, 1);
  file.put_tensors("gradient/", network.layout(), sums.data(), true);

  for (int i = 0; i < training_steps; ++i) {
    data.fill(batch, i * training_batch, training_batch);
    step.step(batch.inputs(), batch.targets(), training_batch, plan.learning_rate, 1);
  }
  file.put_tensors("trained/", network.layout(), parameters.values(), false);
}

void write_case(const std::filesystem::path& folder, int static_features, int samples) {
  stope::NetworkSpecification specification;
  specification.static_features = static_features;
  const Network network{specification};
  CaseFile file;
  const nn::Parameters<float> parameters = benchmarks::synthetic_parameters(network);
  file.put_tensors("parameter/", network.layout(), parameters.values(), false);
  const benchmarks::SyntheticSamples data(specification, samples);
  put_samples(file, specification, data);
  put_logits(file, network, data);
  put_training(file, specification);
  const train::TrainingPlan plan;
  file.write(folder, {{"specification", describe(specification)},
                      {"plan",
                       {{"learning_rate", plan.learning_rate},
                        {"beta1", plan.beta1},
                        {"beta2", plan.beta2},
                        {"adam_epsilon", plan.adam_epsilon},
                        {"clip_norm", plan.clip_norm},
                        {"l2", plan.l2}}},
                      {"training_batch", training_batch},
                      {"training_steps", training_steps},
                      {"kernels", nn::default_kernels().name}});
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::string folder;
  int static_features = stope::NetworkSpecification{}.static_features, samples = 256;
  CLI::App program("Writes the benchmarks' network, samples and answers for other programs to check against.",
                   "network_case");
  program.add_option("FOLDER", folder, "Where case.bin and case.json go")->required();
  program.add_option("--static-features", static_features, "Static inputs of the network")
      ->check(CLI::Range(1, 4096));
  program.add_option("--samples", samples, "Samples with their answers")
      ->check(CLI::Range(training_batch * training_steps, 65536));
  CLI11_PARSE(program, argument_count, arguments);
  try {
    write_case(folder, static_features, samples);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "network_case: " << error.what() << "\n";
    return 1;
  }
}
