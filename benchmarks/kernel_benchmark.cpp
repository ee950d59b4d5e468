// kernel_benchmark [name...]: how close the kernels (all of them, or those named) come to what one core can
// do. Checks every answer against the reference, then prints, for the shapes of the network, the median of
// many short runs: products as a share of a loop of fused multiply-adds of the same width that is timed just
// before each run, the rest as nanoseconds for an element. The clock is this thread's own, so that neighbours
// on the machine count little; what they take from its caches and its frequency they still take.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/fma_loop.h"
#include "benchmarks/statistics.h"
#include "engine/nn/arena.h"
#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/random.h"

using namespace deepmine;
using namespace deepmine::nn;

namespace {

constexpr int rounds = 25;

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// GFLOP/s of fused multiply-adds of the kernels' width; 0 for kernels without one.
double ceiling(std::string_view name) {
  const double begin = seconds();
  const double operations = benchmarks::run_fma_loop(name, 50000);
  return 1e-9 * operations / (seconds() - begin);
}

/// Memory as the engine has it: aligned, in huge pages. Everything is handed out anew for each measurement.
class Pool {
 public:
  float* take(std::size_t count, std::uint64_t purpose, double low, double high) {
    float* values = reinterpret_cast<float*>(memory_.data()) + used_;
    used_ += (count + 15) / 16 * 16;
    if (used_ * sizeof(float) > memory_.size()) throw Error(ErrorCode::failure, "the pool is too small");
    RandomStream random(derive_key(5, purpose));
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random.uniform(low, high));
    return values;
  }
  void clear() { used_ = 0; }

 private:
  AlignedMemory memory_{std::size_t{32} << 20};
  std::size_t used_ = 0;
};

struct Task {
  std::function<void(const Kernels<float>&)> prepare;  ///< before each run; not timed
  std::function<void(const Kernels<float>&)> run;
  double work;          ///< floating-point operations, or elements, of one run
  const float* result;  ///< compared with the reference's
  std::size_t result_size;
};

void check(const Task& task, const Kernels<float>& kernels, std::string_view name) {
  std::vector<float> results[2];
  for (int i = 0; i < 2; ++i) {
    const Kernels<float>& version = i == 0 ? kernels : reference_kernels<float>();
    if (task.prepare) task.prepare(version);
    task.run(version);
    results[i].assign(task.result, task.result + task.result_size);
  }
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < task.result_size; ++i) {
    difference += std::pow(static_cast<double>(results[0][i]) - static_cast<double>(results[1][i]), 2);
    norm += std::pow(static_cast<double>(results[1][i]), 2);
  }
  if (!(difference <= 1e-12 * norm))
    throw Error(ErrorCode::failure, fmt::format("{}: {} is wrong by {:.1e} of its norm", kernels.name, name,
                                                std::sqrt(difference / norm)));
}

/// Seconds of one run of the task, in the median, and its share of the ceiling that was measured beside it.
struct Timing {
  double seconds, share;
};

Timing time(const Task& task, const Kernels<float>& kernels) {
  std::vector<double> times, shares;
  for (int round = 0; round < rounds; ++round) {
    const double most = ceiling(kernels.name);
    double spent = 0;
    int repeats = 0;
    while (spent < 2e-3) {
      if (task.prepare) task.prepare(kernels);
      const int batch = task.prepare ? 1 : std::max(1, static_cast<int>(2e6 / task.work));
      const double begin = seconds();
      for (int i = 0; i < batch; ++i) task.run(kernels);
      spent += seconds() - begin;
      repeats += batch;
    }
    times.push_back(spent / repeats);
    shares.push_back(most > 0 ? task.work / times.back() / 1e9 / most : 0);
  }
  return {benchmarks::median(times), benchmarks::median(shares)};
}

