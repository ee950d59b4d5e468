// The style sheet of the report.
#pragma once

namespace deepmine::apps::report {

extern const char* const style_sheet;

}  // namespace deepmine::apps::report
