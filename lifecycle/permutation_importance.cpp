#include "lifecycle/permutation_importance.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/nn/error.h"
#include "engine/nn/random.h"
#include "engine/stope/sample.h"
#include "lifecycle/answers.h"
#include "lifecycle/predictor_sums.h"

namespace deepmine::lifecycle {
namespace {

constexpr std::size_t levels = stope::risk_level_count;

/// A raw column, and how a stope's own value is replaced by another's. A sensor has no `take`.
struct Input {
  std::string name;
  std::function<void(const stope::StaticRecord& from, stope::StaticRecord& to)> take;
  std::size_t sensor = 0;
};

std::vector<Input> all_inputs() {
  using Record = stope::StaticRecord;
  std::vector<Input> inputs;
  for (const stope::StaticColumn& column : stope::static_columns)
    inputs.push_back({std::string(column.name),
                      [value = column.value](const Record& from, Record& to) { to.*value = from.*value; }});
  inputs.push_back({"support_installed",
                    [](const Record& from, Record& to) { to.support_installed = from.support_installed; }});
  inputs.push_back({"direction", [](const Record& from, Record& to) { to.direction = from.direction; }});
  inputs.push_back({"rock_type", [](const Record& from, Record& to) { to.rock_type = from.rock_type; }});
  inputs.push_back(
      {"support_type", [](const Record& from, Record& to) { to.support_type = from.support_type; }});
  for (std::size_t s = 0; s < stope::sensor_count; ++s)
    inputs.push_back({std::string(stope::sensor_columns[s].name), nullptr, s});
  return inputs;
}

/// Log-loss and the share of right answers of each head.
struct Quality {
  std::vector<double> log_loss, accuracy;
};

class Importance {
 public:
  Importance(const LoadedModel& model, const stope::Dataset& dataset, const stope::WindowSelection& selection,
             const ImportancePlan& plan)
      : model_(model),
        dataset_(dataset),
        selection_(selection),
        plan_(plan),
        judged_(judged_windows(dataset, selection)),
        runner_(model.prediction(), 64, plan.threads),
        features_(static_cast<std::size_t>(model.components().network.sample_features())),
        series_(stope::sensor_count * static_cast<std::size_t>(dataset.plan().days)) {
    for (std::size_t w = 0; w < judged_.size(); ++w) {
      if (judged_.stope[w] == windows_of_.size()) windows_of_.emplace_back();
      windows_of_.back().push_back(w);
    }
    if (windows_of_.size() < 2)
      throw Error(ErrorCode::usage,
                  "the importance of inputs is measured by exchanging them between stopes of the validation "
                  "part: that takes two stopes, " +
                      std::to_string(windows_of_.size()) + " found");
  }

  io::ImportanceReport run() {
    io::ImportanceReport report;
    report.stopes = windows_of_.size();
    report.windows = judged_.size();
    report.repeats = plan_.repeats;
    const Quality untouched = quality(nullptr, {});
    for (const Input& input : all_inputs()) {
      std::vector<Quality> exchanged;
      for (int repeat = 0; repeat < plan_.repeats; ++repeat)
        exchanged.push_back(quality(&input, donors(input.name, repeat)));
      report.inputs.push_back({input.name, compared(untouched, exchanged)});
    }
    std::stable_sort(report.inputs.begin(), report.inputs.end(), [](const auto& a, const auto& b) {
      return a.heads.front().log_loss_increase > b.heads.front().log_loss_increase;
    });
    return report;
  }

 private:
  /// By stope: whose value it gets. Never its own: the stopes stand in a circle of random order.
  std::vector<std::size_t> donors(const std::string& input, int repeat) const {
    std::vector<std::size_t> circle(windows_of_.size()), donor(windows_of_.size());
    for (std::size_t i = 0; i < circle.size(); ++i) circle[i] = i;
    RandomStream random(derive_key(derive_key(derive_key(plan_.seed, "importance"), input),
                                   static_cast<std::uint64_t>(repeat)));
    random.shuffle(circle);
    for (std::size_t i = 0; i < circle.size(); ++i) donor[circle[i]] = circle[(i + 1) % circle.size()];
    return donor;
  }

  std::span<const stope::DailyReading> readings_of(std::size_t judged) const {
    const stope::Window& window = dataset_.windows()[selection_.windows[judged]];
    return dataset_.stopes()[window.stope].readings.window(window.end, dataset_.plan().days);
  }

  const stope::PreparedStope& stope_of(std::size_t position) const {
    return dataset_.stopes()[judged_.stopes[position]];
  }

