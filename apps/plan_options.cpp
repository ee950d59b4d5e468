#include "apps/plan_options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "engine/nn/error.h"

namespace deepmine::apps {
namespace {

constexpr std::pair<std::string_view, const char*> descriptions[] = {
    {"epochs", "Passes over the training windows, at most"},
    {"batch_size", "Windows in a step"},
    {"learning_rate", "Of the Adam optimiser, at the start"},
    {"beta1", "Decay of Adam's mean of gradients"},
    {"beta2", "Decay of Adam's mean of squared gradients"},
    {"adam_epsilon", "Keeps Adam's division finite"},
    {"clip_norm", "Largest norm of a tensor's gradient; 0: no clipping"},
    {"l2", "Weight of the squared kernels in the loss"},
    {"class_weights", "Let rare classes count as much as frequent ones, in every head"},
    {"patience", "End after so many epochs without a better validation loss"},
    {"minimum_improvement", "A validation loss is better if it is lower by more than this"},
    {"plateau_factor", "The learning rate is multiplied by this"},
    {"plateau_patience", "... after so many epochs without an improvement"},
    {"plateau_improvement", "... of more than this"},
    {"lowest_learning_rate", "... but not below this"},
    {"seed", "Of split, initial weights, order and dropout: the same seed gives the same model"},
};

const char* description_of(std::string_view field) {
  for (const auto& [name, text] : descriptions)
    if (name == field) return text;
  throw Error(ErrorCode::failure,
              "the field " + std::string(field) + " of the training plan has no description");
}

void add_flag(CLI::App& verb, std::string_view field, train::ClassWeights& value) {
  verb.add_option_function<std::string>(
          flag_of(field),
          [&value](const std::string& text) {
            value = text == "balanced" ? train::ClassWeights::balanced : train::ClassWeights::none;
          },
          description_of(field))
      ->check(CLI::IsMember({"balanced", "none"}))
      ->option_text("balanced|none [" + std::string(name(value)) + "]")
      ->group(plan_options_group);
}

template <class Number>
void add_flag(CLI::App& verb, std::string_view field, Number& value) {
  CLI::Option* option = verb.add_option(flag_of(field), value, description_of(field));
  option->capture_default_str()->type_name(std::is_integral_v<Number> ? "N" : "X")->group(plan_options_group);
  if constexpr (std::is_unsigned_v<Number>) option->check(CLI::NonNegativeNumber);  // or -1 becomes 2^64 - 1
}

}  // namespace

std::string flag_of(std::string_view field) {
  std::string flag = "--" + std::string(field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

void add_plan_options(CLI::App& verb, train::TrainingPlan& plan) {
  train::TrainingPlan::visit_fields(
      plan, [&verb](const char* field, auto& value) { add_flag(verb, field, value); });
}

void take_plan_where_not_given(train::TrainingPlan& plan, const train::TrainingPlan& other,
                               const std::set<std::string>& given) {
  train::TrainingPlan merged = other;
  train::TrainingPlan::visit_fields(merged, [&](std::string_view name, auto& to) {
    if (!given.contains(flag_of(name))) return;
    train::TrainingPlan::visit_fields(plan, [&](std::string_view from_name, const auto& from) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(from)>, std::remove_cvref_t<decltype(to)>>)
        if (from_name == name) to = from;
    });
  });
  plan = merged;
}

}  // namespace deepmine::apps
