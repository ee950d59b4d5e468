// JSON that people write by hand, read strictly: what is a slip in it must not pass for a choice. For .cpp
// files only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace deepmine::io {

/// The document. Throws Error{usage} that names `source` for text that is no JSON (with line and column), for
/// a name that stands twice in one object, and for values that are nested more than 16 deep.
nlohmann::json parse_strict_json(std::string_view text, const std::string& source);

}  // namespace deepmine::io
