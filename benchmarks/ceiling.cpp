#include "benchmarks/ceiling.h"

#include <algorithm>
#include <array>
#include <utility>

#include "benchmarks/clocks.h"
#include "benchmarks/fma_loop.h"
#include "engine/nn/random.h"
#include "engine/nn/team.h"

namespace deepmine::benchmarks {
namespace {

void fill(float* values, std::size_t count, RandomKey key) {
  RandomStream random(key);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random.uniform(-1, 1));
}

/// Runs `time(repeats)` with more and more repeats until that takes about `seconds`; the last time and its
/// repeats.
template <class Time>
std::pair<double, int> long_enough(double seconds, Time&& time) {
  int repeats = 1;
  double spent = time(repeats);
  while (spent < seconds / 2 && repeats < 1 << 28) {
    const double factor = std::clamp(seconds / std::max(spent, 1e-9), 2.0, 50.0);
    repeats = static_cast<int>(std::min(repeats * factor, double{1 << 28}));
    spent = time(repeats);
  }
  return {spent, repeats};
}

}  // namespace

Ceiling::Ceiling(const stope::NetworkSpecification& s, const nn::Kernels<float>& kernels, int threads)
    : kernels_(kernels), threads_(std::min(threads, nn::max_lanes)) {
  const int units = s.temporal_units, columns = s.days * nn::block_size;
  // Everything as the LSTM has it: weights in panels, gates off powers of two.
  product_ = {.rows = 4 * units,
              .columns = columns,
              .depth = units,
              .a = nullptr,
              .a_stride = nn::packed,
              .b = nullptr,
              .b_row_stride = 1,
              .b_column_stride = units,
              .c = nullptr,
              .c_stride = 4 * units + 16,
              .start = nn::Start::bias,
              .bias = nullptr};
  const auto size = [](std::ptrdiff_t stride, int count) { return static_cast<std::size_t>(stride * count); };
  const std::size_t a_size = static_cast<std::size_t>(nn::packed_size(product_.rows, units)),
                    bias_size = size(product_.rows, 1);
  b_size_ = size(units, columns);
  c_size_ = size(product_.c_stride, columns);
  float *a = nullptr, *bias = nullptr;
  arena_.build([&](nn::Arena& arena) {
    a = arena.take<float>(a_size);
    bias = arena.take<float>(bias_size);
    b_ = arena.take<float>(b_size_ * static_cast<std::size_t>(threads_));
    c_ = arena.take<float>(c_size_ * static_cast<std::size_t>(threads_));
  });
  fill(a, a_size, 1);
  fill(bias, bias_size, 2);
  fill(b_, b_size_ * static_cast<std::size_t>(threads_), 3);
  product_.a = a;
  product_.bias = bias;
}

double Ceiling::time_products(int repeats) {
  const Clock::time_point begin = Clock::now();
  nn::Team::run(threads_, [&](const nn::Team& team) {
    nn::Product<float> product = product_;
    product.b = b_ + b_size_ * static_cast<std::size_t>(team.thread());
    product.c = c_ + c_size_ * static_cast<std::size_t>(team.thread());
    for (int i = 0; i < repeats; ++i) kernels_.product(product);
  });
  return seconds_since(begin);
}

double Ceiling::time_fma(int repeats, double& operations) {
  constexpr int rounds_a_repeat = 10000;
  std::array<double, nn::max_lanes> of_thread{};
  const Clock::time_point begin = Clock::now();
  nn::Team::run(threads_, [&](const nn::Team& team) {
    for (int i = 0; i < repeats; ++i)
      of_thread[static_cast<std::size_t>(team.thread())] += run_fma_loop(kernels_.name, rounds_a_repeat);
  });
  const double spent = seconds_since(begin);
  operations = 0;
  for (const double count : of_thread) operations += count;
  return spent;
}

Ceiling::Rates Ceiling::measure(double seconds) {
  Rates rates;
  double cpu_time = 0;
  const auto [wall_time, repeats] = long_enough(seconds, [&](int count) {
    const double cpu_before = cpu_seconds();
    const double spent = time_products(count);
    cpu_time = cpu_seconds() - cpu_before;
    return spent;
  });
  const double work = 1e-9 * 2.0 * product_.rows * product_.columns * product_.depth * repeats * threads_;
  rates.product = work / wall_time;
  rates.product_a_core = work / cpu_time;
  double operations = 0;
  time_fma(1, operations);
  if (operations == 0) return rates;
  const double spent = long_enough(seconds / 4, [&](int count) { return time_fma(count, operations); }).first;
  rates.fma = 1e-9 * operations / spent;
  return rates;
}

}  // namespace deepmine::benchmarks
