// A model with random weights, windows of a simulated mine, and both ways to its answers: the program's own,
// and the inputs of the exported graph.
#pragma once

#include <string>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/prediction_network.h"
#include "io/onnx_export.h"
#include "tests/io/onnx_interpreter.h"

namespace deepmine::test {

class OnnxCase {
 public:
  explicit OnnxCase(stope::NetworkSpecification specification,
                    std::vector<stope::StopeRecord> records = simulated_stopes(4, 60));
  static std::vector<stope::StopeRecord> simulated_stopes(std::size_t stopes, int days);

  io::Components components;
  io::ModelMetadata metadata;

  const stope::Dataset& dataset() const { return dataset_; }
  io::OnnxFile file() const;

  /// The first logit_count() numbers are logits, then come the day weights, if there are any.
  struct Answer {
    std::vector<float> logits, day_weights;
  };
  Answer program_answer(std::size_t window) const;

  /// The graph's inputs for these windows.
  Arrays raw_inputs(const std::vector<std::size_t>& windows) const;

 private:
  stope::Dataset dataset_;
  nn::Parameters<float> parameters_;
  stope::PredictionNetwork<float> network_;
};

}  // namespace deepmine::test
