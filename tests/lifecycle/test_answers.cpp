#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/stope/rule_prior.h"
#include "engine/stope/rules.h"
#include "lifecycle/baselines.h"
#include "lifecycle/predictor_sums.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

double value(const HeadMetrics& heads, const std::string& head, const std::string& metric) {
  for (const auto& [name, metrics] : heads)
    if (name == head) return train::value_of(metrics, metric);
  FAIL("no head " << head);
  return 0;
}

}  // namespace

TEST_CASE("judged windows are those of the selection, with its targets") {
  const TinyTraining tiny;
  stope::WindowSelection selection = tiny.split.validation;
  const JudgedWindows all = judged_windows(tiny.dataset, selection);
  REQUIRE(all.size() == selection.windows.size());
  CHECK(all.stopes.size() == stope::stope_names(tiny.dataset, selection).size());
  for (std::size_t w = 0; w < all.size(); ++w) {
    const stope::Window& window = tiny.dataset.windows()[selection.windows[w]];
    CHECK(all.stopes[all.stope[w]] == window.stope);
    CHECK(all.days[w] == window.end);
    CHECK(all.current[w] == tiny.dataset.current_target(selection.windows[w]));
    const auto targets = tiny.dataset.future_targets(selection.windows[w]);
    CHECK(std::equal(targets.begin(), targets.end(), all.future_of(w).begin()));
  }
  selection.targets_before = -1000000;
  for (const std::int8_t target : judged_windows(tiny.dataset, selection).future)
    CHECK(target == stope::masked);
}

TEST_CASE("the network's answers are its probabilities, window by window, calibrated") {
  const TinyTraining tiny;
  const Network network(tiny_network());
  nn::Parameters<float> parameters(network.layout(), false);
  nn::initialise(parameters, 3);
  PredictionNetwork prediction(tiny_network(), nn::default_kernels());
  prediction.take(parameters.view());
  SampleSource source(tiny.dataset, tiny_network(), tiny.scaler, tiny.split.training,
                      train::ClassWeights::none);
  const auto& windows = tiny.split.validation.windows;
  NetworkRunner runner(prediction, 16, 1), one(prediction, 1, 1);
  const double temperatures[] = {2, 1, 3};
  const Answers answers =
      network_answers(runner, tiny_network(), source, tiny.split.validation, temperatures);
  REQUIRE(answers.current.size() == windows.size());
  for (std::size_t w = 0; w < windows.size(); w += 7) {
    source.fill(one.batch(), {&windows[w], 1}, 1000000);
    one.run();
    CHECK(answers.current[w] == instability_probability(one.logits(0), 2));
    const auto levels = level_probabilities(one.logits(0), 1, 6, 3);
    for (std::size_t level = 0; level < 6; ++level)
      CHECK(answers.level_scores[(w * 2 + 1) * 6 + level] == static_cast<float>(levels[level]));
    CHECK(answers.levels_of(w, 2)[1] == std::max_element(levels.begin(), levels.end()) - levels.begin());
  }
}

TEST_CASE("rules, persistence and majority, counted by hand") {
  const TinyTraining tiny;
  const stope::Dataset& dataset = tiny.dataset;
  const auto& selection = tiny.split.validation;
  double rule_hits = 0, majority_hits = 0, labelled = 0, level_hits = 0, same_hits = 0, levels = 0;
  const stope::ClassCounts counts = dataset.class_counts(tiny.split.training);
  const int majority = counts.current[1] >= counts.current[0] ? 1 : 0;
  for (const std::uint32_t number : selection.windows) {
    const stope::Window& window = dataset.windows()[number];
    const stope::PreparedStope& stope = dataset.stopes()[window.stope];
    const auto days = stope.readings.window(window.end, 8);
    labelled += 1;
    const int label = dataset.current_target(number);
    rule_hits += label == *stope::rule_unstable({}, stope.statics, days.back()) ? 1 : 0;
    majority_hits += label == majority ? 1 : 0;
    const int target = dataset.future_targets(number)[1];
    if (target < 0) continue;
    levels += 1;
    level_hits +=
        target == static_cast<int>(*stope::extrapolated_risks({}, {}, stope.statics, days, {{1, 7}})[1]);
    same_hits += target == static_cast<int>(*stope::risk_level(
                               {}, *stope::window_risk({}, {}, stope.statics, days), days.back(), 7));
  }
  const JudgedWindows judged = judged_windows(dataset, selection);
  const auto metrics = [&](const Answers& answers) { return PredictorSums(judged, answers, {}).metrics(); };
  const HeadMetrics rules = metrics(rule_answers(dataset, selection));
  CHECK(value(rules, "current", "samples") == labelled);
  CHECK(value(rules, "current", "accuracy") == rule_hits / labelled);
  CHECK(value(rules, "future_7d", "samples") == levels);
  CHECK(value(rules, "future_7d", "accuracy") == level_hits / levels);
  CHECK(std::isnan(value(rules, "future_7d", "top_2_accuracy")));
  const HeadMetrics persistence = metrics(persistence_answers(dataset, selection));
  CHECK(persistence.front().first == "future_1d");  // nothing is persistent about a label without a date
  CHECK(value(persistence, "future_7d", "accuracy") == same_hits / levels);
  CHECK(level_hits != same_hits);
  const HeadMetrics most_frequent = metrics(majority_answers(dataset, tiny.split.training, selection));
  CHECK(value(most_frequent, "current", "accuracy") == majority_hits / labelled);
  CHECK(value(most_frequent, "current", "roc_auc") == 0.5);
  CHECK(value(most_frequent, "future_7d", "top_2_accuracy") >= value(most_frequent, "future_7d", "accuracy"));
}

