#include "io/site_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/nearest_name.h"
#include "io/strict_json.h"

namespace deepmine::io {
namespace {

using Json = nlohmann::json;

template <class Value>
constexpr bool is_list = false;
template <class Element>
constexpr bool is_list<std::vector<Element>> = true;

/// Reads values onto the fields of a table and collects what is wrong, each with its place.
class SiteReader {
 public:
  template <class Value>
  void read(const Json& json, Value& value, const std::string& place) {
    if constexpr (std::is_same_v<Value, bool>) {
      if (json.is_boolean())
        value = json.get<bool>();
      else
        wrong(place, "true or false", json);
    } else if constexpr (std::is_same_v<Value, int>) {
      read_whole_number(json, value, place);
    } else if constexpr (std::is_same_v<Value, double>) {
      if (json.is_number() && std::isfinite(json.get<double>()))
        value = json.get<double>();
      else
        wrong(place, "a number", json);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      if (json.is_string())
        value = json.get<std::string>();
      else
        wrong(place, "a text in quotes", json);
    } else if constexpr (std::is_same_v<Value, stope::RiskLevel>) {
      read_level(json, value, place);
    } else if constexpr (std::is_same_v<Value, std::vector<stope::Recommendation>>) {
      read_recommendations(json, value, place);
    } else if constexpr (is_list<Value>) {
      read_list(json, value, place);
    } else {
      read_object(json, value, place);
    }
  }

  const std::vector<std::string>& problems() const { return problems_; }
  /// Places of values that were not taken over.
  const std::vector<std::string>& refused() const { return refused_; }

 private:
  void wrong(const std::string& place, std::string_view expected, const Json& found) {
    problems_.push_back(
        fmt::format("{}: expected {}, found {}", place.empty() ? "the file" : place, expected, shown(found)));
    refused_.push_back(place);
  }

  static std::string shown(const Json& found) {
    constexpr std::size_t longest = 80;
    std::string text = found.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= longest) return text;
    return found.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, longest) + "...";
  }

  void read_whole_number(const Json& json, int& value, const std::string& place) {
    constexpr std::int64_t largest = 1'000'000;
    const bool fits =
        json.is_number_integer() && std::abs(json.get<double>()) <= static_cast<double>(largest);
    if (fits)
      value = json.get<int>();
    else
      wrong(place, "a whole number", json);
  }

  void read_level(const Json& json, stope::RiskLevel& level, const std::string& place) {
    for (std::size_t i = 0; i < stope::risk_level_count; ++i)
      if (json.is_string() && json.get<std::string>() == stope::risk_level_names[i]) {
        level = static_cast<stope::RiskLevel>(i);
        return;
      }
    wrong(place, fmt::format("one of {}", fmt::join(stope::risk_level_names, ", ")), json);
  }

  template <class Element>
  void read_list(const Json& json, std::vector<Element>& list, const std::string& place) {
    if (!json.is_array()) return wrong(place, "a list in brackets", json);
    list.clear();
    for (std::size_t i = 0; i < json.size(); ++i)
      read(json[i], list.emplace_back(), fmt::format("{}[{}]", place, i));
  }

  /// A code replaces the text of that code; a code that is not in the table stays in the list, where
  /// problems() finds it.
  void read_recommendations(const Json& json, std::vector<stope::Recommendation>& table,
                            const std::string& place) {
    std::vector<stope::Recommendation> replacements;
    read_list(json, replacements, place);
    std::set<std::string> seen;
    for (const stope::Recommendation& replacement : replacements) {
      if (!seen.insert(replacement.code).second)
        problems_.push_back(fmt::format("{}: the code '{}' stands there twice", place, replacement.code));
      bool known = false;
      for (stope::Recommendation& line : table)
        if (line.code == replacement.code) {
          line.text = replacement.text;
          known = true;
        }
      if (!known) table.push_back(replacement);
    }
  }

  template <class Table>
  void read_object(const Json& json, Table& table, const std::string& place) {
    if (!json.is_object()) return wrong(place, "an object in braces", json);
    std::set<std::string> known;
    Table::visit_fields(table, [&](const char* name, auto& field) {
      known.insert(name);
      if (const auto found = json.find(name); found != json.end())
        read(*found, field, place.empty() ? name : place + "." + name);
    });
    for (const auto& [name, value] : json.items())
      if (!known.contains(name)) unknown_name(place, name, known);
  }

  void unknown_name(const std::string& place, const std::string& name, const std::set<std::string>& known) {
    constexpr std::size_t most_suggestions = 20;  // whoever needs more has another kind of file
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const std::string meant = problems_.size() < most_suggestions ? nearest_name(name, candidates) : "";
    problems_.push_back(fmt::format(
        "{}: unknown name '{}'{}, expected one of: {}", place.empty() ? "the file" : place, name,
        meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant), fmt::join(known, ", ")));
    // What was meant is missing now; that it is need not be said, too.
    if (!meant.empty()) refused_.push_back(place.empty() ? meant : place + "." + meant);
  }

  std::vector<std::string> problems_, refused_;
};

/// The field with which a problem of stope::problems() begins.
std::string_view place_of(std::string_view problem) {
  return problem.substr(0, problem.find(':'));
}

/// Whether one place is the other or a part of it.
bool overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (a.empty() || a.size() == b.size() || b[a.size()] == '.' || b[a.size()] == '[');
}

std::string list_of(const std::vector<std::string>& problems) {
  constexpr std::size_t most = 50;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, problems.size()); ++i) text += "\n  " + problems[i];
  if (problems.size() > most) text += fmt::format("\n  and {} more", problems.size() - most);
  return text;
}

}  // namespace

stope::SiteSettings parse_site_settings(std::string_view text, const std::string& source,
                                        const stope::SiteSettings& base) {
  stope::SiteSettings settings = base;
  SiteReader reader;
  reader.read(parse_strict_json(text, source), settings, "");
  std::vector<std::string> problems = reader.problems();
  for (std::string& problem : stope::problems(settings)) {
    // What follows from a value that could not be read is no problem of its own.
    const bool follows =
        std::any_of(reader.refused().begin(), reader.refused().end(),
                    [&](const std::string& place) { return overlap(place_of(problem), place); });
    if (!follows) problems.push_back(std::move(problem));
  }
  if (problems.empty()) return settings;
  throw Error(ErrorCode::usage,
              fmt::format("{}: the site file can't be used, and nothing was done; put right:{}\n"
                          "docs/site_file.md says what each name means",
                          source, list_of(problems)));
}

stope::SiteSettings read_site_file(const std::filesystem::path& path, const stope::SiteSettings& base) {
  constexpr std::uint64_t largest = 1 << 20;
  return parse_site_settings(read_file(path, largest, ErrorCode::usage), path.string(), base);
}

}  // namespace deepmine::io