  void write_sample(std::size_t judged, const Input* input, const std::vector<std::size_t>& donor) {
    const std::size_t own = judged_.stope[judged];
    const stope::PreparedStope& stope = stope_of(own);
    const io::Components& components = model_.components();
    const std::span<const stope::DailyReading> days = readings_of(judged);
    const auto write = [&](const stope::SampleView& view) {
      stope::write_sample(view, components.network, components.scaler, components.settings, features_.data(),
                          series_.data());
    };
    if (input == nullptr) return write({stope.statics, stope.features, days});
    if (input->take) {
      stope::StaticRecord record = stope.statics;
      input->take(stope_of(donor[own]).statics, record);
      return write({record, stope::static_features(record), days});
    }
    // The window at the same part of the other stope's history.
    const std::vector<std::size_t>&mine = windows_of_[own], &theirs = windows_of_[donor[own]];
    const std::size_t place = judged - mine.front();
    const auto other = readings_of(theirs[place * theirs.size() / mine.size()]);
    std::vector<stope::DailyReading> mixed(days.begin(), days.end());
    for (std::size_t day = 0; day < mixed.size(); ++day)
      mixed[day][input->sensor] = other[day][input->sensor];
    write({stope.statics, stope.features, mixed});
  }

  Quality quality(const Input* input, const std::vector<std::size_t>& donor) {
    std::vector<Logits> logits;
    const auto capacity = static_cast<std::size_t>(runner_.batch().capacity());
    for (std::size_t first = 0; first < judged_.size(); first += capacity) {
      const std::size_t count = std::min(capacity, judged_.size() - first);
      runner_.batch().clear();
      for (std::size_t i = 0; i < count; ++i) {
        write_sample(first + i, input, donor);
        runner_.batch().add(features_, series_);
      }
      runner_.run();
      for (std::size_t i = 0; i < count; ++i) logits.push_back(runner_.logits(static_cast<int>(i)));
    }
    return measured(logits);
  }

  Quality measured(const std::vector<Logits>& logits) const {
    const std::vector<double>& temperatures = model_.components().calibration.temperatures;
    const std::size_t heads = 1 + judged_.horizons.size();
    Quality quality{std::vector<double>(heads), std::vector<double>(heads)};
    std::vector<double> counted(heads);
    const auto add = [&](std::size_t head, double of_the_label, bool right) {
      quality.log_loss[head] -= std::log(std::max(of_the_label, 0x1p-52));
      quality.accuracy[head] += right ? 1 : 0;
      counted[head] += 1;
    };
    const double threshold = model_.components().settings.assessment.decision_threshold;
    for (std::size_t w = 0; w < judged_.size(); ++w) {
      if (const std::int8_t label = judged_.current[w]; label != stope::masked) {
        const double p = instability_probability(logits[w], temperatures[0]);
        add(0, label == 1 ? p : 1 - p, (p >= threshold) == (label == 1));
      }
      for (std::size_t h = 0; h + 1 < heads; ++h) {
        const std::int8_t label = judged_.future_of(w)[h];
        if (label == stope::masked) continue;
        const auto p = level_probabilities(logits[w], static_cast<int>(h), static_cast<int>(levels),
                                           temperatures[1 + h]);
        add(1 + h, p[static_cast<std::size_t>(label)],
            std::max_element(p.begin(), p.end()) - p.begin() == label);
      }
    }
    for (std::size_t head = 0; head < heads; ++head) {
      quality.log_loss[head] /= counted[head];  // NaN where nothing is labelled
      quality.accuracy[head] /= counted[head];
    }
    return quality;
  }

  std::vector<io::HeadImportance> compared(const Quality& untouched,
                                           const std::vector<Quality>& exchanged) const {
    std::vector<io::HeadImportance> heads;
    const auto repeats = static_cast<double>(exchanged.size());
    for (std::size_t head = 0; head < untouched.log_loss.size(); ++head) {
      double sum = 0, squares = 0, accuracy = 0;
      for (const Quality& quality : exchanged) {
        const double increase = quality.log_loss[head] - untouched.log_loss[head];
        sum += increase / repeats;
        squares += increase * increase / repeats;
        accuracy += (untouched.accuracy[head] - quality.accuracy[head]) / repeats;
      }
      heads.push_back({head_name(head == 0 ? 0 : judged_.horizons[head - 1]), sum,
                       std::sqrt(std::max(0.0, squares - sum * sum)), accuracy});
    }
    return heads;
  }

  const LoadedModel& model_;
  const stope::Dataset& dataset_;
  const stope::WindowSelection& selection_;
  ImportancePlan plan_;
  JudgedWindows judged_;
  NetworkRunner runner_;
  std::vector<float> features_, series_;
  std::vector<std::vector<std::size_t>> windows_of_;  // by stope
};

}  // namespace

io::ImportanceReport permutation_importance(const LoadedModel& model, const stope::Dataset& dataset,
                                            const stope::WindowSelection& selection,
                                            const ImportancePlan& plan) {
  return Importance(model, dataset, selection, plan).run();
}

}  // namespace deepmine::lifecycle
