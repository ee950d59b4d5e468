#include "benchmarks/operation_count.h"

namespace deepmine::benchmarks {
namespace {

/// Sums up products. One whose input is an input of the network has no gradient to pass on.
class Counter {
 public:
  enum class Input { hidden, of_network };

  void product(double rows, double depth, double columns, Input input = Input::hidden) {
    const double operations = 2 * rows * depth * columns;
    count_.forward += operations;
    count_.training_step += (input == Input::of_network ? 2 : 3) * operations;
  }
  void lstm(int inputs, int units, int days, Input input) {
    product(4 * units, inputs, days, input);
    product(4 * units, units, days);
  }
  /// `width`: all heads' keys together.
  void attention(int query_features, int source_features, int outputs, int width, int query_steps,
                 int source_steps) {
    product(width, query_features, query_steps);        // queries
    product(2 * width, source_features, source_steps);  // keys and values
    product(source_steps, width, query_steps);          // scores of all heads
    product(width, source_steps, query_steps);          // weighted sums of the values
    product(outputs, width, query_steps);
  }
  const OperationCount& count() const { return count_; }

 private:
  OperationCount count_;
};

}  // namespace

OperationCount operation_count(const stope::NetworkSpecification& s) {
  Counter counter;
  counter.product(s.static_units, s.static_features, 1, Counter::Input::of_network);
  counter.product(s.static_units, s.static_units, 1);
  counter.product(s.branch_units, s.static_units, 1);

  counter.lstm(s.sensors, s.temporal_units, s.days, Counter::Input::of_network);
  counter.lstm(s.temporal_units, s.temporal_units, s.days, Counter::Input::hidden);
  counter.attention(s.temporal_units, s.temporal_units, s.temporal_units, s.self_attention_heads * s.key_size,
                    s.days, s.days);
  counter.lstm(s.temporal_units, s.branch_units, s.days, Counter::Input::hidden);

  const int attended_steps = s.cross_attention == stope::CrossAttention::days ? s.days : 1;
  counter.attention(s.branch_units, s.branch_units, s.branch_units, s.cross_attention_heads * s.key_size, 1,
                    attended_steps);
  counter.product(s.shared_units, 3 * s.branch_units, 1);
  counter.product(s.shared_output_units, s.shared_units, 1);

  counter.product(s.head_units, s.shared_output_units, 1);
  counter.product(1, s.head_units, 1);
  for (const int horizon : s.horizons) {
    const int second_units = s.head_units + horizon / 7;
    counter.product(s.head_units, s.shared_output_units, 1);
    counter.product(second_units, s.head_units, 1);
    counter.product(s.risk_levels, second_units, 1);
  }
  return counter.count();
}

}  // namespace deepmine::benchmarks
