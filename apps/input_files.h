// The two input files of a mine as options, and what was found in them as text.
#pragma once

#include <string>
#include <vector>

#include "apps/context.h"
#include "io/stope_csv.h"

namespace deepmine::apps {

struct InputFiles {
  std::string statics, timeseries;
  bool sort = false;
};

/// `--static FILE --timeseries FILE [--sort]`.
void add_input_options(CLI::App& verb, InputFiles& files);

/// Prints the warnings among the findings on stderr (at most twenty, the rest is counted) and, unless
/// --quiet, the notes.
void print_findings(const Context& context, const io::StopeData& data);

/// Prints every listed finding that rejects a stope, a line each, at most a hundred.
void print_rejections(const io::StopeData& data);

}  // namespace deepmine::apps
