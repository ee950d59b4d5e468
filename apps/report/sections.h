// The sections of the report, each a `<section>` of HTML.
#pragma once

#include <span>
#include <string>

#include "lifecycle/report.h"

namespace deepmine::apps::report {

/// The stopes that the page shows, and of how many.
struct ShownStopes {
  std::vector<const lifecycle::ReportStope*> stopes;  ///< worst first
  std::size_t of = 0;
};
ShownStopes shown_stopes(const lifecycle::Report& report, std::size_t most);

std::string summary_section(const lifecycle::Report& report);
std::string stopes_section(const lifecycle::Report& report, const ShownStopes& shown);
std::string skill_section(const lifecycle::Report& report);
std::string trust_section(const lifecycle::Report& report);
std::string training_section(const lifecycle::Report& report);
std::string data_section(const lifecycle::Report& report);
std::string model_card_section(const lifecycle::Report& report);

}  // namespace deepmine::apps::report
