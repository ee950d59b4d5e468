// What a user sees of a training while it runs, on stderr.
#pragma once

#include <string>

#include "apps/context.h"
#include "apps/terminal.h"
#include "lifecycle/training_run.h"

namespace deepmine::apps {

/// On a terminal a line with a bar that is redrawn, and a line an epoch that stays; elsewhere the line an
/// epoch only; with --quiet nothing. Not thread-safe.
class TrainingDisplay {
 public:
  TrainingDisplay(const Context& context, const train::TrainingPlan& plan, int threads);

  void started(const lifecycle::TrainingOutline& outline, const std::string& split_method);
  void step_ended(const lifecycle::StepReport& report);
  void epoch_ended(const lifecycle::EpochRecord& record);
  void warning(const std::string& text);  ///< with --quiet, too

 private:
  std::string validation_text(double loss) const;

  const Context& context_;
  train::TrainingPlan plan_;
  int threads_;
  ProgressLine line_;
  bool has_validation_ = true;
};

}  // namespace deepmine::apps
