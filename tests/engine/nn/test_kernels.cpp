#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/random.h"
#include "tests/engine/nn/kernel_values.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

/// A product with its memory. Around the matrices lie gaps, full of values that must not be read (not a
/// number) or written.
struct Case {
  int rows, columns, depth;
  Start start = Start::zero;
  bool transposed_b = false;
  int gap = 0;
  bool packed_a = false;

  std::ptrdiff_t a_stride() const { return rows + gap; }
  std::ptrdiff_t c_stride() const { return rows + gap; }
  std::ptrdiff_t b_row_stride() const { return transposed_b ? columns + gap : 1; }
  std::ptrdiff_t b_column_stride() const { return transposed_b ? 1 : depth + gap; }

  Values fill(std::ptrdiff_t stride, int used, int count, std::uint64_t purpose) const {
    Values values(static_cast<std::size_t>(stride * count), std::numeric_limits<float>::quiet_NaN());
    values.reserve(1);  // a depth of 0, too, has an address
    const Values random = random_values(static_cast<std::size_t>(used * count), purpose);
    for (int j = 0; j < count; ++j) std::copy_n(random.begin() + j * used, used, values.begin() + j * stride);
    return values;
  }
  Values a() const { return fill(a_stride(), rows, depth, 1); }
  /// a() in panels, as kernels.h describes them.
  Values panels() const {
    Values packed(static_cast<std::size_t>(packed_size(rows, depth)), 0.0f);
    packed.reserve(1);
    const Values dense = a();
    for (int k = 0; k < depth; ++k)
      for (int row = 0; row < rows; ++row)
        packed[static_cast<std::size_t>((row / 32 * depth + k) * 32 + row % 32)] =
            dense[static_cast<std::size_t>(row + k * a_stride())];
    return packed;
  }
  Values b() const {
    return transposed_b ? fill(b_row_stride(), columns, depth, 2)
                        : fill(b_column_stride(), depth, columns, 2);
  }
  Values c() const { return fill(c_stride(), rows, columns, 3); }
  Values bias() const { return random_values(static_cast<std::size_t>(rows), 4); }
  std::string name() const {
    return std::to_string(rows) + " x " + std::to_string(columns) + " x " + std::to_string(depth) +
           ", start " + std::to_string(static_cast<int>(start)) + (transposed_b ? ", b transposed" : "") +
           ", gap " + std::to_string(gap) + (packed_a ? ", packed" : "");
  }
};

/// C with its gaps, as the kernels leave it.
Values product(const Kernels<float>& kernels, const Case& x) {
  const Values a = x.packed_a ? x.panels() : x.a(), b = x.b(), bias = x.bias();
  Values c = x.c();
  kernels.product({.rows = x.rows,
                   .columns = x.columns,
                   .depth = x.depth,
                   .a = a.data(),
                   .a_stride = x.packed_a ? packed : x.a_stride(),
                   .b = b.data(),
                   .b_row_stride = x.b_row_stride(),
                   .b_column_stride = x.b_column_stride(),
                   .c = c.data(),
                   .c_stride = x.c_stride(),
                   .start = x.start,
                   .bias = bias.data()});
  return c;
}

/// The promise of kernels.h, element by element: one chain of fused multiply-adds, depth ascending.
Values chains(const Case& x) {
  const Values a = x.a(), b = x.b(), bias = x.bias();
  Values c = x.c();
  for (int column = 0; column < x.columns; ++column)
    for (int row = 0; row < x.rows; ++row) {
      float& element = c[static_cast<std::size_t>(row + column * x.c_stride())];
      float sum = x.start == Start::zero   ? 0.0f
                  : x.start == Start::bias ? bias[static_cast<std::size_t>(row)]
                                           : element;
      for (int k = 0; k < x.depth; ++k)
        sum = std::fma(a[static_cast<std::size_t>(row + k * x.a_stride())],
                       b[static_cast<std::size_t>(k * x.b_row_stride() + column * x.b_column_stride())], sum);
      element = sum;
    }
  return c;
}

/// A matrix without its gaps.
Values without_gaps(const Values& values, int rows, std::ptrdiff_t stride) {
  Values dense;
  for (std::size_t first = 0; first < values.size(); first += static_cast<std::size_t>(stride))
    dense.insert(dense.end(), values.begin() + static_cast<std::ptrdiff_t>(first),
                 values.begin() + static_cast<std::ptrdiff_t>(first) + rows);
  return dense;
}

