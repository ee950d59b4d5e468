// Builds an ONNX graph as one writes a formula: values have operators, and each makes a node.
//
//     const Value span = hydraulic_radius / 15;               // Div, with a constant
//     const Value risk = select(greater(span, 1), one, span); // Greater, Where
//
// Operators are those of set 17; a tensor's first dimension is the case (symbolic), unless it says otherwise.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/onnx_model.h"

namespace deepmine::io::onnx {

class GraphBuilder;

/// A tensor of a graph that is being built. Valid as long as its builder.
struct Value {
  GraphBuilder* graph = nullptr;
  std::string name;
  ElementType type = ElementType::float32;
};

class GraphBuilder {
 public:
  GraphBuilder() = default;
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  Value input(Port port);
  /// Gives a value the name and the description under which it leaves the graph.
  void output(const Value& value, Port port);

  Value constant(const std::string& name, std::vector<std::int64_t> shape, std::span<const float> values);
  Value constant(const std::string& name, std::vector<std::int64_t> shape, std::span<const double> values);
  /// Whole numbers that an operator takes as a list. The same list is one constant.
  Value list(const std::vector<std::int64_t>& numbers);
  /// One number without dimensions: fits every shape. The same number is one constant; NaN has no
  /// place here.
  Value scalar(double number, ElementType type);

  /// A node with one output, of type `result`.
  Value node(std::string_view operation, const std::vector<Value>& inputs, ElementType result,
             std::vector<Attribute> attributes = {}, std::string_view domain = "");

  /// Says which shape a value has, for operators of which tools can't know.
  void declare_shape(const Value& value, std::vector<Dimension> shape);

  /// What names of nodes begin with, for whoever looks at the graph: `temporal/lstm_1`.
  void begin_part(std::string name) { part_ = std::move(name); }

  Graph take(std::string name);

 private:
  Value add_constant(const std::string& name, ElementType type, std::vector<std::int64_t> shape,
                     std::string bytes);

  Graph graph_;
  std::string part_;
  std::map<std::string, int> uses_;  // of a name, for names that are used once
  std::map<std::pair<double, ElementType>, std::string> scalars_;
  std::map<std::vector<std::int64_t>, std::string> lists_;
};

// ---- arithmetic; the two sides have the same type, a number takes the other's

Value operator+(const Value& a, const Value& b);
Value operator-(const Value& a, const Value& b);
Value operator*(const Value& a, const Value& b);
Value operator/(const Value& a, const Value& b);
Value operator+(const Value& a, double b);
Value operator-(const Value& a, double b);
Value operator*(const Value& a, double b);
Value operator/(const Value& a, double b);
Value operator+(double a, const Value& b);
Value operator-(double a, const Value& b);
Value operator*(double a, const Value& b);

Value matrix_product(const Value& a, const Value& b);
Value absolute(const Value& x);
Value square_root(const Value& x);
Value logarithm(const Value& x);
/// max(lowest, min(highest, x))
Value clip(const Value& x, double lowest, double highest);
/// Half to even.
Value round_to_whole(const Value& x);
Value cast(const Value& x, ElementType type);

// ---- conditions

Value greater(const Value& a, const Value& b);
Value greater(const Value& a, double b);
Value less(const Value& a, const Value& b);
Value less(const Value& a, double b);
Value equal(const Value& a, const Value& b);
Value either(const Value& a, const Value& b);
Value opposite(const Value& a);
/// Element by element: `yes` where the condition holds.
Value select(const Value& condition, const Value& yes, const Value& no);

// ---- shapes

Value join(const std::vector<Value>& parts, std::int64_t axis);
/// `shape` as Reshape reads it: 0 keeps a dimension, -1 is what is left.
Value reshape(const Value& x, const std::vector<std::int64_t>& shape);
Value transpose(const Value& x, std::vector<std::int64_t> order);
Value insert_axis(const Value& x, std::int64_t axis);
Value remove_axis(const Value& x, std::int64_t axis);
/// One entry along an axis; the axis stays, with size 1.
Value entry(const Value& x, std::int64_t axis, std::int64_t index);
/// The last `count` of `size` entries along axis 1.
Value last_entries(const Value& x, std::int64_t count, std::int64_t size);

// ---- sums over one axis, which stays with size 1 unless `keep` says no

enum class Reduction { sum, mean, lowest, highest };
Value reduce(Reduction reduction, const Value& x, std::int64_t axis, bool keep = true);

}  // namespace deepmine::io::onnx
