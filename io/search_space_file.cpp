#include "io/search_space_file.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/strict_json.h"

namespace deepmine::io {
namespace {

using Json = nlohmann::json;
using train::SearchDimension;
using Kind = SearchDimension::Kind;

constexpr const char* kind_names[] = {"choice", "uniform", "log_uniform"};

class SpaceReader {
 public:
  train::SearchSpace read(const Json& json) {
    train::SearchSpace space;
    if (!json.is_object()) {
      wrong("the file", "an object in braces with a setting a name", json);
      return space;
    }
    if (json.empty()) problems_.emplace_back("the file: expected at least one setting, found none");
    for (const auto& [name, value] : json.items()) read_dimension(value, space.emplace_back(), name);
    return space;
  }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void wrong(const std::string& place, const std::string& expected, const Json& found) {
    problems_.push_back(fmt::format("{}: expected {}, found {}", place, expected, found.dump()));
  }

  void read_dimension(const Json& json, SearchDimension& dimension, const std::string& name) {
    dimension.name = name;
    if (!json.is_object() || json.size() != 1)
      return wrong(
          name, R"(one of {"choice": [...]}, {"uniform": [lowest, highest]}, {"log_uniform": [...]})", json);
    const std::string kind = json.begin().key();
    for (std::size_t k = 0; k < std::size(kind_names); ++k) {
      if (kind != kind_names[k]) continue;
      dimension.kind = static_cast<Kind>(k);
      const std::string place = std::string(name).append(".").append(kind);
      return dimension.kind == Kind::choice ? read_choices(json.begin().value(), dimension, place)
                                            : read_range(json.begin().value(), dimension, place);
    }
    problems_.push_back(
        fmt::format("{}: expected one of {}, found '{}'", name, fmt::join(kind_names, ", "), kind));
  }

  void read_choices(const Json& json, SearchDimension& dimension, const std::string& place) {
    if (!json.is_array() || json.empty()) return wrong(place, "a list of at least one value", json);
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (json[i].is_string())
        dimension.choices.emplace_back(json[i].get<std::string>());
      else if (json[i].is_number() && std::isfinite(json[i].get<double>()))
        dimension.choices.emplace_back(json[i].get<double>());
      else
        wrong(fmt::format("{}[{}]", place, i), "a number or a text in quotes", json[i]);
    }
  }

  void read_range(const Json& json, SearchDimension& dimension, const std::string& place) {
    const auto is_number = [](const Json& j) { return j.is_number() && std::isfinite(j.get<double>()); };
    if (!json.is_array() || json.size() != 2 || !is_number(json[0]) || !is_number(json[1]))
      return wrong(place, "two numbers, [lowest, highest]", json);
    dimension.lowest = json[0].get<double>();
    dimension.highest = json[1].get<double>();
    if (!(dimension.lowest < dimension.highest)) wrong(place, "the lower number first", json);
    if (dimension.kind == Kind::log_uniform && !(dimension.lowest > 0))
      wrong(place + "[0]", "a number above 0, because its logarithm is taken", json[0]);
  }

  std::vector<std::string> problems_;
};

Json value_json(const train::SettingValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::get<std::string>(value);
}

}  // namespace

train::SearchSpace parse_search_space(std::string_view text, const std::string& source) {
  SpaceReader reader;
  train::SearchSpace space = reader.read(parse_strict_json(text, source));
  if (reader.problems().empty()) return space;
  throw Error(ErrorCode::usage, fmt::format("{}: the search space can't be used:\n  {}", source,
                                            fmt::join(reader.problems(), "\n  ")));
}

train::SearchSpace read_search_space(const std::filesystem::path& path) {
  constexpr std::uint64_t largest = 1 << 20;
  return parse_search_space(read_file(path, largest, ErrorCode::usage), path.string());
}

std::string search_space_json(const train::SearchSpace& space) {
  Json json = Json::object();
  for (const SearchDimension& dimension : space) {
    Json values = Json::array();
    if (dimension.kind == Kind::choice)
      for (const train::SettingValue& choice : dimension.choices) values.push_back(value_json(choice));
    else
      values = {dimension.lowest, dimension.highest};
    json[dimension.name] = {{kind_names[static_cast<std::size_t>(dimension.kind)], values}};
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace deepmine::io
