#include <doctest/doctest.h>

#include "engine/nn/error.h"
#include "engine/nn/parameter_layout.h"

using namespace deepmine;
using namespace deepmine::nn;

TEST_CASE("trainable tensors come first, each group in order of declaration, on cache lines") {
  ParameterLayout layout;
  const TensorId kernel = layout.add("kernel", 3, 5, Role::kernel, Initialiser::zeros);
  const TensorId mean = layout.add("mean", 17, 1, Role::running_statistic, Initialiser::zeros);
  const TensorId bias = layout.add("bias", 3, 1, Role::bias, Initialiser::zeros);
  const TensorId variance = layout.add("variance", 2, 1, Role::running_statistic, Initialiser::ones);
  const TensorId scale = layout.add("scale", 16, 1, Role::scale, Initialiser::ones);
  layout.finish();
  CHECK(layout[kernel].offset == 0);
  CHECK(layout[bias].offset == 16);
  CHECK(layout[scale].offset == 32);
  CHECK(layout.trainable_size() == 48);
  CHECK(layout[mean].offset == 48);
  CHECK(layout[variance].offset == 80);
  CHECK(layout.size() == 96);
  CHECK(layout.parameter_count() == 15 + 17 + 3 + 2 + 16);  // padding is not counted
  CHECK(layout.trainable_count() == 15 + 3 + 16);
  CHECK(layout.tensors()[1].name == "mean");  // order of declaration
}

TEST_CASE("what is trained and what is decayed follows from the role") {
  for (const Role role : {Role::kernel, Role::recurrent_kernel, Role::attention_kernel, Role::bias,
                          Role::scale, Role::shift, Role::running_statistic}) {
    CHECK(is_trainable(role) == (role != Role::running_statistic));
    CHECK(is_decayed(role) == (role == Role::kernel));
    CHECK(role_name(role) != "?");
  }
}

TEST_CASE("a name that is taken is refused, in every build") {
  ParameterLayout layout;
  layout.add("head_7d/kernel", 3, 5, Role::kernel, Initialiser::zeros);
  CHECK_THROWS_WITH_AS(layout.add("head_7d/kernel", 3, 5, Role::kernel, Initialiser::zeros),
                       doctest::Contains("'head_7d/kernel'"), Error);
}

namespace {

/// The formula of kernels.h.
int packed_place(int row, int column, int columns) {
  return row / 32 * 32 * columns + column * 32 + row % 32;
}

}  // namespace

TEST_CASE("packed copies hold the matrix and its transpose, made in any number of parts") {
  for (const auto& shape : {std::pair{1, 1}, {1, 33}, {33, 1}, {16, 16}, {17, 31}, {5, 100}, {128, 41}})
    for (const int parts : {1, 2, 3, 4, 5, 8, 13}) {
      const int rows = shape.first, columns = shape.second;
      ParameterLayout layout;
      const TensorId other = layout.add("other", 7, 3, Role::kernel, Initialiser::zeros);
      const TensorId matrix = layout.add("matrix", rows, columns, Role::kernel, Initialiser::zeros);
      layout.add_packed(other);
      layout.add_packed(matrix);
      layout.finish();
      Parameters<float> parameters(layout, true);
      for (std::size_t i = 0; i < layout.size(); ++i) parameters.values()[i] = static_cast<float>(i + 1);
      for (int part = parts - 1; part >= 0; --part) parameters.refresh_packed(part, parts);
      const ParameterView<float> view = parameters.view();
      bool equal = true;
      for (const TensorId id : {other, matrix})
        for (int row = 0; row < layout[id].rows; ++row)
          for (int column = 0; column < layout[id].columns; ++column) {
            const float value = view[id][column * layout[id].rows + row];
            equal = equal && view.packed(id)[packed_place(row, column, layout[id].columns)] == value &&
                    view.packed_transpose(id)[packed_place(column, row, layout[id].rows)] == value;
          }
      INFO(rows, " x ", columns, " in ", parts, " parts");
      CHECK(equal);
    }
}

TEST_CASE("parameters for prediction have no packed transposes and can still be refreshed") {
  ParameterLayout layout;
  layout.add_packed(layout.add("kernel", 3, 5, Role::kernel, Initialiser::zeros));
  layout.finish();
  Parameters<float> parameters(layout, false);
  parameters.refresh_packed();
  CHECK(parameters.view().packed_transposes == nullptr);
}
