#include "lifecycle/answers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/stope/rule_prior.h"
#include "engine/stope/rules.h"

namespace deepmine::lifecycle {
namespace {

constexpr std::size_t levels_count = stope::risk_level_count;

std::int8_t likeliest(std::span<const double> scores) {
  return static_cast<std::int8_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

void add_scores(Answers& answers, std::span<const double> scores) {
  answers.levels.push_back(likeliest(scores));
  for (const double score : scores) answers.level_scores.push_back(static_cast<float>(score));
}

/// The readings and the record that the rules look at.
struct RuleInput {
  const stope::StaticRecord& statics;
  std::span<const stope::DailyReading> days;
};

RuleInput rule_input(const stope::Dataset& dataset, std::uint32_t number) {
  const stope::Window& window = dataset.windows()[number];
  const stope::PreparedStope& stope = dataset.stopes()[window.stope];
  return {stope.statics, stope.readings.window(window.end, dataset.plan().days)};
}

void add_level(Answers& answers, const std::optional<stope::RiskLevel>& level) {
  answers.levels.push_back(level ? static_cast<std::int8_t>(*level) : stope::masked);
}

}  // namespace

JudgedWindows judged_windows(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  JudgedWindows judged;
  judged.horizons = dataset.plan().horizons;
  const std::size_t horizons = judged.horizons.size();
  judged.future.resize(selection.windows.size() * horizons);
  for (const std::uint32_t window : selection.windows) {
    dataset.write_future_targets(window, selection.targets_before,
                                 judged.future.data() + judged.size() * horizons);
    const std::uint32_t stope = dataset.windows()[window].stope;
    if (judged.stopes.empty() || judged.stopes.back() != stope) judged.stopes.push_back(stope);
    judged.stope.push_back(static_cast<std::uint32_t>(judged.stopes.size() - 1));
    judged.days.push_back(dataset.windows()[window].end);
    judged.current.push_back(dataset.current_target(window));
  }
  return judged;
}

Answers Answers::room_for(std::size_t windows, std::size_t horizons, const Answers& like) {
  Answers room;
  if (!like.current.empty()) room.current.assign(windows, std::numeric_limits<double>::quiet_NaN());
  room.levels.assign(windows * horizons, stope::masked);
  if (!like.level_scores.empty()) room.level_scores.resize(windows * horizons * levels_count);
  return room;
}

void Answers::put(std::span<const std::uint32_t> places, const Answers& part) {
  const auto copy_rows = [&](auto& to, const auto& from) {
    if (from.empty() || places.empty()) return;
    const std::size_t width = from.size() / places.size();
    for (std::size_t i = 0; i < places.size(); ++i)
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  to.begin() + static_cast<std::ptrdiff_t>(places[i] * width));
  };
  copy_rows(current, part.current);
  copy_rows(levels, part.levels);
  copy_rows(level_scores, part.level_scores);
}

void add_answer(Answers& answers, const Logits& logits, std::size_t horizons,
                std::span<const double> temperatures) {
  const auto temperature = [&](std::size_t head) { return temperatures.empty() ? 1.0 : temperatures[head]; };
  answers.current.push_back(instability_probability(logits, temperature(0)));
  for (std::size_t h = 0; h < horizons; ++h)
    add_scores(answers, level_probabilities(logits, static_cast<int>(h), static_cast<int>(levels_count),
                                            temperature(1 + h)));
}

Answers answers_of(std::span<const Logits> logits, const stope::NetworkSpecification& specification,
                   std::span<const double> temperatures) {
  Answers answers;
  for (const Logits& row : logits) add_answer(answers, row, specification.horizons.size(), temperatures);
  return answers;
}

void run_in_batches(NetworkRunner& runner, SampleSource& source, const stope::WindowSelection& selection,
                    const std::function<void(std::span<const std::uint32_t>)>& ran) {
  const auto capacity = static_cast<std::size_t>(runner.batch().capacity());
  for (std::size_t first = 0; first < selection.windows.size(); first += capacity) {
    const auto part =
        std::span(selection.windows).subspan(first, std::min(capacity, selection.windows.size() - first));
    source.fill(runner.batch(), part, selection.targets_before);
    runner.run();
    ran(part);
  }
}

Answers network_answers(NetworkRunner& runner, const stope::NetworkSpecification& specification,
                        SampleSource& source, const stope::WindowSelection& selection,
                        std::span<const double> temperatures) {
  Answers answers;
  run_in_batches(runner, source, selection, [&](std::span<const std::uint32_t> windows) {
    for (std::size_t i = 0; i < windows.size(); ++i)
      add_answer(answers, runner.logits(static_cast<int>(i)), specification.horizons.size(), temperatures);
  });
  return answers;
}

Answers majority_answers(const stope::Dataset& dataset, const stope::WindowSelection& training,
                         const stope::WindowSelection& selection) {
  const stope::ClassCounts counts = dataset.class_counts(training);
  const double labelled = static_cast<double>(counts.current[0] + counts.current[1]);
  const double unstable_share = labelled > 0 ? static_cast<double>(counts.current[1]) / labelled : 0.5;
  Answers answers;
  answers.current.assign(selection.windows.size(), unstable_share);
  for (std::size_t w = 0; w < selection.windows.size(); ++w)
    for (const auto& level_counts : counts.future) {
      std::array<double, levels_count> shares{};
      double total = 0;
      for (const std::int64_t count : level_counts) total += static_cast<double>(count);
      for (std::size_t level = 0; level < levels_count && total > 0; ++level)
        shares[level] = static_cast<double>(level_counts[level]) / total;
      add_scores(answers, shares);
    }
  return answers;
}

Answers rule_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  const stope::SiteSettings& settings = dataset.settings();
  Answers answers;
  for (const std::uint32_t window : selection.windows) {
    const RuleInput input = rule_input(dataset, window);
    const auto unstable = stope::rule_unstable(settings.unstable_rules, input.statics, input.days.back());
    answers.current.push_back(unstable ? (*unstable ? 1.0 : 0.0) : std::numeric_limits<double>::quiet_NaN());
    for (const auto& level : stope::extrapolated_risks(settings.unstable_rules, settings.risk_rules,
                                                       input.statics, input.days, dataset.plan().horizons))
      add_level(answers, level);
  }
  return answers;
}