void check_product(const Kernels<float>& kernels, const Case& x) {
  const std::string about = std::string(kernels.name) + ": " + x.name();
  CAPTURE(about);
  const Values c = product(kernels, x);
  CHECK(same_bits(c, chains(x)));  // gaps too
  CHECK(distance(without_gaps(c, x.rows, x.c_stride()),
                 without_gaps(product(reference_kernels<float>(), x), x.rows, x.c_stride())) < 1e-6);
}

constexpr Start all_starts[] = {Start::zero, Start::accumulate, Start::bias};

}  // namespace

TEST_CASE("the names of the kernels choose them") {
  const auto versions = available_kernels();
  CHECK(versions.back() == &reference_kernels<float>());
  for (const Kernels<float>* version : versions) CHECK(&kernels_by_name(version->name) == version);
  CHECK_THROWS_AS(kernels_by_name("avx3"), Error);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    CHECK(&kernels_by_name("avx2") != &reference_kernels<float>());
#endif
}

TEST_CASE("vector products are single chains of fused multiply-adds in every tile") {
  for (const Kernels<float>* kernels : vector_versions()) {
    // Every height and width of a tile, with and without a short last vector.
    for (const int rows : {1, 5, 6, 7, 8, 9, 15, 16, 17, 24, 30, 31, 33, 41, 63, 64, 65, 100, 129})
      for (const int columns : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 30})
        for (const Start start : all_starts)
          for (const bool packed_a : {false, true})
            check_product(*kernels, {rows, columns, 7, start, columns % 2 == 0, rows % 4, packed_a});
    // Deep enough, and wide enough, for copied panels, in one piece and in several.
    for (const int rows : {5, 33, 64, 128, 135})
      for (const int columns : {63, 64, 65, 240})
        for (const int depth : {15, 16, 17, 128, 513})
          for (const bool packed_a : {false, true})
            check_product(*kernels, {rows, columns, depth, all_starts[(rows + columns + depth) % 3],
                                     (rows + depth) % 2 == 0, depth % 3, packed_a});
    check_product(*kernels, {64, 8, 2000, Start::bias, false, 16});
    for (const Start start : all_starts) check_product(*kernels, {33, 9, 0, start, false, 1});
  }
}

TEST_CASE("an empty product writes nothing") {
  for (const Kernels<float>* kernels : available_kernels()) {
    float c = 3;
    kernels->product({.rows = 0,
                      .columns = 4,
                      .depth = 2,
                      .a = nullptr,
                      .a_stride = 0,
                      .b = nullptr,
                      .b_row_stride = 1,
                      .b_column_stride = 2,
                      .c = &c,
                      .c_stride = 1});
    kernels->product({.rows = 1,
                      .columns = 0,
                      .depth = 2,
                      .a = nullptr,
                      .a_stride = 0,
                      .b = nullptr,
                      .b_row_stride = 1,
                      .b_column_stride = 2,
                      .c = &c,
                      .c_stride = 1});
    CHECK(c == 3);
  }
}

TEST_CASE("a column of a product has the same bits alone as among others") {
  const Case whole{100, 70, 90, Start::bias, false, 3};
  const Values a = whole.a(), b = whole.b(), bias = whole.bias();
  for (const Kernels<float>* kernels : available_kernels()) {
    CAPTURE(std::string(kernels->name));
    const Values all = product(*kernels, whole);
    for (const int columns : {1, 2, 3, 8, 66})
      for (const int rows : {100, 37, 1}) {  // the first so many rows and columns of the same matrices
        Values c = whole.c();
        kernels->product({.rows = rows,
                          .columns = columns,
                          .depth = whole.depth,
                          .a = a.data(),
                          .a_stride = whole.a_stride(),
                          .b = b.data(),
                          .b_row_stride = whole.b_row_stride(),
                          .b_column_stride = whole.b_column_stride(),
                          .c = c.data(),
                          .c_stride = whole.c_stride(),
                          .start = whole.start,
                          .bias = bias.data()});
        int differing = 0;
        for (int j = 0; j < columns; ++j)
          for (int i = 0; i < rows; ++i) {
            const auto at = static_cast<std::size_t>(i + j * whole.c_stride());
            differing += std::bit_cast<std::uint32_t>(c[at]) != std::bit_cast<std::uint32_t>(all[at]);
          }
        CHECK(differing == 0);
      }
  }
}

namespace {

/// Units in the last place of a float between `value` and what it should be.
double error_in_units(float value, double right) {
  if (std::isnan(right) || std::isnan(value)) return std::isnan(right) == std::isnan(value) ? 0 : 1e9;
  int exponent;
  std::frexp(right, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent, -125) - 24);
  return std::abs(static_cast<double>(value) - right) / unit;
}

