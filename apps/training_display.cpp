#include "apps/training_display.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace deepmine::apps {
namespace {

std::string count(std::int64_t number) {
  return with_thousands(number);
}

std::string spaced(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string loss_text(double loss) {
  return std::isfinite(loss) ? fmt::format("{:.4f}", loss) : "-";
}

/// Days and stopes that gave no window, by reason.
std::string unusable_text(const stope::DatasetCounts& counts) {
  std::string text;
  const auto add = [&text](std::int64_t number, std::string_view what) {
    if (number > 0) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", count(number), what);
  };
  for (std::size_t state = 0; state < stope::window_state_count; ++state)
    if (static_cast<stope::WindowState>(state) != stope::WindowState::usable)
      add(counts.days[state], "days: " + spaced(name(static_cast<stope::WindowState>(state))));
  add(counts.stopes_without_readings, "stopes without readings");
  add(counts.stopes_with_incomplete_record, "stopes with a missing value or an unknown category");
  return text.empty() ? "none" : text;
}

}  // namespace

TrainingDisplay::TrainingDisplay(const Context& context, const train::TrainingPlan& plan, int threads)
    : context_(context), plan_(plan), threads_(threads), line_(!context.quiet && stderr_is_terminal()) {}

void TrainingDisplay::started(const lifecycle::TrainingOutline& outline, const std::string& split_method) {
  has_validation_ = outline.validation_windows > 0;
  const auto part = [](std::size_t stopes, std::size_t windows) {
    if (windows == 0) return std::string("none");
    return fmt::format("{} stopes, {} windows", stopes, count(static_cast<std::int64_t>(windows)));
  };
  print_message(
      context_,
      fmt::format("training    {}\nvalidation  {}\ntest        {}\nsplit       {}, seed {}\nunusable    {}",
                  part(outline.training_stopes, outline.training_windows),
                  part(outline.validation_stopes, outline.validation_windows),
                  part(outline.test_stopes, outline.test_windows), split_method, plan_.seed,
                  unusable_text(outline.counts)));
  if (!has_validation_)
    print_message(context_,
                  "            the training loss decides when to stop and which epoch is best: it favours "
                  "networks that know their stopes by heart");
  if (outline.counts.windows_without_label > 0)
    print_message(context_, fmt::format("no label    {} windows: they train the future heads only",
                                        count(outline.counts.windows_without_label)));
  print_message(context_,
                fmt::format("network     {} parameters, batches of {}, at most {} epochs, {} thread{}\n"
                            "checkpoint  {}",
                            count(static_cast<std::int64_t>(outline.parameters)), plan_.batch_size,
                            plan_.epochs, threads_, threads_ == 1 ? "" : "s", outline.checkpoint.string()));
  if (outline.resumed)
    print_message(context_,
                  fmt::format("resumed     in epoch {} after {} of its steps", outline.epoch, outline.step));
}

void TrainingDisplay::step_ended(const lifecycle::StepReport& report) {
  const bool last = report.step == report.steps;  // validation follows: the line will stand for a while
  if (!line_.is_due() && !(last && line_.visible())) return;
  constexpr int bar_width = 24;
  line_.draw(fmt::format("epoch {}/{} {} {}/{} loss {}{} {} samples/s {}", report.epoch, report.epochs,
                         progress_bar(double(report.step) / report.steps, bar_width), report.step,
                         report.steps, loss_text(report.loss), validation_text(report.validation_loss),
                         count(std::llround(report.samples_per_second)),
                         last ? "validating" : format_duration(report.seconds_left) + " left"));
}

void TrainingDisplay::epoch_ended(const lifecycle::EpochRecord& record) {
  line_.clear();
  print_message(context_, fmt::format("epoch {:>{}}/{}  loss {}{}  learning rate {:g}  {} samples/s  {}{}",
                                      record.epoch, std::to_string(plan_.epochs).size(), plan_.epochs,
                                      loss_text(record.training_loss),
                                      has_validation_ ? " " + validation_text(record.validation_loss) : "",
                                      record.learning_rate, count(std::llround(record.samples_per_second)),
                                      format_duration(record.seconds), record.best ? "  best" : ""));
}

void TrainingDisplay::warning(const std::string& text) {
  line_.clear();
  print_warning("warning: " + text);
}

/// ` val 0.1234`; nothing where there is no validation part.
std::string TrainingDisplay::validation_text(double loss) const {
  return has_validation_ ? " val " + loss_text(loss) : "";
}

}  // namespace deepmine::apps
