#include "io/onnx_graph.h"

#include <array>
#include <cassert>

namespace deepmine::io::onnx {

// ---- the builder

Value GraphBuilder::input(Port port) {
  graph_.inputs.push_back(std::move(port));
  return {this, graph_.inputs.back().name, graph_.inputs.back().type};
}

void GraphBuilder::output(const Value& value, Port port) {
  assert(value.type == port.type);
  graph_.nodes.push_back({"Identity", "", "output/" + port.name, {value.name}, {port.name}, {}});
  graph_.outputs.push_back(std::move(port));
}

Value GraphBuilder::add_constant(const std::string& name, ElementType type, std::vector<std::int64_t> shape,
                                 std::string bytes) {
  const int use = uses_[name]++;
  const std::string unique = use == 0 ? name : name + "_" + std::to_string(use + 1);
  graph_.constants.push_back({unique, type, std::move(shape), std::move(bytes)});
  return {this, unique, type};
}

Value GraphBuilder::constant(const std::string& name, std::vector<std::int64_t> shape,
                             std::span<const float> values) {
  return add_constant(name, ElementType::float32, std::move(shape), bytes_of(values));
}

Value GraphBuilder::constant(const std::string& name, std::vector<std::int64_t> shape,
                             std::span<const double> values) {
  return add_constant(name, ElementType::float64, std::move(shape), bytes_of(values));
}

Value GraphBuilder::list(const std::vector<std::int64_t>& numbers) {
  std::string& name = lists_[numbers];
  if (name.empty())
    name = add_constant("list", ElementType::int64, {static_cast<std::int64_t>(numbers.size())},
                        bytes_of(std::span<const std::int64_t>(numbers)))
               .name;
  return {this, name, ElementType::int64};
}

Value GraphBuilder::scalar(double number, ElementType type) {
  std::string& name = scalars_[{number, type}];
  if (name.empty()) {
    const auto whole = static_cast<std::int64_t>(number);
    const auto single = static_cast<float>(number);
    const std::string bytes = type == ElementType::float64 ? bytes_of(std::span<const double>(&number, 1))
                              : type == ElementType::int64
                                  ? bytes_of(std::span<const std::int64_t>(&whole, 1))
                                  : bytes_of(std::span<const float>(&single, 1));
    name = add_constant("number", type, {}, bytes).name;
  }
  return {this, name, type};
}

Value GraphBuilder::node(std::string_view operation, const std::vector<Value>& inputs, ElementType result,
                         std::vector<Attribute> attributes, std::string_view domain) {
  Node node{std::string(operation), std::string(domain), "", {}, {}, std::move(attributes)};
  const std::string base = part_ + "/" + node.operation;
  const int use = uses_[base]++;
  node.name = use == 0 ? base : base + "_" + std::to_string(use + 1);
  for (const Value& input : inputs) node.inputs.push_back(input.name);
  node.outputs.push_back(node.name);
  graph_.nodes.push_back(std::move(node));
  return {this, graph_.nodes.back().name, result};
}

void GraphBuilder::declare_shape(const Value& value, std::vector<Dimension> shape) {
  graph_.values.push_back({value.name, value.type, std::move(shape), ""});
}

Graph GraphBuilder::take(std::string name) {
  graph_.name = std::move(name);
  return std::move(graph_);
}

// ---- values

namespace {

Value of_two(const char* operation, const Value& a, const Value& b) {
  assert(a.type == b.type);
  return a.graph->node(operation, {a, b}, a.type);
}

Value of_one(const char* operation, const Value& x) {
  return x.graph->node(operation, {x}, x.type);
}

Value condition(const char* operation, const Value& a, const Value& b) {
  assert(a.type == b.type);
  return a.graph->node(operation, {a, b}, ElementType::boolean);
}

Value number_for(const Value& x, double number) {
  return x.graph->scalar(number, x.type);
}

Value list(const Value& x, const std::vector<std::int64_t>& numbers) {
  return x.graph->list(numbers);
}

}  // namespace

Value operator+(const Value& a, const Value& b) {
  return of_two("Add", a, b);
}
Value operator-(const Value& a, const Value& b) {
  return of_two("Sub", a, b);
}
Value operator*(const Value& a, const Value& b) {
  return of_two("Mul", a, b);
}
Value operator/(const Value& a, const Value& b) {
  return of_two("Div", a, b);
}
Value operator+(const Value& a, double b) {
  return a + number_for(a, b);
}
Value operator-(const Value& a, double b) {
  return a - number_for(a, b);
}
Value operator*(const Value& a, double b) {
  return a * number_for(a, b);
}
Value operator/(const Value& a, double b) {
  return a / number_for(a, b);
}
Value operator+(double a, const Value& b) {
  return number_for(b, a) + b;
}
Value operator-(double a, const Value& b) {
  return number_for(b, a) - b;
}
Value operator*(double a, const Value& b) {
  return number_for(b, a) * b;
}

Value matrix_product(const Value& a, const Value& b) {
  return of_two("MatMul", a, b);
}
Value absolute(const Value& x) {
  return of_one("Abs", x);
}
Value square_root(const Value& x) {
  return of_one("Sqrt", x);
}
Value logarithm(const Value& x) {
  return of_one("Log", x);
}
Value round_to_whole(const Value& x) {
  return of_one("Round", x);
}

Value clip(const Value& x, double lowest, double highest) {
  return x.graph->node("Clip", {x, number_for(x, lowest), number_for(x, highest)}, x.type);
}

Value cast(const Value& x, ElementType type) {
  return x.graph->node("Cast", {x}, type, {{"to", static_cast<std::int64_t>(type)}});
}

Value greater(const Value& a, const Value& b) {
  return condition("Greater", a, b);
}
Value greater(const Value& a, double b) {
  return greater(a, number_for(a, b));
}
Value less(const Value& a, const Value& b) {
  return condition("Less", a, b);
}
Value less(const Value& a, double b) {
  return less(a, number_for(a, b));
}
Value equal(const Value& a, const Value& b) {
  return condition("Equal", a, b);
}
Value either(const Value& a, const Value& b) {
  return condition("Or", a, b);
}
Value opposite(const Value& a) {
  return of_one("Not", a);
}
Value select(const Value& condition, const Value& yes, const Value& no) {
  assert(yes.type == no.type);
  return yes.graph->node("Where", {condition, yes, no}, yes.type);
}

Value join(const std::vector<Value>& parts, std::int64_t axis) {
  return parts.front().graph->node("Concat", parts, parts.front().type, {{"axis", axis}});
}

Value reshape(const Value& x, const std::vector<std::int64_t>& shape) {
  return x.graph->node("Reshape", {x, list(x, shape)}, x.type);
}

Value transpose(const Value& x, std::vector<std::int64_t> order) {
  return x.graph->node("Transpose", {x}, x.type, {{"perm", std::move(order)}});
}

Value insert_axis(const Value& x, std::int64_t axis) {
  return x.graph->node("Unsqueeze", {x, list(x, {axis})}, x.type);
}

Value remove_axis(const Value& x, std::int64_t axis) {
  return x.graph->node("Squeeze", {x, list(x, {axis})}, x.type);
}

Value entry(const Value& x, std::int64_t axis, std::int64_t index) {
  return x.graph->node("Gather", {x, list(x, {index})}, x.type, {{"axis", axis}});
}

Value last_entries(const Value& x, std::int64_t count, std::int64_t size) {
  return x.graph->node("Slice", {x, list(x, {size - count}), list(x, {size}), list(x, {1})}, x.type);
}

Value reduce(Reduction reduction, const Value& x, std::int64_t axis, bool keep) {
  constexpr std::array<const char*, 4> operations{"ReduceSum", "ReduceMean", "ReduceMin", "ReduceMax"};
  const Attribute keep_axis{"keepdims", std::int64_t{keep ? 1 : 0}};
  const char* operation = operations[static_cast<std::size_t>(reduction)];
  // In set 17 the axes of a sum are an input, those of the others still an attribute.
  if (reduction == Reduction::sum) return x.graph->node(operation, {x, list(x, {axis})}, x.type, {keep_axis});
  return x.graph->node(operation, {x}, x.type, {{"axes", std::vector{axis}}, keep_axis});
}

}  // namespace deepmine::io::onnx
