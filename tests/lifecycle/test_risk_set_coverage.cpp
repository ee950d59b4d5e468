// How often the level that comes lies in the risk set, on simulated stopes that nothing was fitted on. With
// DEEPMINE_SOAK=1 on thousands of them, within the two points that are promised; else on some hundreds, where
// chance alone makes more. `<this program> -s` shows the figures.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "engine/nn/kernels/select.h"
#include "engine/stope/simulator.h"
#include "lifecycle/calibration.h"
#include "lifecycle/trainer.h"

using namespace deepmine;
using namespace deepmine::lifecycle;

namespace {

struct Sizes {
  std::size_t training, validation, test;
  int epochs;
  double tolerance;
};

std::vector<stope::StopeRecord> simulated(std::size_t count) {
  const stope::SimulationPlan plan{.seed = 23, .stopes = count, .days = 75, .sensor_faults = false};
  std::vector<stope::StopeRecord> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(stope::simulate_stope(plan, i).record);
  return records;
}

/// Stopes by number: the first to learn from, then those to calibrate on, then those to judge on.
stope::Split split_in_order(const stope::Dataset& dataset, const Sizes& sizes) {
  stope::Split split;
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w) {
    const std::size_t stope = dataset.windows()[w].stope;
    (stope < sizes.training                      ? split.training
     : stope < sizes.training + sizes.validation ? split.validation
                                                 : split.test)
        .windows.push_back(w);
  }
  return split;
}

}  // namespace

TEST_CASE("risk sets hold the level that comes as often as promised, on stopes that are new") {
  const bool soak = std::getenv("DEEPMINE_SOAK") != nullptr;
  const Sizes sizes = soak ? Sizes{300, 1000, 2000, 4, 0.02} : Sizes{40, 120, 250, 1, 0.05};
  const stope::NetworkSpecification network = stope::compact_network();
  const stope::Dataset dataset(simulated(sizes.training + sizes.validation + sizes.test), {},
                               {network.days, network.horizons});
  const stope::Split split = split_in_order(dataset, sizes);
  const stope::InputScaler scaler = stope::fit_input_scaler(dataset, split.training);
  train::TrainingPlan plan;
  plan.epochs = sizes.epochs;
  plan.batch_size = 128;
  // Early stopping and calibration see the same stopes, as in every training.
  stope::Split for_training = split;
  for_training.test = {};
  const TrainedNetwork trained = lifecycle::train({dataset, for_training, scaler, network, plan, 2});
  PredictionNetwork prediction(network, nn::default_kernels());
  prediction.take(trained.parameters.view());
  NetworkRunner runner(prediction, 64, 2);
  SampleSource source(dataset, network, scaler, split.training, train::ClassWeights::none);
  const io::Calibration calibration =
      calibrate(judged_windows(dataset, split.validation), window_logits(runner, source, split.validation));
  const JudgedWindows judged = judged_windows(dataset, split.test);
  const std::vector<Logits> logits = window_logits(runner, source, split.test);
  REQUIRE(judged.stopes.size() > 9 * sizes.test / 10);
  for (const double coverage : {0.9, 0.95}) {
    for (const io::CalibrationFigures& head : calibration_figures(judged, logits, calibration, coverage)) {
      CAPTURE(coverage);
      CAPTURE(head.head);
      INFO(judged.stopes.size(), " stopes, ", head.windows, " windows: temperature ", head.temperature,
           ", log-loss ", head.log_loss_before, " to ", head.log_loss_after, ", ece ", head.ece_before,
           " to ", head.ece_after, ", coverage ", head.set_coverage, ", levels ", head.set_size);
      CHECK(head.fitted);
      CHECK(head.log_loss_after < head.log_loss_before + 0.005);
      if (head.head == "current") continue;
      CHECK(std::abs(head.set_coverage - coverage) <= sizes.tolerance);
      CHECK(head.set_size < 4);
    }
  }
}
