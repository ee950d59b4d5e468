#include "io/site_file.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <vector>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
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

 private:
  void wrong(const std::string& place, std::string_view expected, const Json& found) {
    problems_.push_back(
        fmt::format("{}: expected {}, found {}", place.empty() ? "the file" : place, expected, found.dump()));
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
      if (!known.contains(name))
        problems_.push_back(fmt::format("{}: unknown name '{}', expected one of: {}",
                                        place.empty() ? "the file" : place, name, fmt::join(known, ", ")));
  }

  std::vector<std::string> problems_;
};

}  // namespace

stope::SiteSettings parse_site_settings(std::string_view text, const std::string& source,
                                        const stope::SiteSettings& base) {
  stope::SiteSettings settings = base;
  SiteReader reader;
  reader.read(parse_strict_json(text, source), settings, "");
  std::vector<std::string> problems = reader.problems();
  if (problems.empty()) problems = stope::problems(settings);
  if (problems.empty()) return settings;
  throw Error(ErrorCode::usage,
              fmt::format("{}: the site file can't be used:\n  {}", source, fmt::join(problems, "\n  ")));
}

stope::SiteSettings read_site_file(const std::filesystem::path& path, const stope::SiteSettings& base) {
  constexpr std::uint64_t largest = 1 << 20;
  return parse_site_settings(read_file(path, largest, ErrorCode::usage), path.string(), base);
}

}  // namespace deepmine::io
