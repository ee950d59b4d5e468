#include "apps/report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/assessment_table.h"
#include "apps/assessment_text.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/report/style.h"
#include "apps/response_text.h"

namespace deepmine::apps::report {
namespace {

/// No `</script>` and no comment can begin in it.
std::string inside_script(const std::string& json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

std::string tile(std::size_t count, std::string_view what, std::string_view kind) {
  return fmt::format("<div><b class=\"{}\">{}</b>{}</div>", kind, count, escaped(what));
}

/// How many stopes are of each colour of the site's response plan.
std::string colour_tiles(const lifecycle::Report& report) {
  std::string html = "<div class=\"tiles\" id=\"response_plan\">";
  for (const stope::ResponseColour colour : {stope::ResponseColour::red, stope::ResponseColour::amber,
                                             stope::ResponseColour::unknown, stope::ResponseColour::green}) {
    const auto stopes =
        std::count_if(report.stopes.begin(), report.stopes.end(), [&](const lifecycle::ReportStope& s) {
          return s.assessment.response && s.assessment.response->colour == colour;
        });
    html += fmt::format("<div data-colour=\"{0}\"><b>{1}</b><span class=\"plan plan-{0}\">{2}</span></div>",
                        name(colour), stopes, colour_word(colour));
  }
  return html + "</div>\n";
}

/// How many stopes need what. A stope that is stable today can be amber or red by the site's plan: with a
/// plan, only its green ones are counted as good.
std::string tiles(const lifecycle::Report& report) {
  std::array<std::size_t, 4> counts{};
  for (const lifecycle::ReportStope& stope : report.stopes)
    ++counts[static_cast<std::size_t>(urgency(stope.assessment))];
  const bool has_plan = report.settings.response_plan.in_use();
  std::string html = "<div class=\"tiles\">" + tile(report.stopes.size(), "stopes", "") +
                     tile(counts[0], "unstable", "bad") + tile(counts[1], "alert: worse ahead", "alert") +
                     tile(counts[2], "not known: inspect", "unknown") +
                     (has_plan ? "" : tile(counts[3], "stable, no alert", "good")) + "</div>\n";
  if (!has_plan) return html;
  return html +
         paragraph("By the site's response plan, which sees the last days and more than today's answer:") +
         colour_tiles(report);
}

}  // namespace

std::string old_data_warning(const lifecycle::Report& report) {
  if (!report.today) return "";
  ReportContext context;
  context.today = *report.today;
  context.largest_age = report.settings.data.largest_age;
  std::vector<const stope::Assessment*> assessments;
  for (const lifecycle::ReportStope& stope : report.stopes) assessments.push_back(&stope.assessment);
  return age_warning(assessments, context);
}

std::string summary_section(const lifecycle::Report& report) {
  std::string html = "<header>\n<h1>Stope stability report</h1>\n";
  html += paragraph(fmt::format("Model {}, version {}, trained {}. Report made {} by Deepmine Sentinel {}.",
                                report.metadata.model_id, report.metadata.sequence,
                                report.metadata.created_at, report.created_at, report.program_version),
                    "note");
  if (!report.has_data)
    return html + paragraph("A report about the model alone: no data was given.", "note") + "</header>\n";
  if (const std::string warning = old_data_warning(report); !warning.empty())
    html += paragraph("OLD DATA: " + warning, "old");
  html += tiles(report);
  if (report.data.last_day)
    html += paragraph("Last reading: " + stope::format_day(*report.data.last_day) +
                      ". The report says nothing about later days than it names.");
  return html + "</header>\n";
}

std::string report_page(const lifecycle::Report& report, std::size_t most_stopes) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>Deepmine Sentinel: stope stability report</title>\n<style>";
  html += style_sheet;
  html += "</style>\n</head>\n<body>\n" + summary_section(report);
  html += stopes_section(report, shown_stopes(report, most_stopes));
  html += skill_section(report) + trust_section(report) + training_section(report) + data_section(report) +
          model_card_section(report);
  html +=
      "<footer>Deepmine Sentinel supports decisions of people who know the mine; it does not replace "
      "them.</footer>\n";
  html += "<script type=\"application/json\" id=\"report\">" +
          inside_script(report_json(report, most_stopes)) + "</script>\n</body>\n</html>\n";
  return html;
}

}  // namespace deepmine::apps::report
