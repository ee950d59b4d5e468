// A saved model as one ONNX file, for tools that read no other (docs/onnx.md describes its inputs and
// outputs): raw records and readings in, calibrated probabilities out, with scalers, encodings, the rules'
// prior and the checks of the training range inside. Findings of other kinds, the words of an answer and the
// rule set's own answer are not in it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/parameter_layout.h"
#include "io/components_file.h"
#include "io/metadata_file.h"

namespace deepmine::io {

inline constexpr std::int64_t onnx_operator_set = 17;

/// A model, whole and checked; `parameters` are those of a DualBranchNetwork of its specification.
struct OnnxSource {
  const Components& components;
  const ModelMetadata& metadata;
  nn::ParameterView<float> parameters;
};

struct OnnxFile {
  std::string bytes;
  std::vector<std::string> inputs, outputs;                     ///< their names, in order
  std::vector<std::pair<std::string, std::string>> properties;  ///< as they stand in the file
};

/// The same model gives the same bytes.
OnnxFile export_onnx(const OnnxSource& source);

}  // namespace deepmine::io
