// The kernels of sums, normalisation, masks and transposition, each against a plain formula in double.
#include <doctest/doctest.h>

#include <bit>
#include <string>

#include "tests/engine/nn/kernel_values.h"

using namespace deepmine;
using namespace deepmine::nn;
using namespace deepmine::nn::test;

namespace {

std::size_t size(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

constexpr int row_counts[] = {1, 3, 8, 13, 16, 31, 33, 64, 130};
constexpr int column_counts[] = {1, 2, 7, 8, 9, 17, 40};

}  // namespace

TEST_CASE("multiply: a product of elements, or one added") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const std::size_t count : {0u, 1u, 7u, 8u, 16u, 33u, 100u})
      for (const bool accumulate : {false, true}) {
        CAPTURE(std::string(kernels->name));
        const Values a = random_values(count + 1, 70), b = random_values(count + 1, 71);
        Values to = random_values(count + 1, 72), expected = to;
        kernels->multiply({count, a.data(), b.data(), to.data(), accumulate});
        for (std::size_t i = 0; i < count; ++i) expected[i] = (accumulate ? expected[i] : 0) + a[i] * b[i];
        CHECK(distance(to, expected) < 1e-7);
        CHECK(to[count] == expected[count]);
      }
}

TEST_CASE("transpose: every size, and nothing around it") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const int rows : {1, 5, 7, 8, 9, 16, 23, 64})
      for (const int columns : {1, 7, 8, 12, 30, 33}) {
        CAPTURE(std::string(kernels->name));
        CAPTURE(rows);
        CAPTURE(columns);
        const int from_stride = rows + 3, to_stride = columns + 2;
        const Values from = random_values(size(from_stride, columns), 73);
        Values to(size(to_stride, rows), 5.0f), expected = to;
        kernels->transpose({rows, columns, from.data(), from_stride, to.data(), to_stride});
        for (int r = 0; r < rows; ++r)
          for (int c = 0; c < columns; ++c)
            expected[size(r, to_stride) + size(c, 1)] = from[size(c, from_stride) + size(r, 1)];
        CHECK(same_bits(to, expected));
      }
}

TEST_CASE("column sums: one chain a row, columns ascending") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const int rows : row_counts)
      for (const int columns : column_counts)
        for (const Start start : {Start::zero, Start::accumulate}) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(rows);
          CAPTURE(columns);
          const int stride = rows + 5;
          const Values values = random_values(size(stride, columns), 74);
          Values sums = random_values(size(rows + 1, 1), 75), expected = sums;
          kernels->column_sums({rows, columns, values.data(), stride, sums.data(), start});
          for (int r = 0; r < rows; ++r) {
            float& sum = expected[size(r, 1)];
            if (start == Start::zero) sum = 0;
            for (int c = 0; c < columns; ++c) sum += values[size(c, stride) + size(r, 1)];
          }
          CHECK(same_bits(sums, expected));  // additions only: no rounding differs
        }
}

namespace {

/// Everything that the kernels of normalisation read and write.
struct Norm {
  int features, columns;
  Values x, dy, mean, inverse_deviation, scale, shift, sum, second_sum, to;

  Norm(int feature_count, int column_count) : features(feature_count), columns(column_count) {
    const std::size_t all = size(features, columns), one = size(features, 1);
    x = random_values(all, 80, -3, 3);
    dy = random_values(all, 81);
    mean = random_values(one, 82);
    inverse_deviation = random_values(one, 83, 0.5, 2);
    scale = random_values(one, 84, 0.5, 2);
    shift = random_values(one, 85);
    sum = random_values(one, 86);
    second_sum = random_values(one, 87);
    to = random_values(all, 88);
  }
  FeatureNorm<float> arguments(bool accumulate = false) {
    return {features,     columns,      x.data(),  mean.data(), inverse_deviation.data(),
            scale.data(), shift.data(), dy.data(), sum.data(),  second_sum.data(),
            to.data(),    accumulate};
  }
  double normalised(int f, std::size_t at) const {
    const std::size_t i = size(f, 1);
    return (double{x[at]} - double{mean[i]}) * double{inverse_deviation[i]};
  }
  template <class Body>
  void for_each(Body&& body) const {
    for (int c = 0; c < columns; ++c)
      for (int f = 0; f < features; ++f) body(f, size(f, 1), size(c, features) + size(f, 1));
  }
};

}  // namespace

TEST_CASE("the kernels of normalisation follow their formulas") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const int features : row_counts)
      for (const int columns : column_counts)
        for (const bool accumulate : {false, true}) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(features);
          CAPTURE(columns);
          const Norm start(features, columns);
          Norm run = start;
          Values sum = start.sum, second_sum = start.second_sum, squares = start.sum, y = start.to,
                 dx = start.to;
          start.for_each([&](int f, std::size_t i, std::size_t at) {
            const double x_hat = start.normalised(f, at), d = double{start.dy[at]};
            sum[i] += start.dy[at];
            second_sum[i] += static_cast<float>(d * x_hat);
            squares[i] += (start.x[at] - start.mean[i]) * (start.x[at] - start.mean[i]);
            y[at] = static_cast<float>(double{start.scale[i]} * x_hat + double{start.shift[i]});
            dx[at] = static_cast<float>((accumulate ? double{start.to[at]} : 0) +
                                        double{start.scale[i]} * double{start.inverse_deviation[i]} *
                                            (d - double{start.sum[i]} - x_hat * double{start.second_sum[i]}));
          });
          kernels->squared_deviations(run.arguments());
          CHECK(distance(run.sum, squares) < 1e-6);
          run.sum = start.sum;
          kernels->normalise(run.arguments());
          CHECK(distance(run.to, y) < 1e-6);
          run.to = start.to;
          kernels->norm_input_gradient(run.arguments(accumulate));
          CHECK(distance(run.to, dx) < 1e-6);
          kernels->norm_gradient_sums(run.arguments());
          CHECK(distance(run.sum, sum) < 1e-6);
          CHECK(distance(run.second_sum, second_sum) < 1e-6);
        }
}

