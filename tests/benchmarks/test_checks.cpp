// Kernels that answer wrongly are never timed.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "benchmarks/checks.h"
#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "tests/texts.h"

using namespace deepmine;
using namespace deepmine::benchmarks;
using deepmine::test::contains;

namespace {

stope::NetworkSpecification small_network() {
  stope::NetworkSpecification s;
  s.days = 5;
  s.static_units = s.temporal_units = s.branch_units = s.shared_units = s.shared_output_units = 16;
  s.self_attention_heads = s.cross_attention_heads = 2;
  s.key_size = s.head_units = 8;
  return s;
}

const nn::Kernels<float>& right() {
  return nn::reference_kernels<float>();
}

/// Every product is off by some parts in ten thousand.
void inexact_product(const nn::Product<float>& p) {
  right().product(p);
  for (int j = 0; j < p.columns; ++j) p.c[j * p.c_stride] *= 1.001f;
}
/// Right for whole blocks of samples only: the first column of wide products is another sum.
void product_that_looks_at_its_neighbours(const nn::Product<float>& p) {
  right().product(p);
  if (p.columns >= 2 && p.b_row_stride == 1 && p.b[p.b_column_stride] != 0)
    p.c[0] = std::nextafter(p.c[0], std::numeric_limits<float>::infinity());
}
void adam_that_does_nothing(const nn::AdamUpdate<float>&) {}
void adam_that_destroys(const nn::AdamUpdate<float>& u) {
  right().adam(u);
  u.value[0] = std::numeric_limits<float>::quiet_NaN();
}

nn::Kernels<float> with(void (*product)(const nn::Product<float>&)) {
  nn::Kernels<float> kernels = right();
  kernels.product = product;
  return kernels;
}

/// The message that the check fails with; empty if it passes.
template <class Check>
std::string complaint(Check&& check, const nn::Kernels<float>& kernels) {
  const lifecycle::Network network(small_network());
  try {
    check(network, kernels, 16, 2);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::failure);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("all kernels of this machine pass") {
  const lifecycle::Network network(small_network());
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    CAPTURE(kernels->name);
    const bool is_reference = kernels == &right();
    for (const int threads : {1, 2}) {
      const CheckResult training = check_training(network, *kernels, 19, threads);
      CHECK((is_reference ? training.difference == 0 : training.difference > 0));
      const CheckResult prediction = check_prediction(network, *kernels, 1, threads);
      CHECK((is_reference ? prediction.difference == 0 : prediction.difference > 0));
    }
  }
}

TEST_CASE("wrong gradients are refused") {
  CHECK(contains(complaint(check_training, with(inexact_product)), "the gradient of "));
}

TEST_CASE("steps that change nothing, or leave no numbers, are refused") {
  nn::Kernels<float> kernels = right();
  kernels.adam = adam_that_does_nothing;
  CHECK(contains(complaint(check_training, kernels), "changed nothing"));
  kernels.adam = adam_that_destroys;
  CHECK(contains(complaint(check_training, kernels), "not a finite number"));
}

TEST_CASE("wrong logits are refused") {
  CHECK(contains(complaint(check_prediction, with(inexact_product)), "expected"));
}

TEST_CASE("a sample that gets other bits alone than in a batch is refused") {
  CHECK(contains(complaint(check_prediction, with(product_that_looks_at_its_neighbours)), "different bits"));
}
