#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "lifecycle/evaluation.h"
#include "lifecycle/predictor_sums.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

double value(const HeadMetrics& heads, const std::string& head, const std::string& metric) {
  for (const auto& [name, metrics] : heads)
    if (name == head)
      for (const auto& [key, number] : metrics)
        if (key == metric) return number;
  FAIL("no metric " << metric << " of " << head);
  return 0;
}

struct EvaluationCase {
  TinyTraining tiny;
  Network network{tiny_network()};
  nn::Parameters<float> parameters{network.layout(), false};
  SampleSource source{tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::balanced};
  PredictionNetwork prediction{tiny_network(), nn::default_kernels()};
  EvaluationCase() {
    nn::initialise(parameters, 3);
    prediction.take(parameters.view());
  }
  const stope::WindowSelection& selection() const { return tiny.split.validation; }

  SelectionLoss loss(int batch_size, int threads, double penalty = 0) {
    NetworkRunner runner(prediction, batch_size, threads);
    return selection_loss(runner, tiny_network(), source, selection(), penalty);
  }
};

}  // namespace

TEST_CASE("the loss of a selection does not depend on the batch size") {
  EvaluationCase test;
  REQUIRE(test.selection().windows.size() > 20);
  const SelectionLoss expected = test.loss(64, 1);
  for (const int batch_size : {1, 3, 8, 17, 1000}) {
    const SelectionLoss found = test.loss(batch_size, 2);
    CAPTURE(batch_size);
    CHECK(std::abs(found.total - expected.total) < 1e-13 * expected.total);
    CHECK(found.accuracy == expected.accuracy);
  }
  CHECK(std::abs(test.loss(64, 1, 0.25).total - expected.total - 0.25) < 1e-12);
}

TEST_CASE("the loss and accuracy of a selection, computed window by window") {
  EvaluationCase test;
  const SelectionLoss found = test.loss(64, 1);
  NetworkRunner runner(test.prediction, 1, 1);
  std::vector<double> loss(3), weight(3), hits(3), labelled(3);
  for (const std::uint32_t window : test.selection().windows) {
    test.source.fill(runner.batch(), {&window, 1}, test.selection().targets_before);
    runner.run();
    const auto sums = runner.loss_sums();
    const Logits z = runner.logits(0);
    for (std::size_t head = 0; head < 3; ++head) {
      loss[head] += sums[head].loss;
      weight[head] += sums[head].weight;
      const int target = head == 0 ? test.tiny.dataset.current_target(window)
                                   : test.tiny.dataset.future_targets(window)[head - 1];
      if (target < 0) continue;
      int answer = z[0] >= 0 ? 1 : 0;
      if (head > 0) {
        const auto levels = level_probabilities(z, static_cast<int>(head) - 1, 6);
        answer = static_cast<int>(std::max_element(levels.begin(), levels.end()) - levels.begin());
      }
      labelled[head] += 1;
      hits[head] += target == answer ? 1 : 0;
    }
  }
  double total = 0;
  const double coefficients[] = {1.2, 1 / 1.1, 1 / 1.7};  // horizons 1 and 7
  for (std::size_t head = 0; head < 3; ++head) {
    const double expected = coefficients[head] * loss[head] / weight[head];
    total += expected;
    CHECK(std::abs(found.heads[head] - expected) < 1e-12 * expected);
    CHECK(found.accuracy[head] == hits[head] / labelled[head]);
  }
  CHECK(std::abs(found.total - total) < 1e-12 * total);
}

TEST_CASE("a head without targets costs nothing, and its accuracy is not known") {
  EvaluationCase test;
  stope::WindowSelection selection = test.selection();
  selection.targets_before = -1000000;  // before all readings
  NetworkRunner runner(test.prediction, 16, 1);
  const SelectionLoss loss = selection_loss(runner, tiny_network(), test.source, selection, 0);
  CHECK(loss.heads[1] == 0);
  CHECK(std::isnan(loss.accuracy[1]));
  CHECK(loss.total == loss.heads[0]);
}

TEST_CASE("the figures of a network count what the loss counts") {
  EvaluationCase test;
  NetworkRunner runner(test.prediction, 16, 1);
  const HeadMetrics metrics =
      PredictorSums(judged_windows(test.tiny.dataset, test.selection()),
                    network_answers(runner, tiny_network(), test.source, test.selection()), {})
          .metrics();
  const SelectionLoss loss = test.loss(16, 1);
  REQUIRE(metrics.size() == 3);
  CHECK(value(metrics, "current", "accuracy") == loss.accuracy[0]);
  CHECK(value(metrics, "future_1d", "accuracy") == loss.accuracy[1]);
  CHECK(value(metrics, "future_7d", "accuracy") == loss.accuracy[2]);
  CHECK(value(metrics, "future_7d", "samples") < value(metrics, "current", "samples"));
}
