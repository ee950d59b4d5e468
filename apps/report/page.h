// The report as one HTML file: style and drawings inside, no script, nothing fetched from anywhere.
#pragma once

#include <cstddef>
#include <string>

#include "lifecycle/report.h"

namespace deepmine::apps::report {

/// The numbers of the page, as one JSON document; it is in the page as well (`<script type="application/json"
/// id="report">`, which no browser runs). `most_stopes`: of the table, the worst first.
std::string report_json(const lifecycle::Report& report, std::size_t most_stopes);

/// That the data is too old to say anything about today, as `predict` decides and words it; empty otherwise.
std::string old_data_warning(const lifecycle::Report& report);

std::string report_page(const lifecycle::Report& report, std::size_t most_stopes);

}  // namespace deepmine::apps::report