void measure_product(Pool& pool, const Kernels<float>& kernels, std::string_view name, Product<float> p) {
  pool.clear();
  const auto size = [](std::ptrdiff_t stride, int count) { return static_cast<std::size_t>(stride * count); };
  p.a = pool.take(p.a_stride == packed ? static_cast<std::size_t>(packed_size(p.rows, p.depth))
                                       : size(p.a_stride, p.depth),
                  1, -1, 1);
  p.b = p.b_row_stride == 1 ? pool.take(size(p.b_column_stride, p.columns), 2, -1, 1)
                            : pool.take(size(p.b_row_stride, p.depth), 2, -1, 1);
  p.c = pool.take(size(p.c_stride, p.columns), 3, -1, 1);
  p.bias = pool.take(static_cast<std::size_t>(p.rows), 4, -1, 1);
  Task task{{},
            [&](const Kernels<float>& k) { k.product(p); },
            2.0 * p.rows * p.columns * p.depth,
            p.c,
            size(p.c_stride, p.columns)};
  const std::vector<float> before(p.c, p.c + task.result_size);
  task.prepare = [&](const Kernels<float>&) { std::copy(before.begin(), before.end(), p.c); };
  check(task, kernels, name);
  task.prepare = nullptr;
  const Timing timing = time(task, kernels);
  fmt::print("  {:44} {:7.1f} GFLOP/s  {:5.1f} %\n", name, task.work / timing.seconds / 1e9,
             100 * timing.share);
}

void measure_products(Pool& pool, const Kernels<float>& kernels) {
  const auto run = [&](std::string_view name, int rows, int columns, int depth, std::ptrdiff_t a_stride,
                       std::ptrdiff_t b_row_stride, std::ptrdiff_t b_column_stride, std::ptrdiff_t c_stride,
                       Start start) {
    measure_product(pool, kernels, name,
                    {rows, columns, depth, nullptr, a_stride, nullptr, b_row_stride, b_column_stride, nullptr,
                     c_stride, start, nullptr});
  };
  run("recurrent 512x128 * 128x8", 512, 8, 128, packed, 1, 128, 528, Start::accumulate);
  run("the same, weights not packed", 512, 8, 128, 512, 1, 128, 528, Start::accumulate);
  run("the same, weights 528 apart", 512, 8, 128, 528, 1, 128, 528, Start::accumulate);
  run("recurrent, backward 128x512 * 512x8", 128, 8, 512, packed, 1, 528, 128, Start::zero);
  run("the same, weights not packed", 128, 8, 512, 128, 1, 528, 128, Start::zero);
  run("input projection 512x128 * 128x240", 512, 240, 128, packed, 1, 128, 528, Start::bias);
  run("the same, weights not packed", 512, 240, 128, 512, 1, 128, 528, Start::bias);
  run("weight gradient 512x240 * 240x128", 512, 128, 240, 528, 128, 1, 512, Start::accumulate);
  run("input gradient 128x512 * 512x240", 128, 240, 512, packed, 1, 528, 128, Start::zero);
  run("attention's projection 128x128 * 128x240", 128, 240, 128, packed, 1, 128, 128, Start::bias);
  run("first input projection 512x5 * 5x240", 512, 240, 5, packed, 1, 5, 528, Start::bias);
  run("its weight gradient 512x240 * 240x5", 512, 5, 240, 528, 5, 1, 512, Start::accumulate);
  run("attention scores 30x16 * 16x30", 30, 30, 16, 32, 1, 1024, 32, Start::zero);
  run("attended values 16x30 * 30x30", 16, 30, 30, 1024, 1, 32, 1024, Start::zero);
  run("one column 512x128 * 128x1", 512, 1, 128, packed, 1, 128, 512, Start::accumulate);
}

/// `changed` holds what the run overwrites; it is put back before each run.
void measure_elements(const Kernels<float>& kernels, std::string_view name, double elements, float* changed,
                      std::size_t changed_size, std::function<void(const Kernels<float>&)> run) {
  const std::vector<float> before(changed, changed + changed_size);
  const Task task{[&](const Kernels<float>&) { std::copy(before.begin(), before.end(), changed); },
                  std::move(run), elements, changed, changed_size};
  check(task, kernels, name);
  fmt::print("  {:44} {:7.3f} ns an element\n", name, 1e9 * time(task, kernels).seconds / elements);
}

