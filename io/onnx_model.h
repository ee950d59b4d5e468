// An ONNX model as plain values, and its file (github.com/onnx/onnx, onnx.proto): a graph of operators over
// named tensors. Only what deepmine's graphs use is here; io/onnx_graph.h builds them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace deepmine::io::onnx {

/// TensorProto.DataType
enum class ElementType : std::uint8_t { float32 = 1, int64 = 7, text = 8, boolean = 9, float64 = 11 };

/// A known size, or (with a symbol) any size, the same wherever the symbol stands.
struct Dimension {
  Dimension(std::int64_t known) : size(known) {}
  Dimension(const char* name) : symbol(name) {}
  std::int64_t size = 0;
  std::string symbol;
};

/// A constant. Elements are row-major and little-endian.
struct Tensor {
  std::string name;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

struct Attribute {
  std::string name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>, std::vector<std::string>> value;
};

/// `domain` is empty for ONNX's own operators.
struct Node {
  std::string operation, domain, name;
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> attributes;
};

/// An input or output of the graph.
struct Port {
  std::string name;
  ElementType type = ElementType::float32;
  std::vector<Dimension> shape;
  std::string documentation;
};

struct Graph {
  std::string name, documentation;
  std::vector<Node> nodes;  ///< each after those whose outputs it takes
  std::vector<Tensor> constants;
  std::vector<Port> inputs, outputs;
  std::vector<Port> values;  ///< in between, whose shape a reader of the graph can't work out
};

struct OperatorSet {
  std::string domain;
  std::int64_t version = 0;
};

struct Model {
  std::int64_t format_version = 8;  ///< "ir_version": the one that operator set 17 came with
  std::vector<OperatorSet> operator_sets;
  std::string producer, producer_version, documentation;
  std::int64_t version = 0;
  Graph graph;
  std::vector<std::pair<std::string, std::string>> properties;
};

/// The bytes of a .onnx file. The same model gives the same bytes.
std::string write_model(const Model& model);

/// Little-endian bytes of the elements.
std::string bytes_of(std::span<const float> values);
std::string bytes_of(std::span<const double> values);
std::string bytes_of(std::span<const std::int64_t> values);

}  // namespace deepmine::io::onnx