TEST_CASE("the prior's answers are its likeliest levels, with its probabilities, and nothing about today") {
  const TinyTraining tiny;
  const auto& horizons = tiny.dataset.plan().horizons;
  const Answers prior = prior_answers(tiny.dataset, tiny.split.validation);
  CHECK(prior.current.empty());
  REQUIRE(prior.levels.size() == tiny.split.validation.windows.size() * horizons.size());
  std::vector<float> logs(horizons.size() * stope::risk_level_count);
  for (std::size_t w = 0; w < tiny.split.validation.windows.size(); ++w) {
    const stope::Window& window = tiny.dataset.windows()[tiny.split.validation.windows[w]];
    const stope::PreparedStope& stope = tiny.dataset.stopes()[window.stope];
    const stope::SiteSettings& settings = tiny.dataset.settings();
    REQUIRE(stope::write_rule_prior(settings.unstable_rules, settings.risk_rules, stope.statics,
                                    stope.readings.window(window.end, tiny.dataset.plan().days), horizons,
                                    logs.data()));
    for (std::size_t i = 0; i < logs.size(); ++i)
      CHECK(prior.level_scores[w * logs.size() + i] == doctest::Approx(std::exp(logs[i])));
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      const auto level = static_cast<std::size_t>(prior.levels_of(w, horizons.size())[h]);
      for (std::size_t other = 0; other < stope::risk_level_count; ++other)
        CHECK(logs[h * stope::risk_level_count + level] >= logs[h * stope::risk_level_count + other]);
    }
  }
}

TEST_CASE("answers to parts are put at their places") {
  Answers part;
  part.current = {0.1, 0.2};
  part.levels = {1, 2, 3, 4};
  part.level_scores.assign(2 * 2 * 6, 0.5f);
  Answers whole = Answers::room_for(4, 2, part);
  CHECK(std::isnan(whole.current[0]));
  CHECK(whole.levels[0] == stope::masked);
  const std::uint32_t places[] = {3, 1};
  whole.put(places, part);
  CHECK(whole.current[3] == 0.1);
  CHECK(whole.current[1] == 0.2);
  CHECK(whole.levels == std::vector<std::int8_t>{-1, -1, 3, 4, -1, -1, 1, 2});
  CHECK(whole.level_scores[6 * 6] == 0.5f);
  CHECK(whole.level_scores[0] == 0.0f);
}

TEST_CASE("baselines without anything to learn from are persistence and rules alone") {
  const TinyTraining tiny;
  const auto names = [&](const stope::WindowSelection& learning) {
    std::vector<std::string> list;
    for (const NamedAnswers& answers :
         Baselines(tiny.dataset, learning, train::ClassWeights::none, 1).answers(tiny.split.validation))
      list.push_back(answers.name);
    return list;
  };
  CHECK(names(tiny.split.training) ==
        std::vector<std::string>{"majority", "logistic", "persistence", "rules", "prior"});
  CHECK(names({}) == std::vector<std::string>{"persistence", "rules", "prior"});
}
