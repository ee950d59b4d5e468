// The two input files of a mine as options, and what was found in them as text.
#pragma once

#include <string>
#include <vector>

#include "apps/context.h"
#include "engine/stope/thresholds.h"
#include "io/stope_csv.h"

namespace deepmine::apps {

struct InputFiles {
  std::string statics, timeseries;
  bool sort = false;
  std::string site;  ///< empty: none

  /// `base` with what the site file sets; `base` itself without one. Throws Error{usage}.
  stope::SiteSettings settings(const stope::SiteSettings& base = {}) const;
};

/// `--static FILE --timeseries FILE [--sort] [--site FILE]`.
void add_input_options(CLI::App& verb, InputFiles& files);

/// Prints the warnings among the findings on stderr (at most twenty, the rest is counted) and, unless
/// --quiet, the notes.
void print_findings(const Context& context, const io::StopeData& data);

/// Takes the rejected stopes out, with a warning, or throws Error{data_invalid} if they may not be skipped.
/// What rejects them is printed in both cases.
void leave_out_rejected(io::StopeData& data, bool skip_rejected);

/// What networks are trained and judged on: read, every label required, hashed, findings printed, rejected
/// stopes left out or refused. Throws Error{data_invalid} where the files can't be used.
io::StopeData read_labelled_data(const InputFiles& files, const stope::SiteSettings& settings,
                                 bool skip_rejected, const Context& context);

/// Prints every listed finding that rejects a stope, a line each, at most a hundred.
void print_rejections(const io::StopeData& data);

}  // namespace deepmine::apps
