// Writes what the checks of this folder read: for both of the product's networks NAME.onnx, and NAME.json
// with 500 windows as the graph takes them and the program's own answers to them. The windows are those of
// the reference data, or of a simulated mine without it.
//
//     write_cases FOLDER
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "io/atomic_file.h"
#include "io/stope_csv.h"
#include "tests/io/onnx_case.h"

using namespace deepmine;
using nlohmann::json;

namespace {

constexpr std::size_t window_count = 500;

std::vector<stope::StopeRecord> records() {
  const char* folder = std::getenv("DEEPMINE_REFERENCE_DATA");
  if (folder == nullptr) {
    std::cout << "no DEEPMINE_REFERENCE_DATA: windows of a simulated mine\n";
    return test::OnnxCase::simulated_stopes(16, 100);
  }
  const std::filesystem::path stopes = std::filesystem::path(folder) / "stopes";
  return io::read_stope_csv((stopes / "stope_static_features_aligned.csv").string(),
                            (stopes / "stope_timeseries_data_aligned.csv").string(), {})
      .stopes;
}

json tensor(const test::Array& array) {
  using io::onnx::ElementType;
  json entry{{"shape", array.shape}};
  entry["type"] = array.type == ElementType::text      ? "string"
                  : array.type == ElementType::boolean ? "bool"
                                                       : "float64";
  if (array.type == ElementType::text)
    entry["values"] = array.texts;
  else
    entry["values"] = array.numbers;
  return entry;
}

/// Probabilities of logits at a temperature, as lifecycle/network_runner.cpp makes them.
std::vector<double> softmax(const float* logits, std::size_t count, double temperature) {
  std::vector<double> shares;
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k)
    sum += shares.emplace_back(std::exp(double{logits[k]} / temperature));
  for (double& share : shares) share /= sum;
  return shares;
}

void write_case(const std::filesystem::path& folder, const std::string& name,
                const stope::NetworkSpecification& network, std::vector<stope::StopeRecord> stopes) {
  const test::OnnxCase example(network, std::move(stopes));
  const std::size_t all = example.dataset().windows().size();
  if (all < window_count) throw std::runtime_error("there are only " + std::to_string(all) + " windows");
  std::vector<std::size_t> windows;
  for (std::size_t i = 0; i < window_count; ++i) windows.push_back(i * all / window_count);
  json document{{"inputs", json::object()}};
  for (const auto& [input, array] : example.raw_inputs(windows)) document["inputs"][input] = tensor(array);
  std::vector<double> current, future, logits, days;
  const std::vector<double>& temperatures = example.components.calibration.temperatures;
  for (const std::size_t window : windows) {
    const test::OnnxCase::Answer answer = example.program_answer(window);
    current.push_back(1 / (1 + std::exp(-double{answer.logits[0]} / temperatures[0])));
    for (std::size_t h = 0; h < network.horizons.size(); ++h)
      for (const double share : softmax(answer.logits.data() + 1 + h * 6, 6, temperatures[1 + h]))
        future.push_back(share);
    logits.push_back(double{answer.logits[0]});
    for (const float weight : answer.day_weights) days.push_back(double{weight});
  }
  document["expected"] = {{"instability_probability", current},
                          {"risk_probabilities", future},
                          {"instability_logit", logits},
                          {"day_weights", days}};
  io::write_file_atomically(folder / (name + ".onnx"), example.file().bytes);
  io::write_file_atomically(folder / (name + ".json"), document.dump());
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    if (argument_count != 2) throw std::runtime_error("usage: write_cases FOLDER");
    std::filesystem::create_directories(arguments[1]);
    write_case(arguments[1], "compact", stope::compact_network(), records());
    write_case(arguments[1], "full", stope::NetworkSpecification{}, records());
  } catch (const std::exception& error) {
    std::cerr << "write_cases: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