void measure_cells(Pool& pool, const Kernels<float>& kernels) {
  pool.clear();
  constexpr int units = 128, columns = 8, steps = 30, gate_stride = 528;
  constexpr std::size_t size = units * columns, gates_size = gate_stride * columns;
  float* gates = pool.take(gates_size * steps, 10, 0.05, 0.95);
  float* states = pool.take(size * 7, 11, -1, 1);
  const auto forward = [=](const Kernels<float>& k) {
    for (int step = 0; step < steps; ++step)
      k.lstm_cell_forward({units, columns, gates + step * gates_size, gate_stride, states, states + size,
                           states + 2 * size, states + 3 * size, states + 4 * size, states + 5 * size});
  };
  measure_elements(kernels, "LSTM cell, forward (element: a unit)", size * steps, gates, gates_size * steps,
                   forward);
  const auto backward = [=](const Kernels<float>& k) {
    for (int step = 0; step < steps; ++step)
      k.lstm_cell_backward({units, columns, gates + step * gates_size, gate_stride, states, states + size,
                            states + 2 * size, states + 4 * size, states + 5 * size, states + 6 * size});
  };
  const std::vector<float> start(states + 6 * size, states + 7 * size);
  measure_elements(kernels, "LSTM cell, backward", size * steps, gates, gates_size * steps,
                   [&](const Kernels<float>& k) {
                     std::copy(start.begin(), start.end(), states + 6 * size);
                     backward(k);
                   });
}

void measure_rest(Pool& pool, const Kernels<float>& kernels) {
  pool.clear();
  constexpr std::size_t count = 30 * 32 * 64;
  float* values = pool.take(count, 20, -5, 5);
  measure_elements(kernels, "softmax, columns of 30", 30 * 30 * 64, values, count,
                   [=](const Kernels<float>& k) {
                     for (int head = 0; head < 64; ++head)
                       k.softmax_columns({30, 30, 30, values + head * 960, 32, 0.25f});
                   });
  measure_elements(kernels, "sigmoid", count, values, count,
                   [=](const Kernels<float>& k) { k.sigmoid(values, count); });
  measure_elements(kernels, "tanh", count, values, count,
                   [=](const Kernels<float>& k) { k.tanh(values, count); });
  float* parameters = pool.take(3 * count, 21, 0, 1);
  const float* gradient = pool.take(count, 22, -1, 1);
  measure_elements(kernels, "Adam", count, parameters, 3 * count, [=](const Kernels<float>& k) {
    k.adam({count, parameters, parameters + count, parameters + 2 * count, gradient, 1.0f, 1e-3f, 0.1f,
            0.001f, 1e-7f});
  });
  measure_elements(kernels, "dropout mask, 128 units", count, values, count, [=](const Kernels<float>& k) {
    for (std::size_t first = 0; first < count; first += 128)
      k.dropout_mask({7, 9, first, 128, 0x26666666u, 1.25f, values + first});
  });
}

void measure(Pool& pool, const Kernels<float>& kernels) {
  fmt::print("{}: ceiling {:.1f} GFLOP/s\n", kernels.name, ceiling(kernels.name));
  measure_products(pool, kernels);
  measure_cells(pool, kernels);
  measure_rest(pool, kernels);
}

}  // namespace

int main(int argc, char** argv) try {
  Pool pool;
  if (argc == 1)
    for (const Kernels<float>* kernels : available_kernels()) measure(pool, *kernels);
  for (int i = 1; i < argc; ++i) measure(pool, kernels_by_name(argv[i]));
  return 0;
} catch (const Error& error) {
  fmt::print(stderr, "kernel_benchmark: {}\n", error.what());
  return 1;
}