TEST_CASE("the way back through softmax follows its formula") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const int rows : {1, 7, 8, 16, 30, 32, 45})
      for (const bool dropout : {false, true}) {
        CAPTURE(std::string(kernels->name));
        CAPTURE(rows);
        const int columns = 5, stride = rows + 1;
        const std::size_t all = size(stride, columns);
        const Values weights = random_values(all, 90, 0, 1), mask = random_values(all, 91, 0, 2);
        Values d = random_values(all, 92), dropped(all, 3.0f);
        Values expected = d, expected_dropped = dropped;
        kernels->softmax_backward({rows, columns, stride, weights.data(), dropout ? mask.data() : nullptr,
                                   dropped.data(), d.data(), 0.25f});
        for (int c = 0; c < columns; ++c) {
          double mean = 0;
          for (std::size_t at = size(c, stride); at < size(c, stride) + size(rows, 1); ++at) {
            if (dropout) {
              expected_dropped[at] = weights[at] * mask[at];
              expected[at] *= mask[at];
            }
            mean += double{weights[at]} * double{expected[at]};
          }
          for (std::size_t at = size(c, stride); at < size(c, stride) + size(rows, 1); ++at)
            expected[at] = static_cast<float>(double{weights[at]} * (double{expected[at]} - mean) * 0.25);
        }
        CHECK(distance(d, expected) < 1e-6);
        CHECK(distance(dropped, expected_dropped) < 1e-7);
        CHECK((dropped[0] == 3.0f) == !dropout);
      }
}

TEST_CASE("the lanes of a gradient are added in order, decay and squares with them") {
  for (const Kernels<float>* kernels : available_kernels())
    for (const std::size_t count : {1u, 5u, 15u, 16u, 17u, 100u, 4096u})
      for (const int lanes : {1, 2, 5, 8})
        for (const float decay : {0.0f, 0.125f}) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(count);
          CAPTURE(lanes);
          const auto stride = static_cast<std::ptrdiff_t>(count) + 3;
          Values gradient = random_values(static_cast<std::size_t>(stride * lanes), 93), expected = gradient;
          const Values values = random_values(count, 94);
          double gradient_squares = -1, value_squares = -1, expected_squares = 0, expected_values = 0;
          kernels->gradient_sum({count, lanes, stride, gradient.data(), values.data(), decay,
                                 &gradient_squares, &value_squares});
          for (std::size_t i = 0; i < count; ++i) {
            for (int lane = 1; lane < lanes; ++lane)
              expected[i] += expected[i + static_cast<std::size_t>(lane * stride)];
            expected[i] += decay * values[i];
            expected_squares += double{expected[i]} * double{expected[i]};
            if (decay != 0) expected_values += double{values[i]} * double{values[i]};
          }
          CHECK(distance(gradient, expected) < 1e-7);
          CHECK(gradient_squares == doctest::Approx(expected_squares).epsilon(1e-6));
          CHECK(value_squares == doctest::Approx(expected_values).epsilon(1e-12));
          if (decay == 0) CHECK(same_bits(gradient, expected));
        }
}

TEST_CASE("all vector versions give the same bits: sums and normalisation") {
  const auto run = [](const Kernels<float>& kernels) {
    Norm norm(37, 21);
    kernels.squared_deviations(norm.arguments());
    kernels.norm_gradient_sums(norm.arguments());
    Values all = norm.sum;
    all.insert(all.end(), norm.second_sum.begin(), norm.second_sum.end());
    kernels.normalise(norm.arguments());
    kernels.norm_input_gradient(norm.arguments(true));
    all.insert(all.end(), norm.to.begin(), norm.to.end());
    Values d = random_values(41 * 30, 95), dropped = d;
    const Values weights = random_values(41 * 30, 96, 0, 1), mask = random_values(41 * 30, 97, 0, 2);
    kernels.softmax_backward({41, 30, 41, weights.data(), mask.data(), dropped.data(), d.data(), 0.25f});
    double squares[2];
    kernels.gradient_sum({300, 4, 300, d.data(), weights.data(), 0.01f, &squares[0], &squares[1]});
    all.insert(all.end(), d.begin(), d.end());
    for (const double square : squares)
      for (int half = 0; half < 2; ++half)
        all.push_back(static_cast<float>((std::bit_cast<std::uint64_t>(square) >> (32 * half)) & 0xffffff));
    return all;
  };
  const auto versions = vector_versions();
  if (versions.size() < 2) MESSAGE("this processor runs fewer than two vector versions: nothing to compare");
  for (std::size_t i = 1; i < versions.size(); ++i) CHECK(same_bits(run(*versions[0]), run(*versions[i])));
}
