#include "apps/report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/assessment_table.h"
#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/report/style.h"

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

}  // namespace

std::string summary_section(const lifecycle::Report& report) {
  std::string html = "<header>\n<h1>Stope stability report</h1>\n";
  html += paragraph(fmt::format("Model {}, version {}, trained {}. Report made {} by Deepmine Sentinel {}.",
                                report.metadata.model_id, report.metadata.sequence,
                                report.metadata.created_at, report.created_at, report.program_version),
                    "note");
  if (!report.has_data)
    return html + paragraph("A report about the model alone: no data was given.", "note") + "</header>\n";
  std::array<std::size_t, 4> counts{};
  for (const lifecycle::ReportStope& stope : report.stopes)
    ++counts[static_cast<std::size_t>(urgency(stope.assessment))];
  html += "<div class=\"tiles\">" + tile(report.stopes.size(), "stopes", "") +
          tile(counts[0], "unstable", "bad") + tile(counts[1], "alert: worse ahead", "alert") +
          tile(counts[2], "not known: inspect", "unknown") + tile(counts[3], "stable, no alert", "good") +
          "</div>\n";
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
