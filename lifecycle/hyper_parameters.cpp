#include "lifecycle/hyper_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <type_traits>

namespace deepmine::lifecycle {
namespace {

/// What is no setting: the seed and the budget of a search; what follows from the data.
const std::set<std::string_view> no_settings{"seed",        "epochs",     "static_features",
                                             "sensors",     "days",       "horizons",
                                             "risk_levels", "rule_prior", "summary_features"};
constexpr std::string_view unit_fields[] = {"static_units", "temporal_units",      "branch_units",
                                            "shared_units", "shared_output_units", "head_units"};

std::string expected(std::string_view name, std::string_view what, const train::SettingValue& found) {
  const auto* number = std::get_if<double>(&found);
  return fmt::format("{}: expected {}, found {}", name, what,
                     number ? fmt::format("{}", *number) : "'" + std::get<std::string>(found) + "'");
}

std::string_view name_of(train::ClassWeights choice) {
  return train::name(choice);
}
std::string_view name_of(stope::CrossAttention choice) {
  return stope::name(choice);
}

template <class Enumeration>
std::string set_word(std::string_view name, Enumeration& field, const train::SettingValue& value) {
  std::vector<std::string> words;
  for (const auto choice : {Enumeration{0}, Enumeration{1}}) {
    words.emplace_back(name_of(choice));
    if (value == train::SettingValue(words.back())) {
      field = choice;
      return {};
    }
  }
  return expected(name, fmt::format("one of {}", fmt::join(words, ", ")), value);
}

std::string set(std::string_view name, int& field, const train::SettingValue& value) {
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr || *number != std::floor(*number) || std::abs(*number) > 1e9)
    return expected(name, "a whole number", value);
  field = static_cast<int>(*number);
  return {};
}

std::string set(std::string_view name, double& field, const train::SettingValue& value) {
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return expected(name, "a number", value);
  field = *number;
  return {};
}

std::string set(std::string_view name, train::ClassWeights& field, const train::SettingValue& value) {
  return set_word(name, field, value);
}
std::string set(std::string_view name, stope::CrossAttention& field, const train::SettingValue& value) {
  return set_word(name, field, value);
}

template <class Field>
constexpr bool can_be_set =
    std::is_same_v<Field, int> || std::is_same_v<Field, double> || std::is_enum_v<Field>;

/// Looks for the setting among the fields of a struct. False if it is not there.
template <class Struct>
bool set_field(Struct& fields, std::string_view name, const train::SettingValue& value,
               std::string& problem) {
  bool found = false;
  Struct::visit_fields(fields, [&](std::string_view field_name, auto& field) {
    if constexpr (can_be_set<std::remove_reference_t<decltype(field)>>) {
      if (field_name != name || no_settings.contains(field_name)) return;
      found = true;
      problem = set(name, field, value);
    }
  });
  return found;
}

template <class Struct>
void add_names(const Struct& fields, std::vector<std::string>& names) {
  Struct::visit_fields(fields, [&](std::string_view name, const auto& field) {
    if constexpr (can_be_set<std::remove_cvref_t<decltype(field)>>)
      if (!no_settings.contains(name)) names.emplace_back(name);
  });
}

bool takes_whole_numbers(std::string_view name) {
  bool whole = name == units_name;
  const auto look = [&](std::string_view field_name, const auto& field) {
    if (field_name == name) whole = std::is_same_v<std::remove_cvref_t<decltype(field)>, int>;
  };
  const HyperParameters parameters;
  train::TrainingPlan::visit_fields(parameters.plan, look);
  stope::NetworkSpecification::visit_fields(parameters.network, look);
  return whole;
}

std::string apply_one(const std::string& name, const train::SettingValue& value,
                      HyperParameters& parameters) {
  std::string problem;
  if (name == units_name) {
    for (const std::string_view field : unit_fields)
      if (problem.empty()) set_field(parameters.network, field, value, problem);
    if (!problem.empty()) return expected(name, "a whole number", value);
  } else if (!set_field(parameters.plan, name, value, problem) &&
             !set_field(parameters.network, name, value, problem)) {
    return fmt::format("{}: there is no such setting, expected one of {}", name,
                       fmt::join(hyper_parameter_names(), ", "));
  }
  if (problem.empty()) problem = train::problem_with(parameters.plan);
  if (problem.empty()) problem = stope::problem_with(parameters.network);
  return problem.empty() || problem.starts_with(name + ":") ? problem : name + ": " + problem;
}

}  // namespace

std::vector<std::string> network_setting_names() {
  std::vector<std::string> names;
  add_names(stope::NetworkSpecification{}, names);
  return names;
}

std::vector<std::string> hyper_parameter_names() {
  std::vector<std::string> names;
  add_names(train::TrainingPlan{}, names);
  for (std::string& name : network_setting_names()) names.push_back(std::move(name));
  names.emplace_back(units_name);
  return names;
}

std::string apply_settings(const train::Settings& settings, HyperParameters& parameters) {
  // `units` first, so that a size that is named on its own wins.
  if (const auto units = settings.find(std::string(units_name)); units != settings.end())
    if (std::string problem = apply_one(units->first, units->second, parameters); !problem.empty())
      return problem;
  for (const auto& [name, value] : settings)
    if (name != units_name)
      if (std::string problem = apply_one(name, value, parameters); !problem.empty()) return problem;
  return {};
}

std::vector<std::string> prepare(train::SearchSpace& space, const HyperParameters& base) {
  std::vector<std::string> problems;
  for (train::SearchDimension& dimension : space) {
    dimension.whole = takes_whole_numbers(dimension.name);
    std::vector<train::SettingValue> values = dimension.choices;
    if (dimension.kind != train::SearchDimension::Kind::choice)
      values = {dimension.lowest, dimension.highest};
    for (const train::SettingValue& value : values) {
      HyperParameters changed = base;
      std::string problem = apply_settings({{dimension.name, value}}, changed);
      if (problem.empty()) continue;
      problems.push_back(std::move(problem));
      break;
    }
  }
  return problems;
}

std::string_view default_search_space() {
  return R"({
  "batch_size":       { "choice": [16, 32, 64] },
  "class_weights":    { "choice": ["none", "balanced"] },
  "dense_dropout":    { "uniform": [0.2, 0.8] },
  "l2":               { "log_uniform": [0.0001, 0.03] },
  "learning_rate":    { "log_uniform": [0.0005, 0.01] },
  "lstm_dropout":     { "uniform": [0.0, 0.4] },
  "temporal_dropout": { "uniform": [0.2, 0.7] },
  "units":            { "choice": [2, 4, 8, 16] }
}
)";
}

}  // namespace deepmine::lifecycle
