// The site file: what one mine sets differently from the product's table of thresholds
// (engine/stope/thresholds.h). A JSON object with the names of that table; what is not named stays as it is.
// `deepmine train --site` stores the result inside the model.
//
//     { "data": { "sentinels": [-999], "largest_age": 2 },
//       "assessment": { "decision_threshold": 0.4 },
//       "recommendations": [ { "code": "evacuate_and_assess", "text": "Red: withdraw, call the shift boss." }
//       ] }
//
// Lists replace the product's list as a whole, but for `recommendations`, where a code replaces the text of
// that code.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/stope/thresholds.h"

namespace deepmine::io {

/// `base` with what the text sets. Throws Error{usage} naming `source`, the field, what was expected and what
/// was found: for text that is no JSON, unknown or repeated names, values of the wrong kind, and settings
/// that make no sense (all problems in one message).
stope::SiteSettings parse_site_settings(std::string_view text, const std::string& source,
                                        const stope::SiteSettings& base = {});

/// The same from a file of at most 1 MiB.
stope::SiteSettings read_site_file(const std::filesystem::path& path, const stope::SiteSettings& base = {});

}  // namespace deepmine::io
