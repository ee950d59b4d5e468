#include <fmt/format.h>

#include "apps/report/markup.h"
#include "apps/report/sections.h"
#include "apps/terminal.h"

namespace deepmine::apps::report {
namespace {

std::string optional_number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "–";
}

std::string sensor_table(const io::DataReport& data) {
  std::string html =
      "<div class=\"wide\"><table class=\"sensors\"><thead>" +
      header_row({"Sensor", "Unit", "Days read", "Days missing", "Lowest", "Mean", "Highest", "Flat lines"}) +
      "</thead><tbody>\n";
  for (std::size_t i = 0; i < stope::sensor_count; ++i) {
    const io::SensorSummary& sensor = data.sensors[i];
    const auto days = static_cast<double>(sensor.observed_days + sensor.missing_days);
    html += row({std::string(stope::sensor_columns[i].name), escaped(stope::sensor_columns[i].unit),
                 with_thousands(sensor.observed_days),
                 fmt::format("{} ({})", with_thousands(sensor.missing_days),
                             percent(days > 0 ? static_cast<double>(sensor.missing_days) / days : 0)),
                 optional_number(sensor.lowest), optional_number(sensor.mean),
                 optional_number(sensor.highest), with_thousands(sensor.flat_lines)});
  }
  return html + "</tbody></table></div>\n";
}

std::string findings(const io::DataReport& data) {
  constexpr std::size_t most = 30;
  if (data.issues.empty()) return paragraph("No finding: every row could be used.");
  std::string html = "<details open><summary>Findings in the files</summary><ul>";
  for (std::size_t i = 0; i < data.issues.size() && i < most; ++i)
    html += fmt::format("<li>{}</li>", escaped(stope::describe(data.issues[i])));
  html += "</ul></details>\n";
  if (data.issues.size() > most)
    html +=
        paragraph(fmt::format("{} more; `deepmine validate` lists them.", data.issues.size() - most), "note");
  return html;
}

}  // namespace

std::string data_section(const lifecycle::Report& report) {
  if (!report.has_data) return "";
  const io::DataReport& data = report.data;
  std::string html = "<section id=\"data\">\n<h2>The data of this report</h2>\n";
  html += paragraph(fmt::format(
      "{} stopes ({} recorded as stable, {} as unstable, {} without a label), {} rejected; {} readings, {} "
      "to {}.",
      data.stopes, data.labelled_stable, data.labelled_unstable, data.unlabelled, data.rejected.size(),
      with_thousands(data.timeseries_rows), data.first_day ? stope::format_day(*data.first_day) : "–",
      data.last_day ? stope::format_day(*data.last_day) : "–"));
  html += paragraph(fmt::format(
      "{} of them have usable windows of {} days; {} could be answered for on their own last day.",
      data.stopes_with_windows, data.plan.days, data.stopes_usable_on_last_day));
  return html + sensor_table(data) + findings(data) + "</section>\n";
}

}  // namespace deepmine::apps::report
