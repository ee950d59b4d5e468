#include "tests/io/onnx_interpreter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

namespace deepmine::test {

using namespace io::onnx;

namespace {

using Shape = std::vector<std::int64_t>;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

std::int64_t count_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t axis_of(std::int64_t axis, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  require(axis >= -rank && axis < rank, "the axis does not exist");
  return axis < 0 ? axis + rank : axis;
}

/// An array cut at an axis: element (o, i, n) stands at (o · length + i) · inner + n.
struct Cut {
  std::int64_t outer = 1, length = 1, inner = 1;
  Cut(const Shape& shape, std::int64_t axis) : length(shape[static_cast<std::size_t>(axis)]) {
    for (std::int64_t d = 0; d < static_cast<std::int64_t>(shape.size()); ++d)
      if (d != axis) (d < axis ? outer : inner) *= shape[static_cast<std::size_t>(d)];
  }
  std::size_t at(std::int64_t o, std::int64_t i, std::int64_t n) const {
    return static_cast<std::size_t>((o * length + i) * inner + n);
  }
};

Array array(ElementType type, Shape shape) {
  Array result{type, std::move(shape), {}, {}};
  result.numbers.resize(static_cast<std::size_t>(count_of(result.shape)));
  return result;
}

void round_to_type(Array& result) {
  if (result.type == ElementType::float32)
    for (double& number : result.numbers) number = static_cast<double>(static_cast<float>(number));
}

/// Where element number `index` of `shape` stands in an array that is stretched to it.
std::size_t stretched(std::size_t index, const Shape& shape, const Shape& from) {
  std::size_t place = 0, stride = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {  // from the last dimension on
    const auto size = static_cast<std::size_t>(shape[shape.size() - 1 - d]);
    const std::size_t position = index % size;
    index /= size;
    if (d >= from.size()) continue;
    const auto from_size = static_cast<std::size_t>(from[from.size() - 1 - d]);
    if (from_size != 1) place += position * stride;
    stride *= from_size;
  }
  return place;
}

Shape common_shape(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()));
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t of_a = d < a.size() ? a[a.size() - 1 - d] : 1,
                       of_b = d < b.size() ? b[b.size() - 1 - d] : 1;
    require(of_a == of_b || of_a == 1 || of_b == 1, "the shapes do not fit");
    shape[shape.size() - 1 - d] = of_a == 1 ? of_b : of_a;
  }
  return shape;
}

class Run {
 public:
  Run(const Model& model, const Arrays& inputs) : model_(model) {
    std::map<std::string, std::int64_t> symbols;
    for (const Port& port : model.graph.inputs) take_input(port, inputs, symbols);
    for (const Tensor& constant : model.graph.constants) define(constant.name, decode(constant));
  }

  Arrays outputs() {
    for (const Node& node : model_.graph.nodes) {
      try {
        require(node.outputs.size() == 1, "one output is expected");
        define(node.outputs[0], run(node));
      } catch (const std::exception& error) {
        throw std::runtime_error(node.name + " (" + node.operation + "): " + error.what());
      }
    }
    for (const Port& port : model_.graph.values) require_port(port);
    Arrays outputs;
    for (const Port& port : model_.graph.outputs) {
      require_port(port);
      outputs[port.name] = values_.at(port.name);
    }
    return outputs;
  }

 private:
  /// The value has the type and the shape that the file says.
  void require_port(const Port& port) const {
    const Array& value = values_.at(port.name);
    require(value.type == port.type, port.name + " is of another type");
    require(value.shape.size() == port.shape.size(), port.name + " has another rank");
    for (std::size_t d = 0; d < value.shape.size(); ++d)
      require(!port.shape[d].symbol.empty() || port.shape[d].size == value.shape[d],
              port.name + " has another shape");
  }

  void define(const std::string& name, Array value) {
    require(!name.empty() && values_.emplace(name, std::move(value)).second, name + " is there twice");
  }

