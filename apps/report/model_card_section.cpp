#include <fmt/format.h>

#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/terminal.h"

namespace deepmine::apps::report {
namespace {

std::string list(std::initializer_list<std::string> sentences) {
  std::string html = "<ul>";
  for (const std::string& sentence : sentences) html += fmt::format("<li>{}</li>", escaped(sentence));
  return html + "</ul>\n";
}

std::string facts(const lifecycle::Report& report) {
  const io::ModelMetadata& m = report.metadata;
  return "<table class=\"facts\"><tbody>\n" +
         row({"Model", escaped(fmt::format("{}, version {} of its store", m.model_id, m.sequence))}) +
         row({"Trained", escaped(fmt::format("{} by program version {}, seed {}", m.created_at,
                                             m.program_version, m.plan.seed))}) +
         row({"Network", escaped(fmt::format(
                             "{} parameters; {} days of {} sensors, {} static inputs; horizons {} days",
                             with_thousands(m.total_parameters), report.network.days, report.network.sensors,
                             report.network.static_features, fmt::join(report.network.horizons, ", ")))}) +
         row({"Trained on",
              escaped(fmt::format("{} stopes; {} more decided when to stop; {} were kept back",
                                  m.split.training_stopes.size(), m.split.validation_stopes.size(),
                                  m.split.test_stopes.size()))}) +
         row({"Data",
              escaped(fmt::format("{} windows of {} readings; SHA-256 {}", with_thousands(m.data.windows),
                                  with_thousands(m.data.timeseries_rows), m.data.sha256))}) +
         row({"Unstable from",
              escaped(
                  fmt::format("probability {:g} on; alert at level {} or above, or above probability {:g}",
                              report.settings.assessment.decision_threshold,
                              stope::name(report.settings.assessment.alert_level),
                              report.settings.assessment.high_above))}) +
         "</tbody></table>\n";
}

}  // namespace

std::string model_card_section(const lifecycle::Report& report) {
  const io::ModelMetadata& metadata = report.metadata;
  std::string html = "<section id=\"model_card\">\n<h2>Model card</h2>\n" + facts(report);
  html += "<h3>What it is for</h3>\n";
  html += list(
      {"To tell a geotechnical engineer which underground stopes to look at first, and what speaks for it.",
       "It supports a decision; it does not make one. No answer of it replaces an inspection, and where it "
       "says "
       "that it does not know, the stope is to be inspected."});
  html += "<h3>What it is not for</h3>\n";
  html += list({"Automatic release of an area for entry, or silencing of an alarm of another system.",
                "Mines, rock types or support systems that are not among those it was trained on, without an "
                "evaluation on "
                "stopes of that mine.",
                "Sudden events such as seismicity: it sees daily means."});
  html += "<h3>Limits</h3>\n";
  html += list(
      {fmt::format(
           "It has learnt from {} stopes. Its answers about a kind of stope that is not among them are "
           "guesses, however sure they look.",
           metadata.split.training_stopes.size()),
       "What it says about the days ahead was learnt from the levels that the rule set gave to later "
       "readings, not "
       "from observed failures.",
       fmt::format(
           "It needs {} days of readings of {} sensors up to the day of the answer; it abstains where too "
           "much of that is missing.",
           report.network.days, report.network.sensors),
       "Its probabilities are those of stopes like the ones it was trained on. Where ground, mining method "
       "or "
       "sensors change, they drift: judge it again, and train it again."});
  return html + "</section>\n";
}

}  // namespace deepmine::apps::report
