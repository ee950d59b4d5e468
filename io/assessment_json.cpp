#include "io/assessment_json.h"

#include "io/field_json.h"
#include "io/json_writer.h"

namespace deepmine::io {
namespace {

/// Members of an object, in the order in which they are written.
class Members {
 public:
  explicit Members(JsonWriter& writer) : writer_(writer) { writer_.begin_object(); }
  ~Members() = default;
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  template <class Value>
  Members& add(std::string_view key, const Value& value) {
    writer_.key(key);
    if constexpr (std::is_invocable_v<const Value&>) {
      value();
    } else if constexpr (std::is_enum_v<Value>) {
      writer_.value(name(value));
    } else {
      writer_.value(value);
    }
    return *this;
  }
  template <class Value>
  Members& add(std::string_view key, const std::optional<Value>& value) {
    if (value) return add(key, *value);
    writer_.key(key);
    writer_.null();
    return *this;
  }
  // A day is a plain integer in memory, so it has a function of its own.
  Members& add_day(std::string_view key, const std::optional<stope::Day>& day) {
    return add(key, day ? std::optional(stope::format_day(*day)) : std::nullopt);
  }
  /// A list with what `write` makes of each element.
  template <class Elements, class Write>
  Members& add_list(std::string_view key, const Elements& elements, Write write) {
    writer_.key(key);
    writer_.begin_list();
    for (const auto& element : elements) write(writer_, element);
    writer_.end_list();
    return *this;
  }
  /// What `write` makes of a value, or null.
  template <class Value, class Write>
  Members& add_object(std::string_view key, const std::optional<Value>& value, Write write) {
    writer_.key(key);
    if (value)
      write(writer_, *value);
    else
      writer_.null();
    return *this;
  }
  void end() { writer_.end_object(); }