/// All exponents and signs, with mantissas spread evenly and near the ends; infinities, not a number, zeros.
Values bit_patterns() {
  Values values;
  for (std::uint32_t pattern = 0; pattern < 0xffffffffu - 2003; pattern += 2003)
    values.push_back(std::bit_cast<float>(pattern));
  for (std::uint32_t high = 0; high < 512; ++high)
    for (const std::uint32_t low : {0u, 1u, 0x400000u, 0x7fffffu})
      values.push_back(std::bit_cast<float>(high << 23 | low));
  for (float x = -110; x < 110; x += 1e-4f) values.push_back(x);  // where sigmoid lives
  return values;
}

void check_function(void (*kernel)(float*, std::size_t), double (*right)(double), double limit) {
  const Values inputs = bit_patterns();
  Values results = inputs;
  kernel(results.data(), results.size());
  double greatest = 0;
  float at = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double error = error_in_units(results[i], right(static_cast<double>(inputs[i])));
    if (error > greatest) {
      greatest = error;
      at = inputs[i];
    }
  }
  CAPTURE(at);
  CHECK(greatest <= limit);
  MESSAGE("greatest error " << greatest << " units in the last place, at " << at);
}

}  // namespace

TEST_CASE("vector sigmoid and tanh are exact to a few units in the last place") {
  for (const Kernels<float>* kernels : vector_versions()) {
    CAPTURE(std::string(kernels->name));
    check_function(
        kernels->sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 5);
    check_function(
        kernels->tanh, [](double x) { return std::tanh(x); }, 5);
    float ends[] = {0.0f, -0.0f, INFINITY, -INFINITY, 1e-40f, -1e-40f};
    kernels->tanh(ends, 6);
    CHECK(std::signbit(ends[1]));
    CHECK(ends[2] == 1.0f);
    CHECK(ends[3] == -1.0f);
    CHECK(ends[4] == 1e-40f);
    CHECK(ends[5] == -1e-40f);
    float sigmoids[] = {0.0f, INFINITY, -INFINITY};
    kernels->sigmoid(sigmoids, 3);
    CHECK(sigmoids[0] == 0.5f);
    CHECK(sigmoids[1] == 1.0f);
    CHECK(sigmoids[2] == 0.0f);
  }
}

TEST_CASE("activations in place stop at the end and do not depend on the position") {
  const Values inputs = random_values(100, 20, -9, 9);
  for (const Kernels<float>* kernels : vector_versions())
    for (const auto function : {kernels->sigmoid, kernels->tanh}) {
      Values whole = inputs;
      function(whole.data(), whole.size());
      for (std::size_t count = 0; count < 40; ++count) {
        Values part = inputs;
        function(part.data() + 1, count);
        Values expected = inputs;
        std::copy_n(whole.begin() + 1, count, expected.begin() + 1);
        CHECK(same_bits(part, expected));
      }
    }
}

namespace {

/// A step of an LSTM: everything that a cell kernel reads and writes.
struct CellStep {
  int units, columns;
  std::ptrdiff_t gate_stride;
  Values gates, cell_before, cell, cell_tanh, hidden, mask, hidden_masked, d_hidden, from_above, d_cell;

  CellStep(int unit_count, int column_count, int gap)
      : units(unit_count), columns(column_count), gate_stride(4 * unit_count + gap) {
    const auto size = static_cast<std::size_t>(units * columns);
    gates = random_values(static_cast<std::size_t>(gate_stride * columns), 30, -6, 6);
    cell_before = random_values(size, 31, -3, 3);
    mask = random_values(size, 32, 0, 2);
    d_hidden = random_values(size, 33);
    d_cell = random_values(size, 34);
    from_above = random_values(size, 35);
    cell = cell_tanh = hidden = hidden_masked = Values(size, 7.0f);
  }
  void forward(const Kernels<float>& kernels, bool masked) {
    kernels.lstm_cell_forward({units, columns, gates.data(), gate_stride, cell_before.data(), cell.data(),
                               cell_tanh.data(), hidden.data(), masked ? mask.data() : nullptr,
                               masked ? hidden_masked.data() : nullptr});
  }
  void backward(const Kernels<float>& kernels, bool masked, bool with_above = true) {
    kernels.lstm_cell_backward({units, columns, gates.data(), gate_stride, cell_before.data(),
                                cell_tanh.data(), d_hidden.data(), masked ? mask.data() : nullptr,
                                with_above ? from_above.data() : nullptr, d_cell.data()});
  }
};

void check_close(const CellStep& a, const CellStep& b) {
  for (const auto member : {&CellStep::gates, &CellStep::cell, &CellStep::cell_tanh, &CellStep::hidden,
                            &CellStep::hidden_masked, &CellStep::d_cell})
    CHECK(distance(a.*member, b.*member) < 1e-6);
}

}  // namespace

