#include "tests/io/onnx_reader.h"

#include <bit>
#include <functional>
#include <stdexcept>
#include <string>

namespace deepmine::test {

using namespace io::onnx;

namespace {

struct Field {
  int number = 0, wire_type = 0;
  std::uint64_t whole = 0;  // varint, 32 bits
  std::string_view bytes;   // length-delimited
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = {static_cast<int>(tag >> 3U), static_cast<int>(tag & 7U), 0, {}};
    if (field.wire_type == 0) {
      field.whole = varint();
    } else if (field.wire_type == 5) {
      const std::string_view four = take(4);
      for (std::size_t i = 0; i < 4; ++i)
        field.whole |= static_cast<std::uint64_t>(static_cast<unsigned char>(four[i])) << 8 * i;
    } else if (field.wire_type == 2) {
      field.bytes = take(varint());
    } else {
      throw std::runtime_error("wire type " + std::to_string(field.wire_type));
    }
    return true;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80U) return value;
    }
    throw std::runtime_error("a varint of more than ten bytes");
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) throw std::runtime_error("the bytes end early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view rest_;
};

void for_each_field(std::string_view bytes, const char* message,
                    const std::function<bool(const Field&)>& take) {
  Reader reader(bytes);
  for (Field field; reader.next(field);)
    if (!take(field))
      throw std::runtime_error(std::string(message) + ": unexpected field " + std::to_string(field.number));
}

std::vector<std::int64_t> packed(std::string_view bytes) {
  std::vector<std::int64_t> values;
  for (Reader reader(bytes); !reader.at_end();) values.push_back(static_cast<std::int64_t>(reader.varint()));
  return values;
}

Attribute read_attribute(std::string_view bytes) {
  Attribute attribute;
  std::vector<std::string> texts;
  int type = 0;
  for_each_field(bytes, "AttributeProto", [&](const Field& field) {
    switch (field.number) {
      case 1:
        attribute.name = field.bytes;
        return true;
      case 2:
        attribute.value = std::bit_cast<float>(static_cast<std::uint32_t>(field.whole));
        return true;
      case 3:
        attribute.value = static_cast<std::int64_t>(field.whole);
        return true;
      case 8:
        attribute.value = packed(field.bytes);
        return true;
      case 9:
        texts.emplace_back(field.bytes);
        return true;
      case 20:
        type = static_cast<int>(field.whole);
        return true;
      default:
        return false;
    }
  });
  if (!texts.empty()) attribute.value = std::move(texts);
  // FLOAT 1, INT 2, INTS 7, STRINGS 8: as the alternative that was found.
  constexpr int types[] = {2, 1, 7, 8};
  if (type != types[attribute.value.index()]) throw std::runtime_error("AttributeProto: another type");
  return attribute;
}

Node read_node(std::string_view bytes) {
  Node node;
  for_each_field(bytes, "NodeProto", [&](const Field& field) {
    switch (field.number) {
      case 1:
        node.inputs.emplace_back(field.bytes);
        return true;
      case 2:
        node.outputs.emplace_back(field.bytes);
        return true;
      case 3:
        node.name = field.bytes;
        return true;
      case 4:
        node.operation = field.bytes;
        return true;
      case 5:
        node.attributes.push_back(read_attribute(field.bytes));
        return true;
      case 7:
        node.domain = field.bytes;
        return true;
      default:
        return false;
    }
  });
  return node;
}

Tensor read_tensor(std::string_view bytes) {
  Tensor tensor;
  for_each_field(bytes, "TensorProto", [&](const Field& field) {
    switch (field.number) {
      case 1:
        tensor.shape = packed(field.bytes);
        return true;
      case 2:
        tensor.type = static_cast<ElementType>(field.whole);
        return true;
      case 8:
        tensor.name = field.bytes;
        return true;
      case 9:
        tensor.bytes = field.bytes;
        return true;
      default:
        return false;
    }
  });
  return tensor;
}

Dimension read_dimension(std::string_view bytes) {
  Dimension dimension(std::int64_t{0});
  for_each_field(bytes, "TensorShapeProto.Dimension", [&](const Field& field) {
    if (field.number == 1) dimension.size = static_cast<std::int64_t>(field.whole);
    if (field.number == 2) dimension.symbol = field.bytes;
    return field.number <= 2;
  });
  return dimension;
}

void read_tensor_type(std::string_view bytes, Port& port) {
  for_each_field(bytes, "TypeProto.Tensor", [&](const Field& field) {
    if (field.number == 1) port.type = static_cast<ElementType>(field.whole);
    if (field.number == 2)
      for_each_field(field.bytes, "TensorShapeProto", [&](const Field& dimension) {
        port.shape.push_back(read_dimension(dimension.bytes));
        return dimension.number == 1;
      });
    return field.number <= 2;
  });
}

Port read_port(std::string_view bytes) {
  Port port;
  for_each_field(bytes, "ValueInfoProto", [&](const Field& field) {
    if (field.number == 1) port.name = field.bytes;
    if (field.number == 2)
      for_each_field(field.bytes, "TypeProto", [&](const Field& type) {
        read_tensor_type(type.bytes, port);
        return type.number == 1;
      });
    if (field.number == 3) port.documentation = field.bytes;
    return field.number <= 3;
  });
  return port;
}

Graph read_graph(std::string_view bytes) {
  Graph graph;
  for_each_field(bytes, "GraphProto", [&](const Field& field) {
    switch (field.number) {
      case 1:
        graph.nodes.push_back(read_node(field.bytes));
        return true;
      case 2:
        graph.name = field.bytes;
        return true;
      case 5:
        graph.constants.push_back(read_tensor(field.bytes));
        return true;
      case 10:
        graph.documentation = field.bytes;
        return true;
      case 11:
        graph.inputs.push_back(read_port(field.bytes));
        return true;
      case 12:
        graph.outputs.push_back(read_port(field.bytes));
        return true;
      case 13:
        graph.values.push_back(read_port(field.bytes));
        return true;
      default:
        return false;
    }
  });
  return graph;
}

}  // namespace

Model read_onnx(std::string_view bytes) {
  Model model;
  for_each_field(bytes, "ModelProto", [&](const Field& field) {
    switch (field.number) {
      case 1:
        model.format_version = static_cast<std::int64_t>(field.whole);
        return true;
      case 2:
        model.producer = field.bytes;
        return true;
      case 3:
        model.producer_version = field.bytes;
        return true;
      case 5:
        model.version = static_cast<std::int64_t>(field.whole);
        return true;
      case 6:
        model.documentation = field.bytes;
        return true;
      case 7:
        model.graph = read_graph(field.bytes);
        return true;
      case 8:
        model.operator_sets.emplace_back();
        for_each_field(field.bytes, "OperatorSetIdProto", [&](const Field& part) {
          if (part.number == 1) model.operator_sets.back().domain = part.bytes;
          if (part.number == 2) model.operator_sets.back().version = static_cast<std::int64_t>(part.whole);
          return part.number <= 2;
        });
        return true;
      case 14:
        model.properties.emplace_back();
        for_each_field(field.bytes, "StringStringEntryProto", [&](const Field& part) {
          (part.number == 1 ? model.properties.back().first : model.properties.back().second) = part.bytes;
          return part.number <= 2;
        });
        return true;
      default:
        return false;
    }
  });
  return model;
}

}  // namespace deepmine::test
