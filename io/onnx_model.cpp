#include "io/onnx_model.h"

#include <bit>

#include "io/protobuf_writer.h"

namespace deepmine::io::onnx {
namespace {

// Field numbers of onnx.proto. They never change: that is what the wire format's compatibility rests on.
namespace field {
namespace model {
constexpr int ir_version = 1, producer_name = 2, producer_version = 3, model_version = 5, doc_string = 6,
              graph = 7, opset_import = 8, metadata_props = 14;
}
namespace operator_set {
constexpr int domain = 1, version = 2;
}
namespace entry {
constexpr int key = 1, value = 2;
}
namespace graph {
constexpr int node = 1, name = 2, initializer = 5, doc_string = 10, input = 11, output = 12, value_info = 13;
}
namespace node {
constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7;
}
namespace attribute {
constexpr int name = 1, f = 2, i = 3, ints = 8, strings = 9, type = 20;
constexpr int type_float = 1, type_int = 2, type_ints = 7, type_strings = 8;
}  // namespace attribute
namespace tensor {
constexpr int dims = 1, data_type = 2, name = 8, raw_data = 9;
}
namespace value_info {
constexpr int name = 1, type = 2, doc_string = 3;
}
namespace type {
constexpr int tensor_type = 1, elem_type = 1, shape = 2, dim = 1, dim_value = 1, dim_param = 2;
}
}  // namespace field

ProtobufWriter write(const Attribute& attribute) {
  namespace at = field::attribute;
  ProtobufWriter writer;
  writer.text(at::name, attribute.name);
  if (const auto* whole = std::get_if<std::int64_t>(&attribute.value)) {
    writer.whole_number(at::i, *whole);
    writer.whole_number(at::type, at::type_int);
  } else if (const auto* number = std::get_if<float>(&attribute.value)) {
    writer.number(at::f, *number);
    writer.whole_number(at::type, at::type_float);
  } else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&attribute.value)) {
    writer.packed(at::ints, *wholes);
    writer.whole_number(at::type, at::type_ints);
  } else {
    for (const std::string& text : std::get<std::vector<std::string>>(attribute.value))
      writer.text(at::strings, text);
    writer.whole_number(at::type, at::type_strings);
  }
  return writer;
}

ProtobufWriter write(const Node& node) {
  ProtobufWriter writer;
  for (const std::string& input : node.inputs) writer.text(field::node::input, input);
  for (const std::string& output : node.outputs) writer.text(field::node::output, output);
  writer.text(field::node::name, node.name);
  writer.text(field::node::op_type, node.operation);
  for (const Attribute& attribute : node.attributes) writer.message(field::node::attribute, write(attribute));
  if (!node.domain.empty()) writer.text(field::node::domain, node.domain);
  return writer;
}

ProtobufWriter write(const Tensor& tensor) {
  ProtobufWriter writer;
  writer.packed(field::tensor::dims, tensor.shape);
  writer.whole_number(field::tensor::data_type, static_cast<std::int64_t>(tensor.type));
  writer.text(field::tensor::name, tensor.name);
  writer.text(field::tensor::raw_data, tensor.bytes);
  return writer;
}

ProtobufWriter write(const Port& port) {
  namespace in = field::type;
  ProtobufWriter shape;
  for (const Dimension& dimension : port.shape) {
    ProtobufWriter size;
    if (dimension.symbol.empty())
      size.whole_number(in::dim_value, dimension.size);
    else
      size.text(in::dim_param, dimension.symbol);
    shape.message(in::dim, size);
  }
  ProtobufWriter tensor;
  tensor.whole_number(in::elem_type, static_cast<std::int64_t>(port.type));
  tensor.message(in::shape, shape);
  ProtobufWriter type;
  type.message(in::tensor_type, tensor);
  ProtobufWriter writer;
  writer.text(field::value_info::name, port.name);
  writer.message(field::value_info::type, type);
  if (!port.documentation.empty()) writer.text(field::value_info::doc_string, port.documentation);
  return writer;
}

ProtobufWriter write(const Graph& graph) {
  ProtobufWriter writer;
  for (const Node& node : graph.nodes) writer.message(field::graph::node, write(node));
  writer.text(field::graph::name, graph.name);
  for (const Tensor& constant : graph.constants) writer.message(field::graph::initializer, write(constant));
  writer.text(field::graph::doc_string, graph.documentation);
  for (const Port& input : graph.inputs) writer.message(field::graph::input, write(input));
  for (const Port& output : graph.outputs) writer.message(field::graph::output, write(output));
  for (const Port& value : graph.values) writer.message(field::graph::value_info, write(value));
  return writer;
}

template <class Bits, class Value>
std::string little_endian(std::span<const Value> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(Bits));
  for (const Value value : values) {
    const auto bits = std::bit_cast<Bits>(value);
    for (unsigned shift = 0; shift < 8 * sizeof(Bits); shift += 8)
      bytes += static_cast<char>(bits >> shift & 0xffU);
  }
  return bytes;
}

}  // namespace

std::string bytes_of(std::span<const float> values) {
  return little_endian<std::uint32_t>(values);
}

std::string bytes_of(std::span<const double> values) {
  return little_endian<std::uint64_t>(values);
}

std::string bytes_of(std::span<const std::int64_t> values) {
  return little_endian<std::uint64_t>(values);
}

std::string write_model(const Model& model) {
  namespace at = field::model;
  ProtobufWriter writer;
  writer.whole_number(at::ir_version, model.format_version);
  writer.text(at::producer_name, model.producer);
  writer.text(at::producer_version, model.producer_version);
  writer.whole_number(at::model_version, model.version);
  writer.text(at::doc_string, model.documentation);
  writer.message(at::graph, write(model.graph));
  for (const OperatorSet& set : model.operator_sets) {
    ProtobufWriter import;
    import.text(field::operator_set::domain, set.domain);
    import.whole_number(field::operator_set::version, set.version);
    writer.message(at::opset_import, import);
  }
  for (const auto& [key, value] : model.properties) {
    ProtobufWriter entry;
    entry.text(field::entry::key, key);
    entry.text(field::entry::value, value);
    writer.message(at::metadata_props, entry);
  }
  return writer.bytes();
}

}  // namespace deepmine::io::onnx