TEST_CASE("vector cells agree with the reference, forward and backward") {
  for (const Kernels<float>* kernels : vector_versions())
    for (const int units : {1, 3, 8, 13, 16, 24, 31, 64, 128})
      for (const int columns : {1, 3, 8})
        for (const bool masked : {false, true}) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(units);
          CAPTURE(columns);
          CellStep mine(units, columns, masked ? 5 : 0), plain = mine;
          const Values before = mine.gates;
          mine.forward(*kernels, masked);
          plain.forward(reference_kernels<float>(), masked);
          check_close(mine, plain);
          CHECK((mine.hidden_masked[0] == 7.0f) == !masked);
          mine.cell_tanh = plain.cell_tanh;
          mine.gates = plain.gates;
          mine.backward(*kernels, masked, columns != 3);
          plain.backward(reference_kernels<float>(), masked, columns != 3);
          check_close(mine, plain);
          for (int column = 0; column < columns; ++column)  // the gaps stay as they were
            for (std::ptrdiff_t at = column * mine.gate_stride + 4 * units;
                 at < (column + 1) * mine.gate_stride; ++at)
              CHECK(mine.gates[static_cast<std::size_t>(at)] == before[static_cast<std::size_t>(at)]);
        }
}

TEST_CASE("vector softmax agrees with the reference") {
  for (const Kernels<float>* kernels : vector_versions())
    for (const int rows : {1, 2, 7, 8, 9, 15, 16, 17, 24, 30, 33, 64, 100})
      for (const int valid : {rows, rows - 1, 1, 0}) {
        CAPTURE(std::string(kernels->name));
        CAPTURE(rows);
        CAPTURE(valid);
        const int columns = 3, stride = rows + 2;
        Values mine = random_values(static_cast<std::size_t>(stride * columns), 40, -20, 20), plain = mine;
        kernels->softmax_columns({rows, columns, valid, mine.data(), stride, 0.25f});
        reference_kernels<float>().softmax_columns({rows, columns, valid, plain.data(), stride, 0.25f});
        CHECK(distance(mine, plain) < 1e-6);
        if (valid > 0)
          CHECK(std::accumulate(mine.begin(), mine.begin() + rows, 0.0) == doctest::Approx(1).epsilon(1e-6));
        for (int row = valid; row < rows; ++row) CHECK(mine[static_cast<std::size_t>(row)] == 0.0f);
      }
}

TEST_CASE("vector softmax: far apart, infinite and not a number") {
  for (const Kernels<float>* kernels : vector_versions()) {
    float far[] = {1000.0f, -1000.0f, 990.0f, -INFINITY, 1000.0f};
    kernels->softmax_columns({5, 1, 5, far, 5, 1.0f});
    CHECK(far[0] == far[4]);
    CHECK(far[0] == doctest::Approx(0.5 / (1 + std::exp(-10.0) / 2)));
    CHECK(far[1] == 0.0f);
    CHECK(far[3] == 0.0f);
    for (std::size_t at = 0; at < 20; ++at) {
      Values broken = random_values(20, 41);
      broken[at] = std::numeric_limits<float>::quiet_NaN();
      kernels->softmax_columns({20, 1, 20, broken.data(), 20, 1.0f});
      CHECK(std::all_of(broken.begin(), broken.end(), [](float x) { return std::isnan(x); }));
    }
  }
}

TEST_CASE("the vector softmax sums in one order of sixteen lanes") {
  // One term of 1 in the first lane swallows the terms near 2^-25 that join it alone; those of the other
  // lanes gather first. So the sum tells how many lanes there are: eight would lose twice as many terms.
  const int rows = 160;
  for (const Kernels<float>* kernels : vector_versions()) {
    Values values(rows, -25 * std::log(2.0f));
    values[0] = 0;
    kernels->softmax_columns({rows, 1, rows, values.data(), rows, 1.0f});
    const double right = 1 / (1 + 15 * (rows / 16) * std::ldexp(1.0, -25));
    CHECK(error_in_units(values[0], right) <= 2);
    const double eight_lanes = 1 / (1 + 7 * (rows / 8) * std::ldexp(1.0, -25));
    CHECK(error_in_units(values[0], eight_lanes) > 2);
  }
}