Answers persistence_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  const stope::SiteSettings& settings = dataset.settings();
  Answers answers;
  for (const std::uint32_t window : selection.windows) {
    const RuleInput input = rule_input(dataset, window);
    const auto risk =
        stope::window_risk(settings.unstable_rules, settings.risk_rules, input.statics, input.days);
    for (const int horizon : dataset.plan().horizons)
      add_level(answers, risk ? stope::risk_level(settings.risk_rules, *risk, input.days.back(), horizon)
                              : std::nullopt);
  }
  return answers;
}

Answers prior_answers(const stope::Dataset& dataset, const stope::WindowSelection& selection) {
  const std::vector<int>& horizons = dataset.plan().horizons;
  const stope::SiteSettings& settings = dataset.settings();
  std::vector<float> logs(horizons.size() * levels_count);
  std::vector<double> scores(levels_count);
  Answers answers;
  for (const std::uint32_t window : selection.windows) {
    const RuleInput input = rule_input(dataset, window);
    const bool known = stope::write_rule_prior(settings.unstable_rules, settings.risk_rules, input.statics,
                                               input.days, horizons, logs.data());
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      std::transform(logs.begin() + static_cast<std::ptrdiff_t>(h * levels_count),
                     logs.begin() + static_cast<std::ptrdiff_t>((h + 1) * levels_count), scores.begin(),
                     [](float log) { return std::exp(double{log}); });
      add_scores(answers, scores);
      if (!known) answers.levels.back() = stope::masked;
    }
  }
  return answers;
}

}  // namespace deepmine::lifecycle
