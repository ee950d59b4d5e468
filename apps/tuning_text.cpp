#include "apps/tuning_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "apps/plan_options.h"
#include "apps/printable_text.h"
#include "apps/text_table.h"
#include "io/field_json.h"

namespace deepmine::apps {
namespace {

using lifecycle::Trial;
using lifecycle::TuningOutcome;

std::string number_text(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

std::string value_text(const train::SettingValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return std::get<std::string>(value);
}

/// Those that got furthest first, among them the lowest loss first.
std::vector<const Trial*> ordered(const TuningOutcome& outcome) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : outcome.trials)
    if (!trial.results.empty()) trials.push_back(&trial);
  std::stable_sort(trials.begin(), trials.end(), [](const Trial* a, const Trial* b) {
    if (a->results.size() != b->results.size()) return a->results.size() > b->results.size();
    return a->results.back().loss < b->results.back().loss;
  });
  return trials;
}

const Trial& best_of(const TuningOutcome& outcome) {
  return outcome.trials[static_cast<std::size_t>(outcome.best - 1)];
}

std::string gain_text(const TuningOutcome& outcome) {
  const Trial &best = best_of(outcome), &given = outcome.trials.front();
  const double loss = best.results.back().loss, before = given.results.back().loss;
  if (best.number == given.number)
    return wrapped(
        "", "No trial was better than the settings as given (trial 1): keep them, or try more --trials.");
  return wrapped("", fmt::format("Best: trial {}, loss {:.4f}; the settings as given have {} (trial 1).",
                                 best.number, loss, number_text(before, 4))) +
         wrapped("",
                 "The loss of the best flatters: it was chosen by it. Judge the settings on stopes that the "
                 "search has not seen, or with other folds (evaluate --cross-validate with another --seed).");
}

template <class Field>
std::string toml_value(const Field& field) {
  if constexpr (std::is_enum_v<Field>)
    return fmt::format("\"{}\"", name(field));
  else
    return fmt::format("{}", field);
}

template <class Struct, class Wanted>
void add_lines(const Struct& fields, const Wanted& wanted, std::string& text) {
  Struct::visit_fields(fields, [&](std::string_view field_name, const auto& field) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, int> || std::is_same_v<Field, double> || std::is_enum_v<Field>)
      if (wanted(field_name))
        text += fmt::format("{} = {}\n", flag_of(field_name).substr(2), toml_value(field));
  });
}

io::OrderedJson results_json(const Trial& trial) {
  io::OrderedJson list = io::OrderedJson::array();
  for (const lifecycle::TrialResult& result : trial.results) {
    io::OrderedJson entry;
    entry["rung"] = result.rung;
    entry["epochs"] = result.epochs;
    entry["loss"] = io::fields_to_json(result.loss);
    entry["balanced_accuracy"] = io::fields_to_json(result.balanced_accuracy);
    entry["level_accuracy"] = io::fields_to_json(result.level_accuracy);
    entry["fold_losses"] = io::fields_to_json(result.fold_losses);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

std::string settings_text(const Trial& trial) {
  if (trial.settings.empty()) return "as given";
  std::string text;
  for (const auto& [name, value] : trial.settings)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value_text(value));
  return text;
}

std::string tuning_text(const TuningOutcome& outcome, const std::string& configuration_file, bool colour) {
  TextTable table({"Trial", "Epochs", "Loss", "Balanced accuracy", "Level accuracy", "Parameters"},
                  std::vector<Align>(6, Align::right));
  std::string settings;
  for (const Trial* trial : ordered(outcome)) {
    const lifecycle::TrialResult& last = trial->results.back();
    table.add({std::to_string(trial->number), std::to_string(last.epochs), number_text(last.loss, 4),
               number_text(last.balanced_accuracy, 3), number_text(last.level_accuracy, 3),
               std::to_string(trial->parameter_count)});
    settings += wrapped(fmt::format("{:>5}: ", trial->number), settings_text(*trial));
  }
  std::string rungs;
  for (const train::Rung& rung : outcome.rungs)
    rungs +=
        fmt::format("{}{} trials of {} epochs", rungs.empty() ? "" : ", then ", rung.trials, rung.epochs);
  return table.text(colour) + "\nSettings of the trials\n" + settings + "\n" + gain_text(outcome) +
         wrapped("", "Rungs: " + rungs +
                         "; trial 1 is in each. Figures are means over the folds, on their stopes.") +
         "Settings of the best: " + printable(configuration_file) + "\n";
}

std::string tuning_json(const TuningOutcome& outcome, const std::string& configuration_file) {
  io::OrderedJson json;
  json["best_trial"] = outcome.best;
  json["configuration_file"] = configuration_file;
  json["rungs"] = io::OrderedJson::array();
  for (const train::Rung& rung : outcome.rungs)
    json["rungs"].push_back({{"trials", rung.trials}, {"epochs", rung.epochs}});
  json["trials"] = io::OrderedJson::array();
  for (const Trial& trial : outcome.trials) {
    io::OrderedJson entry;
    entry["trial"] = trial.number;
    entry["parameters"] = trial.parameter_count;
    entry["settings"] = io::OrderedJson::object();
    for (const auto& [name, value] : trial.settings)
      std::visit([&, key = name](const auto& v) { entry["settings"][key] = v; }, value);
    entry["results"] = results_json(trial);
    json["trials"].push_back(std::move(entry));
  }
  return io::json_text(json);
}

std::string configuration_text(const TuningOutcome& outcome) {
  const Trial& best = best_of(outcome);
  const stope::NetworkSpecification& network = best.parameters.network;
  std::string text = fmt::format(
      "# Settings of trial {} of {}, found by `deepmine tune`; loss {:.4f} on unseen stopes (as given: {}).\n"
      "#     deepmine train --config FILE ...      deepmine evaluate --cross-validate 5 --config FILE ...\n"
      "network = \"{}\"\n",
      best.number, outcome.trials.size(), best.results.back().loss,
      number_text(outcome.trials.front().results.back().loss, 4), network.rule_prior ? "compact" : "full");
  add_lines(
      best.parameters.plan, [](std::string_view name) { return name != "seed"; }, text);
  const std::vector<std::string> chosen = lifecycle::network_setting_names();
  add_lines(
      network,
      [&](std::string_view name) { return std::find(chosen.begin(), chosen.end(), name) != chosen.end(); },
      text);
  return text;
}

}  // namespace deepmine::apps
