// `deepmine predict --stream`: one JSON case a line on stdin, one line of JSON on stdout for each, for as
// long as a program of any language likes to ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/day_options.h"
#include "lifecycle/service.h"

namespace deepmine::apps {

struct StreamOptions {
  DayOptions days;        ///< asked for anew with every line: a stream may run for weeks
  std::string site_file;  ///< empty: none
  std::optional<double> threshold, coverage;
  int samples = 0;  ///< of Monte Carlo dropout; 0: none
  std::uint64_t sample_seed = 0;
  bool attributions = false;
  bool exit_on_alert = false;
  int threads = 1;
};

/// Answers until stdin ends. The answers are in the order of the lines; each is written as soon as it and
/// those before it are there. A line that is no case gives `{"schema_version", "error": {code, message,
/// line}}` and ends nothing. Returns the exit code: 4 if an answer did not come from the model in service,
/// else 10, else 5, as `predict` does. Throws Error{failure} if stdin or stdout fails, Error{usage}
/// if the site file can't be used.
int predict_stream(lifecycle::Service& service, const StreamOptions& options);

}  // namespace deepmine::apps
