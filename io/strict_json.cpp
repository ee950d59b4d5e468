#include "io/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "engine/nn/error.h"
#include "io/json_syntax.h"

namespace deepmine::io {

/// JSON as such lets the last of two equal names win; here the second is a fault.
nlohmann::json parse_strict_json(std::string_view text, const std::string& source) {
  using Json = nlohmann::json;
  constexpr int deepest_nesting = 16;
  std::vector<std::set<std::string>> open_objects;
  std::string repeated;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    // Showing a value walks down into it: one that is nested without end would take the whole stack.
    if (depth > deepest_nesting)
      throw Error(ErrorCode::usage, fmt::format("{}: nested more than {} deep, expected a JSON object",
                                                source, deepest_nesting));
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(parsed.get<std::string>()).second)
      repeated = parsed.get<std::string>();
    return true;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), watch);
    if (repeated.empty()) return json;
  } catch (const Json::parse_error& error) {
    const JsonFault fault = describe_json_fault(text, error.byte, error.what());
    throw Error(ErrorCode::usage, fmt::format("{}: no JSON at line {}, column {}: {}", source, fault.line,
                                              fault.column, fault.problem));
  } catch (const Json::exception& error) {  // a number that no double can hold, which it quotes
    const std::string_view message = error.what();
    const std::string_view number = message.substr(std::min(message.find('\''), message.size()));
    throw Error(ErrorCode::usage, fmt::format("{}: a number is too large: {}", source, number));
  }
  throw Error(ErrorCode::usage,
              fmt::format("{}: the name '{}' stands twice in one object; remove one", source, repeated));
}

}  // namespace deepmine::io