  void take_input(const Port& port, const Arrays& inputs, std::map<std::string, std::int64_t>& symbols) {
    const auto found = inputs.find(port.name);
    require(found != inputs.end(), "input " + port.name + " is missing");
    const Array& value = found->second;
    require(value.type == port.type && value.shape.size() == port.shape.size(), port.name + " does not fit");
    for (std::size_t d = 0; d < port.shape.size(); ++d) {
      const Dimension& dimension = port.shape[d];
      const std::int64_t expected = dimension.symbol.empty()
                                        ? dimension.size
                                        : symbols.emplace(dimension.symbol, value.shape[d]).first->second;
      require(value.shape[d] == expected, port.name + " has another shape");
    }
    define(port.name, value);
  }

  static Array decode(const Tensor& tensor) {
    Array result = array(tensor.type, tensor.shape);
    const std::size_t width = tensor.type == ElementType::float32 ? 4 : 8;
    require(tensor.bytes.size() == width * result.numbers.size(), tensor.name + " has too few or many bytes");
    for (std::size_t i = 0; i < result.numbers.size(); ++i) {
      std::uint64_t bits = 0;
      for (std::size_t b = 0; b < width; ++b)
        bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(tensor.bytes[i * width + b])) << 8 * b;
      result.numbers[i] =
          tensor.type == ElementType::float32 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))}
          : tensor.type == ElementType::int64 ? static_cast<double>(static_cast<std::int64_t>(bits))
                                              : std::bit_cast<double>(bits);
    }
    return result;
  }

  // ---- a node

  const Array& in(const Node& node, std::size_t number) const {
    require(number < node.inputs.size(), "an input is missing");
    const auto found = values_.find(node.inputs[number]);
    require(found != values_.end(), node.inputs[number] + " was not made before");
    return found->second;
  }

  template <class Type>
  static Type attribute(const Node& node, const char* name) {
    for (const Attribute& attribute : node.attributes)
      if (attribute.name == name) return std::get<Type>(attribute.value);
    throw std::runtime_error(std::string("attribute ") + name + " is missing");
  }

  Shape list_in(const Node& node, std::size_t number) const {
    const Array& list = in(node, number);
    require(list.type == ElementType::int64 && list.shape.size() == 1, "a list of whole numbers is expected");
    Shape numbers;
    for (const double value : list.numbers) numbers.push_back(static_cast<std::int64_t>(value));
    return numbers;
  }

  Array run(const Node& node) const {
    static const std::map<std::string, Array (Run::*)(const Node&) const> operations{
        {"Concat", &Run::concat},
        {"Reshape", &Run::reshape},
        {"Transpose", &Run::transpose},
        {"Unsqueeze", &Run::unsqueeze},
        {"Squeeze", &Run::squeeze},
        {"Gather", &Run::gather},
        {"Slice", &Run::slice},
        {"MatMul", &Run::matrix_product},
        {"Where", &Run::where},
        {"Clip", &Run::clip},
        {"Cast", &Run::cast},
        {"Softmax", &Run::softmax},
        {"ArgMax", &Run::arg_max},
        {"LSTM", &Run::lstm},
        {"OneHotEncoder", &Run::one_hot},
        {"LayerNormalization", &Run::layer_norm}};
    require(node.domain == (node.operation == "OneHotEncoder" ? "ai.onnx.ml" : ""), "another domain");
    const auto found = operations.find(node.operation);
    if (found != operations.end()) return (this->*found->second)(node);
    if (node.operation.starts_with("Reduce")) return reduce(node);
    return node.inputs.size() == 2 ? of_two(node) : of_one(node);
  }

  Array of_one(const Node& node) const {
    static const std::map<std::string, double (*)(double)> functions{
        {"Identity", [](double x) { return x; }},
        {"Abs", [](double x) { return std::abs(x); }},
        {"Sqrt", [](double x) { return std::sqrt(x); }},
        {"Log", [](double x) { return std::log(x); }},
        {"Round", [](double x) { return std::nearbyint(x); }},
        {"Relu", [](double x) { return x > 0 ? x : 0.0; }},
        {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
        {"Not", [](double x) { return x == 0 ? 1.0 : 0.0; }},
        {"IsNaN", [](double x) { return std::isnan(x) ? 1.0 : 0.0; }},
        {"IsInf", [](double x) { return std::isinf(x) ? 1.0 : 0.0; }}};
    const auto function = functions.find(node.operation);
    require(function != functions.end() && node.inputs.size() == 1, "the operator is not known");
    Array result = in(node, 0);
    for (double& number : result.numbers) number = function->second(number);
    if (node.operation.starts_with("Is")) result.type = ElementType::boolean;
    round_to_type(result);
    return result;
  }

  Array of_two(const Node& node) const {
    static const std::map<std::string, double (*)(double, double)> functions{
        {"Add", [](double a, double b) { return a + b; }},
        {"Sub", [](double a, double b) { return a - b; }},
        {"Mul", [](double a, double b) { return a * b; }},
        {"Div", [](double a, double b) { return a / b; }},
        {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
        {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
        {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
        {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }}};
    const auto function = functions.find(node.operation);
    require(function != functions.end(), "the operator is not known");
    const Array &a = in(node, 0), &b = in(node, 1);
    require(a.type == b.type, "the two sides are of different types");
    require((a.type == ElementType::boolean) == (node.operation == "Or"), "the type does not fit");
    const bool compares =
        function->first == "Greater" || function->first == "Less" || function->first == "Equal";
    Array result = array(compares ? ElementType::boolean : a.type, common_shape(a.shape, b.shape));
    for (std::size_t i = 0; i < result.numbers.size(); ++i)
      result.numbers[i] = function->second(a.numbers[stretched(i, result.shape, a.shape)],
                                           b.numbers[stretched(i, result.shape, b.shape)]);
    round_to_type(result);
    return result;
  }

  Array where(const Node& node) const {
    const Array &condition = in(node, 0), &yes = in(node, 1), &no = in(node, 2);
    require(condition.type == ElementType::boolean && yes.type == no.type, "the types do not fit");
    Array result = array(yes.type, common_shape(condition.shape, common_shape(yes.shape, no.shape)));
    for (std::size_t i = 0; i < result.numbers.size(); ++i)
      result.numbers[i] = condition.numbers[stretched(i, result.shape, condition.shape)] != 0
                              ? yes.numbers[stretched(i, result.shape, yes.shape)]
                              : no.numbers[stretched(i, result.shape, no.shape)];
    return result;
  }

  Array clip(const Node& node) const {
    Array result = in(node, 0);
    const Array &lowest = in(node, 1), &highest = in(node, 2);
    require(lowest.type == result.type && highest.type == result.type && lowest.shape.empty() &&
                highest.shape.empty(),
            "the bounds do not fit");
    for (double& number : result.numbers) number = std::clamp(number, lowest.numbers[0], highest.numbers[0]);
    return result;
  }

  Array cast(const Node& node) const {
    Array result = in(node, 0);
    result.type = static_cast<ElementType>(attribute<std::int64_t>(node, "to"));
    require(result.type == ElementType::float32 || result.type == ElementType::float64,
            "a cast to another type");
    round_to_type(result);
    return result;
  }

  /// Over the last dimension, as all that deepmine exports.
  Array softmax(const Node& node) const {
    Array result = in(node, 0);
    require(attribute<std::int64_t>(node, "axis") == -1, "another axis");
    const auto length = static_cast<std::ptrdiff_t>(result.shape.back());
    for (auto row = result.numbers.begin(); row != result.numbers.end(); row += length) {
      const double highest = *std::max_element(row, row + length);
      double sum = 0;
      for (auto number = row; number != row + length; ++number) sum += * number = std::exp(*number - highest);
      for (auto number = row; number != row + length; ++number) *number /= sum;
    }
    round_to_type(result);
    return result;
  }

  Array arg_max(const Node& node) const {
    const Array& x = in(node, 0);
    require(attribute<std::int64_t>(node, "axis") == -1 && attribute<std::int64_t>(node, "keepdims") == 1 &&
                attribute<std::int64_t>(node, "select_last_index") == 1,
            "another kind of ArgMax");
    Shape shape = x.shape;
    const Cut cut(shape, static_cast<std::int64_t>(shape.size()) - 1);
    shape.back() = 1;
    Array result = array(ElementType::int64, shape);
    for (std::int64_t row = 0; row < cut.outer; ++row) {
      std::int64_t best = 0;
      for (std::int64_t i = 1; i < cut.length; ++i)
        if (x.numbers[cut.at(row, i, 0)] >= x.numbers[cut.at(row, best, 0)]) best = i;
      result.numbers[static_cast<std::size_t>(row)] = static_cast<double>(best);
    }
    return result;
  }

  Array one_hot(const Node& node) const {
    const Array& x = in(node, 0);
    const auto categories = attribute<std::vector<std::string>>(node, "cats_strings");
    require(attribute<std::int64_t>(node, "zeros") == 1 && x.type == ElementType::text,
            "another kind of encoder");
    Shape shape = x.shape;
    shape.push_back(static_cast<std::int64_t>(categories.size()));
    Array result = array(ElementType::float32, shape);
    for (std::size_t i = 0; i < x.texts.size(); ++i)
      for (std::size_t c = 0; c < categories.size(); ++c)
        result.numbers[i * categories.size() + c] = x.texts[i] == categories[c] ? 1 : 0;
    return result;
  }

  // ---- shapes

  Array concat(const Node& node) const {
    const Array& first = in(node, 0);
    const std::int64_t axis = axis_of(attribute<std::int64_t>(node, "axis"), first.shape);
    Shape shape = first.shape;
    shape[static_cast<std::size_t>(axis)] = 0;
    for (std::size_t p = 0; p < node.inputs.size(); ++p) {
      Shape rest = in(node, p).shape;
      require(in(node, p).type == first.type && rest.size() == shape.size(), "the parts do not fit");
      shape[static_cast<std::size_t>(axis)] += rest[static_cast<std::size_t>(axis)];
      rest[static_cast<std::size_t>(axis)] = first.shape[static_cast<std::size_t>(axis)];
      require(rest == first.shape, "the parts do not fit");
    }
    Array result = array(first.type, shape);
    const Cut to(shape, axis);
    std::int64_t begin = 0;
    for (std::size_t p = 0; p < node.inputs.size(); ++p) {
      const Array& part = in(node, p);
      const Cut from(part.shape, axis);
      for (std::int64_t o = 0; o < from.outer; ++o)
        for (std::int64_t i = 0; i < from.length; ++i)
          for (std::int64_t n = 0; n < from.inner; ++n)
            result.numbers[to.at(o, begin + i, n)] = part.numbers[from.at(o, i, n)];
      begin += from.length;
    }
    return result;
  }

  Array reshape(const Node& node) const {
    Array result = in(node, 0);
    Shape shape = list_in(node, 1);
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (shape[d] == 0) shape[d] = result.shape[d];
    require(count_of(shape) == count_of(result.shape), "another number of elements");
    result.shape = shape;
    return result;
  }

  Array transpose(const Node& node) const {
    const Array& x = in(node, 0);
    const auto order = attribute<Shape>(node, "perm");
    require(std::set<std::int64_t>(order.begin(), order.end()).size() == x.shape.size(), "no permutation");
    Shape shape;
    for (const std::int64_t axis : order) shape.push_back(x.shape[static_cast<std::size_t>(axis)]);
    Array result = array(x.type, shape);
    for (std::size_t i = 0; i < result.numbers.size(); ++i) {
      std::vector<std::size_t> position(shape.size());
      for (std::size_t d = shape.size(), rest = i; d-- > 0; rest /= static_cast<std::size_t>(shape[d]))
        position[static_cast<std::size_t>(order[d])] = rest % static_cast<std::size_t>(shape[d]);
      std::size_t place = 0;
      for (std::size_t d = 0; d < position.size(); ++d)
        place = place * static_cast<std::size_t>(x.shape[d]) + position[d];
      result.numbers[i] = x.numbers[place];
    }
    return result;
  }

  Array unsqueeze(const Node& node) const {
    Array result = in(node, 0);
    const Shape axes = list_in(node, 1);
    require(axes.size() == 1 && axes[0] >= 0 && axes[0] <= static_cast<std::int64_t>(result.shape.size()),
            "the axis does not exist");
    result.shape.insert(result.shape.begin() + axes[0], 1);
    return result;
  }

  Array squeeze(const Node& node) const {
    Array result = in(node, 0);
    const Shape axes = list_in(node, 1);
    require(axes.size() == 1 && result.shape.at(static_cast<std::size_t>(axes[0])) == 1,
            "the axis is not 1 long");
    result.shape.erase(result.shape.begin() + axes[0]);
    return result;
  }

  Array part(const Array& x, std::int64_t axis, std::int64_t begin, std::int64_t end) const {
    Shape shape = x.shape;
    require(begin >= 0 && begin < end && end <= shape[static_cast<std::size_t>(axis)], "outside the axis");
    shape[static_cast<std::size_t>(axis)] = end - begin;
    Array result = array(x.type, shape);
    const Cut from(x.shape, axis), to(shape, axis);
    for (std::int64_t o = 0; o < to.outer; ++o)
      for (std::int64_t i = 0; i < to.length; ++i)
        for (std::int64_t n = 0; n < to.inner; ++n)
          result.numbers[to.at(o, i, n)] = x.numbers[from.at(o, begin + i, n)];
    return result;
  }

  Array gather(const Node& node) const {
    const Array& x = in(node, 0);
    const Shape indices = list_in(node, 1);
    require(indices.size() == 1, "one index is expected");
    return part(x, axis_of(attribute<std::int64_t>(node, "axis"), x.shape), indices[0], indices[0] + 1);
  }

  Array slice(const Node& node) const {
    const Shape begin = list_in(node, 1), end = list_in(node, 2), axes = list_in(node, 3);
    require(begin.size() == 1 && end.size() == 1 && axes.size() == 1, "one axis is expected");
    return part(in(node, 0), axis_of(axes[0], in(node, 0).shape), begin[0], end[0]);
  }

  Array reduce(const Node& node) const {
    const Array& x = in(node, 0);
    const Shape axes = node.operation == "ReduceSum" ? list_in(node, 1) : attribute<Shape>(node, "axes");
    require(axes.size() == 1, "one axis is expected");
    const std::int64_t axis = axis_of(axes[0], x.shape);
    Shape shape = x.shape;
    shape[static_cast<std::size_t>(axis)] = 1;
    Array result = array(x.type, shape);
    const Cut from(x.shape, axis), to(shape, axis);
    for (std::int64_t o = 0; o < from.outer; ++o)
      for (std::int64_t n = 0; n < from.inner; ++n) {
        double sum = 0, lowest = x.numbers[from.at(o, 0, n)], highest = lowest;
        for (std::int64_t i = 0; i < from.length; ++i) {
          const double number = x.numbers[from.at(o, i, n)];
          sum += number;
          lowest = std::min(lowest, number);
          highest = std::max(highest, number);
        }
        result.numbers[to.at(o, 0, n)] = node.operation == "ReduceSum"    ? sum
                                         : node.operation == "ReduceMean" ? sum / double(from.length)
                                         : node.operation == "ReduceMin"  ? lowest
                                                                          : highest;
      }
    if (attribute<std::int64_t>(node, "keepdims") == 0) result.shape.erase(result.shape.begin() + axis);
    round_to_type(result);
    return result;
  }

  // ---- layers

  Array matrix_product(const Node& node) const {
    const Array &a = in(node, 0), &b = in(node, 1);
    require(a.type == b.type && a.shape.size() >= 2 && b.shape.size() >= 2, "no two matrices");
    const std::int64_t rows = a.shape[a.shape.size() - 2], depth = a.shape.back(), columns = b.shape.back();
    require(b.shape[b.shape.size() - 2] == depth, "the matrices do not fit");
    Shape batch = common_shape({a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2});
    Shape shape = batch;
    shape.insert(shape.end(), {rows, columns});
    Array result = array(a.type, shape);
    for (std::int64_t m = 0; m < count_of(batch); ++m) {
      const auto start = [&](const Array& of) {
        return stretched(static_cast<std::size_t>(m), batch, {of.shape.begin(), of.shape.end() - 2}) *
               static_cast<std::size_t>(of.shape[of.shape.size() - 2] * of.shape.back());
      };
      const double *left = a.numbers.data() + start(a), *right = b.numbers.data() + start(b);
      double* to = result.numbers.data() + m * rows * columns;
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t k = 0; k < depth; ++k)
          for (std::int64_t c = 0; c < columns; ++c)
            to[r * columns + c] += left[r * depth + k] * right[k * columns + c];
    }
    round_to_type(result);
    return result;
  }

  Array layer_norm(const Node& node) const {
    Array result = in(node, 0);
    const Array &scale = in(node, 1), &shift = in(node, 2);
    require(attribute<std::int64_t>(node, "axis") == -1 && scale.shape == Shape{result.shape.back()} &&
                shift.shape == scale.shape,
            "another kind of normalisation");
    const double epsilon = double{attribute<float>(node, "epsilon")};
    const auto length = static_cast<std::size_t>(result.shape.back());
    for (std::size_t row = 0; row < result.numbers.size(); row += length) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < length; ++i) mean += result.numbers[row + i] / double(length);
      for (std::size_t i = 0; i < length; ++i)
        variance += (result.numbers[row + i] - mean) * (result.numbers[row + i] - mean) / double(length);
      for (std::size_t i = 0; i < length; ++i)
        result.numbers[row + i] =
            (result.numbers[row + i] - mean) / std::sqrt(variance + epsilon) * scale.numbers[i] +
            shift.numbers[i];
    }
    round_to_type(result);
    return result;
  }

  /// Forward, with the activations that ONNX takes unless told otherwise. X [T, N, I], W [1, 4H, I], R [1,
  /// 4H, H], B [1, 8H], gates in the order i, o, f, c. Y [T, 1, N, H].
  Array lstm(const Node& node) const {
    const Array &x = in(node, 0), &w = in(node, 1), &r = in(node, 2), &b = in(node, 3);
    require(node.inputs.size() == 4 && node.attributes.size() == 1, "another kind of LSTM");
    const std::int64_t units = attribute<std::int64_t>(node, "hidden_size");
    const std::int64_t steps = x.shape.at(0), cases = x.shape.at(1), inputs = x.shape.at(2);
    require(w.shape == Shape{1, 4 * units, inputs} && r.shape == Shape{1, 4 * units, units} &&
                b.shape == Shape{1, 8 * units},
            "the kernels do not fit");
    Array result = array(ElementType::float32, {steps, 1, cases, units});
    const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
    for (std::int64_t n = 0; n < cases; ++n) {
      std::vector<double> hidden(static_cast<std::size_t>(units)), cell(hidden.size()), z(4 * hidden.size());
      for (std::int64_t t = 0; t < steps; ++t) {
        for (std::size_t g = 0; g < z.size(); ++g) {
          z[g] = b.numbers[g] + b.numbers[g + z.size()];
          for (std::int64_t i = 0; i < inputs; ++i)
            z[g] += w.numbers[g * static_cast<std::size_t>(inputs) + static_cast<std::size_t>(i)] *
                    x.numbers[static_cast<std::size_t>((t * cases + n) * inputs + i)];
          for (std::size_t h = 0; h < hidden.size(); ++h)
            z[g] += r.numbers[g * hidden.size() + h] * hidden[h];
        }
        for (std::size_t h = 0; h < hidden.size(); ++h) {
          const double i = sigmoid(z[h]), o = sigmoid(z[hidden.size() + h]),
                       f = sigmoid(z[2 * hidden.size() + h]);
          cell[h] = f * cell[h] + i * std::tanh(z[3 * hidden.size() + h]);
          // Kept apart until all gates of this step are known.
          result.numbers[static_cast<std::size_t>((t * cases + n) * units) + h] = o * std::tanh(cell[h]);
        }
        std::copy_n(result.numbers.begin() + (t * cases + n) * units, units, hidden.begin());
      }
    }
    round_to_type(result);
    return result;
  }

  const Model& model_;
  Arrays values_;
};

}  // namespace

Arrays run_onnx(const Model& model, const Arrays& inputs) {
  return Run(model, inputs).outputs();
}

}  // namespace deepmine::test
