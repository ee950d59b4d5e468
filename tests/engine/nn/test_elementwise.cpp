#include <doctest/doctest.h>

#include <vector>

#include "engine/nn/elementwise.h"
#include "engine/nn/kernels/select.h"

using namespace deepmine::nn;

namespace {

constexpr BatchShape batch{11};  // two blocks, the last one partly filled

/// A tensor in memory of its own, every element of which starts with a number of its own, from `first` on.
struct Numbered {
  std::vector<float> memory;
  Activations<float> view;

  Numbered(int features, int steps, float first)
      : memory(static_cast<std::size_t>(features * steps * block_size * batch.blocks())) {
    view = {memory.data(), features, steps, static_cast<std::ptrdiff_t>(features) * steps * block_size,
            nullptr};
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = first + static_cast<float>(i);
  }
  float at(int b, int c, int f) const { return view.column(b, c)[f]; }
};

template <class Body>
void run(int threads, Body&& body) {
  Team::run(threads, [&](const Team& team) {
    body(Pass<float>{team, default_kernels(), batch, inference_mode});
  });
}

template <class Check>
void for_all(const Activations<float>& tensor, Check&& check) {
  for (int b = 0; b < batch.blocks(); ++b)
    for (int c = 0; c < tensor.columns(); ++c)
      for (int f = 0; f < tensor.features; ++f) check(b, c, f);
}

}  // namespace

TEST_CASE("sum adds every element and takes the lengths over") {
  for (const int threads : {1, 2}) {
    Numbered a(3, 4, 1), b(3, 4, 1000), out(3, 4, 0);
    const std::vector<int> lengths(11, 2);
    a.view.lengths = lengths.data();
    run(threads, [&](const Pass<float>& pass) { sum<float>(pass, a.view, b.view, out.view); });
    CHECK(out.view.lengths == lengths.data());
    for_all(out.view, [&](int block, int c, int f) {
      REQUIRE(out.at(block, c, f) == a.at(block, c, f) + b.at(block, c, f));
    });
  }
}

TEST_CASE("pass_on overwrites or adds") {
  const Numbered from(3, 2, 5);
  for (const bool accumulate : {false, true}) {
    Numbered to(3, 2, 100);
    const Numbered before(3, 2, 100);
    run(2, [&](const Pass<float>& pass) { pass_on<float>(pass, from.view, {to.view, accumulate}); });
    for_all(to.view, [&](int b, int c, int f) {
      REQUIRE(to.at(b, c, f) == from.at(b, c, f) + (accumulate ? before.at(b, c, f) : 0));
    });
  }
}

TEST_CASE("put_features and cut_features are each other's way back, and touch nothing else") {
  const Numbered part(2, 3, 5000), before(7, 3, 0);
  Numbered whole(7, 3, 0), again(2, 3, -1);
  run(2, [&](const Pass<float>& pass) {
    put_features<float>(pass, part.view, 4, whole.view);
    cut_features<float>(pass, whole.view, 4, again.view);
  });
  CHECK(again.memory == part.memory);
  for_all(whole.view, [&](int b, int c, int f) {
    const bool inside = f == 4 || f == 5;
    REQUIRE(whole.at(b, c, f) == (inside ? part.at(b, c, f - 4) : before.at(b, c, f)));
  });
}

TEST_CASE("last_step takes the last step that counts, and 0 for padding") {
  const std::vector<int> lengths{1, 2, 3, 4, 4, 3, 2, 1, 3, 1, 2};
  Numbered x(2, 4, 1), out(2, 1, -1);
  x.view.lengths = lengths.data();
  run(2, [&](const Pass<float>& pass) { last_step<float>(pass, x.view, out.view); });
  for (int s = 0; s < 16; ++s)
    for (int f = 0; f < 2; ++f) {
      const float expected =
          s < 11 ? x.at(s / 8, (lengths[static_cast<std::size_t>(s)] - 1) * block_size + s % 8, f) : 0;
      REQUIRE(out.at(s / 8, s % 8, f) == expected);
    }
  x.view.lengths = nullptr;  // all steps count
  run(1, [&](const Pass<float>& pass) { last_step<float>(pass, x.view, out.view); });
  CHECK(out.at(1, 2, 1) == x.at(1, 3 * block_size + 2, 1));
}

TEST_CASE("add_to_last_step adds there and nowhere else") {
  const std::vector<int> lengths{1, 2, 3, 4, 4, 3, 2, 1, 3, 1, 2};
  const Numbered d(2, 1, 7000), before(2, 4, 1);
  Numbered dx(2, 4, 1);
  dx.view.lengths = lengths.data();
  run(2, [&](const Pass<float>& pass) { add_to_last_step<float>(pass, d.view, dx.view); });
  for_all(dx.view, [&](int b, int c, int f) {
    const int s = b * block_size + c % block_size;
    const bool last = s < 11 && c / block_size == lengths[static_cast<std::size_t>(s)] - 1;
    REQUIRE(dx.at(b, c, f) == before.at(b, c, f) + (last ? d.at(b, c % block_size, f) : 0));
  });
}
