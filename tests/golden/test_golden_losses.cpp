// Losses and their gradients against PyTorch (make_golden.py).
#include <algorithm>
#include <cstdint>

#include "engine/nn/losses.h"
#include "tests/golden/layer_case.h"

namespace deepmine::golden {
namespace {

/// Checks one loss of the file "losses"; `weights` as there, or all 0.
template <class Scalar, class Loss>
void check_loss(const std::string& name, double coefficient, bool masked, const nn::Kernels<Scalar>& kernels,
                Loss&& loss) {
  const GoldenFile file("losses");
  const GoldenTensor &golden = file[name + "/logits"], &gradient = file[name + "/d_logits"];
  const int samples = golden.shape.at(0), classes = golden.shape.at(1);
  const nn::BatchShape batch{samples};

  nn::Arena arena;
  nn::Activations<Scalar> logits, d_logits;
  arena.build([&](nn::Arena& a) {
    logits = a.activations<Scalar>(batch.blocks(), classes, 1);
    d_logits = a.activations<Scalar>(batch.blocks(), classes, 1);
  });
  std::vector<std::int8_t> targets;
  std::vector<Scalar> weights;
  for (int s = 0; s < samples; ++s) {
    const auto at = static_cast<std::size_t>(s);
    targets.push_back(static_cast<std::int8_t>(file[name + "/targets"].values[at]));
    weights.push_back(masked ? Scalar(0) : static_cast<Scalar>(file["weights"].values[at]));
    for (int k = 0; k < classes; ++k)
      logits.column(s / nn::block_size, s % nn::block_size)[k] =
          static_cast<Scalar>(golden.values[static_cast<std::size_t>(s * classes + k)]);
  }

  std::vector<double> block_loss(static_cast<std::size_t>(batch.blocks()), -1);
  nn::Team::run(2, [&](const nn::Team& team) {
    const nn::Pass<Scalar> pass{team, kernels, batch, nn::training_mode};
    loss(pass, nn::Activations<const Scalar>(logits), nn::LossTargets<Scalar>{targets.data(), weights.data()},
         coefficient, d_logits, block_loss.data());
  });

  double found_loss = 0;
  for (const double of_block : block_loss) found_loss += of_block;
  std::vector<double> found;
  for (int s = 0; s < samples; ++s)
    for (int k = 0; k < classes; ++k)
      found.push_back(static_cast<double>(d_logits.column(s / nn::block_size, s % nn::block_size)[k]));
  if (masked) {
    CHECK(found_loss == 0);
    CHECK(std::all_of(found.begin(), found.end(), [](double d) { return d == 0; }));
    return;
  }
  check_close<Scalar>(name + " loss", {&found_loss, 1}, file[name + "/loss"].values);
  check_close<Scalar>(name + " d_logits", found, gradient.values);
}

}  // namespace

TEST_CASE("golden: binary cross-entropy") {
  for_every_precision([]<class Scalar>(const nn::Kernels<Scalar>& kernels) {
    for (const bool masked : {false, true})
      check_loss<Scalar>("binary", 1.2, masked, kernels,
                         [](auto&&... arguments) { nn::binary_cross_entropy<Scalar>(arguments...); });
  });
}

TEST_CASE("golden: categorical cross-entropy") {
  for_every_precision([]<class Scalar>(const nn::Kernels<Scalar>& kernels) {
    for (const bool masked : {false, true})
      check_loss<Scalar>("categorical", 1 / 1.7, masked, kernels,
                         [](auto&&... arguments) { nn::categorical_cross_entropy<Scalar>(arguments...); });
  });
}

}  // namespace deepmine::golden
