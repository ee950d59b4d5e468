#include "apps/input_files.h"

#include <fmt/format.h>

#include <CLI/App.hpp>

#include "apps/printable_text.h"
#include "engine/nn/error.h"
#include "io/site_file.h"

namespace deepmine::apps {
namespace {

/// The issues of one severity, a line each.
std::string issue_lines(const io::StopeData& data, stope::Severity severity, const char* label,
                        std::size_t most_lines) {
  std::string text;
  std::size_t count = 0;
  for (const stope::Issue& issue : data.issues) {
    if (issue.severity != severity) continue;
    if (++count <= most_lines)
      text += fmt::format("{}{}{}", text.empty() ? "" : "\n", label, printable(describe(issue)));
  }
  if (count > most_lines)
    text += fmt::format("\n{}{} more; `deepmine validate` lists them", label, count - most_lines);
  return text;
}

}  // namespace

stope::SiteSettings InputFiles::settings(const stope::SiteSettings& base) const {
  return site.empty() ? base : io::read_site_file(site, base);
}

void add_input_options(CLI::App& verb, InputFiles& files) {
  verb.add_option("--static", files.statics, "Static file, a row a stope; `-` is stdin")
      ->required()
      ->type_name("FILE");
  verb.add_option("--timeseries", files.timeseries, "Time-series file, a row a reading; `-` is stdin")
      ->required()
      ->type_name("FILE");
  verb.add_flag("--sort", files.sort,
                "Readings may stand in any order; without it, disorder rejects the stope");
  verb.add_option("--site", files.site,
                  "Site file (JSON) of the mine: thresholds, age limits, sentinels, words of advice, "
                  "response plan (docs/site_file.md)")
      ->type_name("FILE");
}

void print_findings(const Context& context, const io::StopeData& data) {
  constexpr std::size_t most_lines = 20;
  const std::string warnings = issue_lines(data, stope::Severity::warning, "warning: ", most_lines);
  if (!warnings.empty()) print_warning(warnings);
  const std::string notes = issue_lines(data, stope::Severity::note, "note: ", most_lines);
  if (!notes.empty()) print_message(context, notes);
}

void print_rejections(const io::StopeData& data) {
  constexpr std::size_t most_lines = 100;
  print_warning(issue_lines(data, stope::Severity::rejected, "", most_lines));
}

void leave_out_rejected(io::StopeData& data, bool skip_rejected) {
  if (data.rejected.empty()) return;
  print_rejections(data);
  if (!skip_rejected)
    throw Error(
        ErrorCode::data_invalid,
        fmt::format("{} of {} stopes are rejected: correct the lines above, or go on without them with "
                    "--skip-rejected",
                    data.rejected.size(), data.stopes.size()));
  print_warning(fmt::format("warning: going on without {} rejected stopes: {}", data.rejected.size(),
                            fmt::join(data.rejected, ", ")));
  data.leave_out_rejected();
}

io::StopeData read_labelled_data(const InputFiles& files, const stope::SiteSettings& settings,
                                 bool skip_rejected, const Context& context) {
  io::StopeCsvOptions csv;
  csv.sort = files.sort;
  csv.label_required = true;
  csv.hash_files = true;
  csv.sentinels = settings.data.sentinels;
  io::StopeData data = io::read_stope_csv(files.statics, files.timeseries, csv);
  io::require_usable(data);
  leave_out_rejected(data, skip_rejected);
  print_findings(context, data);
  return data;
}

}  // namespace deepmine::apps
