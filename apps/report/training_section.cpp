#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "apps/evaluation_words.h"
#include "apps/report/chart.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"

namespace deepmine::apps::report {
namespace {

using train::EpochRecord;
using Epochs = std::vector<EpochRecord>;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

template <class Value>
Line line_of(std::string name, const Epochs& epochs, Value&& value) {
  Line line{.name = std::move(name)};
  for (const EpochRecord& epoch : epochs) {
    line.x.push_back(epoch.epoch);
    line.y.push_back(value(epoch));
  }
  return line;
}

bool has_values(const Line& line) {
  for (const double value : line.y)
    if (std::isfinite(value)) return true;
  return false;
}

Axis epoch_axis(const Epochs& epochs) {
  const double last = epochs.back().epoch;
  return {.label = "epoch", .low = 1, .high = last > 1 ? last : 2};
}

std::string curves(const char* id, const char* title, const char* label, const Epochs& epochs,
                   std::vector<Line> lines) {
  std::erase_if(lines, [](const Line& line) { return !has_values(line); });
  if (lines.empty()) return "";
  Axis values = axis_around(label, lines, not_known, not_known);
  return chart(
      {.id = id, .title = title, .x = epoch_axis(epochs), .y = std::move(values), .lines = std::move(lines)});
}

std::string learning_rate_chart(const Epochs& epochs) {
  std::vector<Line> lines{
      line_of("learning rate", epochs, [](const EpochRecord& e) { return e.learning_rate; })};
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const double rate : lines[0].y)
    if (rate > 0 && std::isfinite(rate)) {
      low = std::min(low, rate);
      high = std::max(high, rate);
    }
  if (!(high > 0)) return "";
  Axis rates{.label = "learning rate",
             .low = std::pow(10, std::floor(std::log10(low))),
             .high = std::pow(10, std::ceil(std::log10(high) + 1e-9)),
             .logarithmic = true};
  return chart({.id = "learning_rate",
                .title = "Learning rate",
                .x = epoch_axis(epochs),
                .y = std::move(rates),
                .lines = std::move(lines)});
}

}  // namespace

std::string training_section(const lifecycle::Report& report) {
  const Epochs& epochs = report.epochs;
  std::string html = "<section id=\"training\">\n<h2>How it was trained</h2>\n";
  if (epochs.empty()) return html + paragraph("The version has no training log.", "note") + "</section>\n";
  html += paragraph(fmt::format("{} epochs, the best was number {}; {:.0f} s.", report.metadata.epochs_run,
                                report.metadata.best_epoch, report.metadata.duration_seconds));
  html += "<div class=\"charts\">\n";
  html += curves("loss", "Loss", "loss", epochs,
                 {line_of("training", epochs, [](const EpochRecord& e) { return e.training_loss; }),
                  line_of("validation", epochs, [](const EpochRecord& e) { return e.validation_loss; })});
  std::vector<Line> losses, accuracies;
  for (std::size_t head = 0; head <= report.network.horizons.size(); ++head) {
    const std::string name =
        head == 0 ? "now" : head_words(fmt::format("future_{}d", report.network.horizons[head - 1]));
    losses.push_back(
        line_of(name, epochs, [&](const EpochRecord& e) { return e.validation_head_losses[head]; }));
    accuracies.push_back(
        line_of(name, epochs, [&](const EpochRecord& e) { return e.validation_accuracy[head]; }));
  }
  html += curves("head_losses", "Validation loss of each head", "loss", epochs, std::move(losses));
  html += curves("head_accuracies", "Right answers on the validation stopes", "share", epochs,
                 std::move(accuracies));
  html += learning_rate_chart(epochs);
  return html + "</div>\n</section>\n";
}

}  // namespace deepmine::apps::report