 private:
  JsonWriter& writer_;
};

void write_model(JsonWriter& writer, const stope::ModelIdentity& model) {
  Members(writer).add("id", model.id).add("version", model.version).add("trained_at", model.trained_at).end();
}

void write_uncertainty(JsonWriter& writer, const stope::Uncertainty& uncertainty) {
  Members(writer)
      .add("samples", uncertainty.samples)
      .add("mean", uncertainty.mean)
      .add("standard_deviation", uncertainty.standard_deviation)
      .add_list("interval", std::array{uncertainty.low, uncertainty.high},
                [](JsonWriter& to, double bound) { to.value(bound); })
      .add("mutual_information", uncertainty.mutual_information)
      .end();
}

void write_current(JsonWriter& writer, const stope::CurrentStability& current) {
  Members(writer)
      .add("stable", current.stable)
      .add("instability_probability", current.instability_probability)
      .add("risk_level", current.risk_level)
      .add("confidence", current.confidence)
      .add_object("uncertainty", current.uncertainty, write_uncertainty)
      .end();
}

void write_probabilities(JsonWriter& writer, const std::array<double, stope::risk_level_count>& values) {
  Members members(writer);
  for (std::size_t level = 0; level < stope::risk_level_count; ++level)
    members.add(stope::risk_level_names[level], values[level]);
  members.end();
}

void write_future(JsonWriter& writer, const stope::FuturePrediction& future) {
  Members(writer)
      .add("horizon_days", future.horizon_days)
      .add_day("date", future.date)
      .add("predicted_risk_level", future.predicted_risk_level)
      .add("confidence", future.confidence)
      .add_object("risk_probabilities", future.risk_probabilities, write_probabilities)
      .add_list("risk_set", future.risk_set,
                [](JsonWriter& to, stope::RiskLevel level) { to.value(name(level)); })
      .add_object("uncertainty", future.uncertainty, write_uncertainty)
      .end();
}

void write_rules(JsonWriter& writer, const stope::RuleBased& rules) {
  Members members(writer);
  members.add("unstable_today", rules.unstable_today);
  members.add("risk_levels", [&] {
    Members levels(writer);
    for (const stope::RuleBasedLevel& level : rules.risk_levels)
      levels.add(std::to_string(level.horizon_days), level.level);
    levels.end();
  });
  members.end();
}

void write_response(JsonWriter& writer, const stope::Response& response) {
  Members(writer)
      .add("colour", response.colour)
      .add_day("since", response.since)
      .add("today", response.today)
      .add("held", response.held())
      .add("owner", response.owner)
      .add("action", response.action)
      .end();
}

void write_explanation(JsonWriter& writer, const stope::Explanation& explanation) {
  Members(writer)
      .add("code", explanation.code)
      .add("message", explanation.message)
      .add("input", explanation.input)
      .add("value", explanation.value)
      .add("threshold", explanation.threshold)
      .add("unit", explanation.unit)
      .end();
}

void write_attribution(JsonWriter& writer, const stope::Attribution& attribution) {
  Members members(writer);
  members.add("input", attribution.input);
  if (attribution.category.empty())
    members.add("value", attribution.value);
  else
    members.add("value", attribution.category);
  members.add("unit", attribution.unit).add("contribution", attribution.contribution).end();
}

void write_out_of_range(JsonWriter& writer, const stope::OutOfRange& input) {
  Members(writer)
      .add("input", input.input)
      .add_day("day", input.day)
      .add("value", input.value)
      .add("lowest", input.lowest)
      .add("highest", input.highest)
      .end();
}

void write_quality(JsonWriter& writer, const stope::DataQuality& quality) {
  Members(writer)
      .add("days_used", quality.days_used)
      .add("days_filled", quality.days_filled)
      .add_day("last_reading", quality.last_reading)
      .add_list("out_of_range", quality.out_of_range, write_out_of_range)
      .end();
}

void write_assessment(JsonWriter& writer, const stope::Assessment& assessment) {
  Members members(writer);
  members.add("schema_version", assessment.schema_version)
      .add("stope_name", assessment.stope_name)
      .add("timestamp", assessment.timestamp)
      .add_day("as_of", assessment.as_of)
      .add("status", assessment.status)
      .add_list("reasons", assessment.reasons,
                [](JsonWriter& to, const stope::Reason& reason) {
                  Members(to).add("code", reason.code).add("message", reason.message).end();
                })
      .add_object("model", assessment.model, write_model)
      .add("method", assessment.method)
      .add("current_stability", [&] { write_current(writer, assessment.current_stability); })
      .add_list("future_predictions", assessment.future_predictions, write_future)
      .add("rule_based", [&] { write_rules(writer, assessment.rule_based); })
      .add("risk_trend", assessment.risk_trend)
      .add("max_risk_horizon", assessment.max_risk_horizon)
      .add("alert_recommended", assessment.alert_recommended)
      .add_list("explanations", assessment.explanations, write_explanation)
      .add_list("attributions", assessment.attributions, write_attribution)
      .add_list("recommendations", assessment.recommendations,
                [](JsonWriter& to, const stope::Recommendation& advice) {
                  Members(to).add("code", advice.code).add("text", advice.text).end();
                });
  if (assessment.response) members.add_object("response", assessment.response, write_response);
  members.add("data_quality", [&] { write_quality(writer, assessment.data_quality); }).end();
}

}  // namespace

std::string assessment_line(const stope::Assessment& assessment) {
  JsonWriter writer(-1);
  write_assessment(writer, assessment);
  return writer.take();
}

nlohmann::ordered_json assessment_to_json(const stope::Assessment& assessment) {
  return OrderedJson::parse(assessment_line(assessment));
}

std::string predictions_json(const std::optional<stope::ModelIdentity>& model,
                             std::span<const stope::Assessment> assessments,
                             const nlohmann::ordered_json* drift) {
  JsonWriter writer(2);
  Members members(writer);
  members.add("schema_version", stope::assessment_schema_version)
      .add_object("model", model, write_model)
      .add_list("predictions", assessments, write_assessment)
      .add("drift", [&] {
        if (drift != nullptr)
          writer.document(drift->dump(2, ' ', false, OrderedJson::error_handler_t::replace));
        else
          writer.null();
      });
  members.end();
  return writer.take() + "\n";
}

}  // namespace deepmine::io