TEST_CASE("what arrives at a cell is the masked gradient of the next step and that from above") {
  for (const Kernels<float>* kernels : available_kernels()) {
    CAPTURE(std::string(kernels->name));
    CellStep folded(13, 3, 2);
    folded.forward(*kernels, true);
    CellStep summed = folded;
    for (std::size_t i = 0; i < summed.d_hidden.size(); ++i)
      summed.d_hidden[i] = summed.d_hidden[i] * summed.mask[i] + summed.from_above[i];
    folded.backward(*kernels, true);
    summed.backward(*kernels, false, false);
    check_close(folded, summed);
  }
}

TEST_CASE("vector Adam agrees with the reference") {
  for (const Kernels<float>* kernels : vector_versions())
    for (const std::size_t count : {0u, 1u, 7u, 8u, 16u, 33u, 1000u}) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(count);
      const Values gradient = random_values(count + 1, 50);
      Values value[2], first[2], second[2];
      for (int i = 0; i < 2; ++i) {
        value[i] = random_values(count + 1, 51);
        first[i] = random_values(count + 1, 52);
        second[i] = random_values(count + 1, 53, 0, 1);
        const Kernels<float>& run = i == 0 ? *kernels : reference_kernels<float>();
        for (int step = 0; step < 3; ++step)
          run.adam({count, value[i].data(), first[i].data(), second[i].data(), gradient.data(), 0.7f, 1e-2f,
                    0.1f, 0.001f, 1e-7f});
      }
      CHECK(distance(value[0], value[1]) < 1e-6);
      CHECK(distance(first[0], first[1]) < 1e-6);
      CHECK(distance(second[0], second[1]) < 1e-6);
      CHECK(value[0][count] == random_values(count + 1, 51)[count]);  // stops at the end
    }
}

TEST_CASE("vector dropout masks are the reference's, bit for bit") {
  for (const Kernels<float>* kernels : vector_versions())
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{1} << 20,
                                      (std::uint64_t{1} << 34) - 16})  // the counter's upper word begins
      for (const std::size_t count : {0u, 1u, 5u, 15u, 16u, 31u, 32u, 33u, 100u, 500u})
        for (const std::uint32_t threshold : {0u, 0x26666666u, 0x80000000u, 0xffffffffu}) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(first);
          CAPTURE(count);
          Values mine(count + 1, 7.0f), plain = mine;
          const RandomKey key = derive_key(first, count), stream = derive_key(threshold, count);
          kernels->dropout_mask({key, stream, first, count, threshold, 1.25f, mine.data()});
          reference_kernels<float>().dropout_mask(
              {key, stream, first, count, threshold, 1.25f, plain.data()});
          CHECK(same_bits(mine, plain));
        }
}

TEST_CASE("all vector versions give the same bits") {
  const auto versions = vector_versions();
  if (versions.size() < 2) {
    MESSAGE("this processor runs fewer than two vector versions: nothing to compare");
    return;
  }
  const auto run = [](const Kernels<float>& kernels) {
    CellStep step(37, 5, 3);
    step.forward(kernels, true);
    Values all = step.gates;
    step.backward(kernels, true);
    for (const auto member : {&CellStep::gates, &CellStep::cell, &CellStep::cell_tanh, &CellStep::hidden,
                              &CellStep::hidden_masked, &CellStep::d_cell})
      all.insert(all.end(), (step.*member).begin(), (step.*member).end());
    Values scores = random_values(41 * 30, 60, -9, 9);
    kernels.softmax_columns({41, 30, 38, scores.data(), 41, 0.25f});
    Values value = random_values(77, 61), first = random_values(77, 62), second = random_values(77, 63, 0, 1);
    kernels.adam(
        {77, value.data(), first.data(), second.data(), scores.data(), 0.5f, 1e-3f, 0.1f, 0.001f, 1e-7f});
    for (const Values& part : {scores, value, first, second}) all.insert(all.end(), part.begin(), part.end());
    Values patterns = bit_patterns();
    kernels.sigmoid(patterns.data(), patterns.size());
    for (const float x : patterns) all.push_back(std::isnan(x) ? 0.0f : x);
    patterns = bit_patterns();
    kernels.tanh(patterns.data(), patterns.size());
    for (const float x : patterns) all.push_back(std::isnan(x) ? 0.0f : x);
    return all;
  };
  const Values expected = run(*versions.front());
  for (const Kernels<float>* kernels : versions) CHECK(same_bits(run(*kernels), expected));
}
