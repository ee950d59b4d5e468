#include <doctest/doctest.h>

#include "lifecycle/warning_events.h"
#include "tests/lifecycle/tiny_training.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// One stope, horizons 1 and 7, windows that end on days 0, 1, …; labels by window.
JudgedWindows windows(const std::vector<std::array<int, 2>>& labels) {
  JudgedWindows judged;
  judged.horizons = {1, 7};
  judged.stopes = {0};
  for (std::size_t w = 0; w < labels.size(); ++w) {
    judged.stope.push_back(0);
    judged.days.push_back(static_cast<stope::Day>(w));
    judged.current.push_back(0);
    for (const int label : labels[w]) judged.future.push_back(static_cast<std::int8_t>(label));
  }
  return judged;
}

}  // namespace

TEST_CASE("an event by the labels is the first day that reaches the alert after one below") {
  const auto event = [](const std::vector<std::array<int, 2>>& labels) {
    return labelled_events(windows(labels), stope::RiskLevel::high).event.front();
  };
  CHECK(event({{0, 0}, {2, 3}, {3, 3}, {4, 4}}) == 3);       // the window of day 2 labels day 3
  CHECK_FALSE(event({{3, 3}, {4, 4}, {5, 5}}).has_value());  // it was high from the beginning
  CHECK(event({{3, 3}, {1, 1}, {3, 3}}) == 3);
  CHECK_FALSE(event({{0, 0}, {-1, -1}, {2, 5}}).has_value());
  CHECK(event({{0, 0}, {-1, 0}, {3, 0}}) == 3);
}

TEST_CASE("a day is quiet by the labels if all are known and below the alert") {
  const WarningEvents events =
      labelled_events(windows({{0, 2}, {0, 3}, {3, 0}, {0, -1}, {-1, 0}}), stope::RiskLevel::high);
  CHECK(events.quiet == std::vector<bool>{true, false, false, false, false});
  CHECK_FALSE(events.are_failures);
}

TEST_CASE("with failure dates, a day is quiet if none lies in the longest horizon after it") {
  const TinyTraining tiny;
  const JudgedWindows judged = judged_windows(tiny.dataset, tiny.split.validation);
  const std::string name = tiny.dataset.stopes()[judged.stopes.front()].name;
  const stope::Day failure = judged.days.front() + 10;
  const WarningEvents events = failure_events(judged, tiny.dataset, {{name, failure}, {"elsewhere", 3}});
  CHECK(events.are_failures);
  CHECK(events.event[0] == failure);
  CHECK_FALSE(events.event[1].has_value());
  for (std::size_t w = 0; w < judged.size(); ++w) {
    const stope::Day before = failure - judged.days[w];
    CHECK(events.quiet[w] == (judged.stope[w] != 0 || before <= 0 || before > 7));
  }
}

TEST_CASE("an alarm is what the program would recommend: a high level, or a current risk that is high") {
  const JudgedWindows judged = windows({{0, 0}, {0, 0}, {0, 0}, {0, 0}});
  Answers answers;
  answers.levels = {0, 2, 0, 3, 5, 0, 0, 0};
  CHECK(alarms(judged, answers, {}) == std::vector<bool>{false, true, true, false});
  answers.current = {0.7, 0.1, 0.1, 0.71};
  CHECK(alarms(judged, answers, {}) == std::vector<bool>{false, true, true, true});
}
