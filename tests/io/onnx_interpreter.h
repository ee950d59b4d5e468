// Runs the graph of an ONNX model, operator by operator, as the operators' documents define them (set 17):
// slow, and written for nothing but to be compared with. An operator, a type or a shape that does not fit is
// an error. Knows the operators that deepmine exports.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/onnx_model.h"

namespace deepmine::test {

/// Elements row by row. Numbers of every type are kept as double, which holds all of them exactly; results of
/// float operators are rounded to float.
struct Array {
  io::onnx::ElementType type = io::onnx::ElementType::float32;
  std::vector<std::int64_t> shape;
  std::vector<double> numbers;
  std::vector<std::string> texts;  ///< of type `text`
};

using Arrays = std::map<std::string, Array>;

/// The graph's outputs. Throws std::runtime_error that names the node.
Arrays run_onnx(const io::onnx::Model& model, const Arrays& inputs);

}  // namespace deepmine::test
