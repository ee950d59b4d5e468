#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>
#include <type_traits>

#include "engine/stope/thresholds.h"

using namespace deepmine::stope;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Counts the leaves of a table and notes every name: what a serialiser would see.
struct Lister {
  int leaves = 0;
  std::set<std::string> paths;
  std::string prefix;

  template <class Field>
  void operator()(const char* name, Field& field) {
    const std::string outer = prefix;
    prefix += "/" + std::string(name);
    CHECK_MESSAGE(paths.insert(prefix).second, "listed twice: ", prefix);
    visit(field);
    prefix = outer;
  }
  template <class Field>
  void visit(Field& field) {
    if constexpr (requires { Field::visit_fields(field, *this); })
      Field::visit_fields(field, *this);
    else
      ++leaves;
  }
  template <class Value>
  void visit(std::vector<Value>& values) {
    std::size_t i = 0;
    const std::string outer = prefix;
    for (Value& value : values) {
      prefix = outer + "[" + std::to_string(i++) + "]";
      visit(value);
    }
    prefix = outer;
  }
};

/// Copies field by field from one table to another, as saving and loading would.
template <class Table>
void copy_fields(Table& from, Table& to);

template <class Field>
void copy_field(Field& from, Field& to) {
  if constexpr (requires(Lister lister) { Field::visit_fields(from, lister); })
    copy_fields(from, to);
  else
    to = from;
}

template <class Table>
void copy_fields(Table& from, Table& to) {
  std::vector<void*> sources;
  Table::visit_fields(from, [&](const char*, auto& field) { sources.push_back(&field); });
  std::size_t next = 0;
  Table::visit_fields(to, [&](const char*, auto& field) {
    using Field = std::remove_reference_t<decltype(field)>;
    copy_field(*static_cast<Field*>(sources[next++]), field);
  });
}

/// One problem that names `field`.
void check_problem(const SiteSettings& settings, const std::string& field) {
  const auto found = problems(settings);
  REQUIRE_MESSAGE(!found.empty(), "nothing found for ", field);
  CHECK_MESSAGE(found.front().find(field) == 0, found.front());
  CHECK_MESSAGE(found.front().find("expected") != std::string::npos, found.front());
}

}  // namespace

TEST_CASE("the product's own table has no problem") {
  CHECK(problems(SiteSettings{}).empty());
}

TEST_CASE("the defaults are those of the specification") {
  const SiteSettings s;
  CHECK(s.assessment.decision_threshold == 0.5);
  CHECK(s.assessment.high_above == 0.7);
  CHECK(s.assessment.medium_above == 0.3);
  CHECK(s.data.largest_filled_gap == 3);
  CHECK(s.data.minimum_history == 30);
  CHECK(s.data.training_range_margin == 0.1);
  CHECK(s.data.flat_line_days == 7);
  CHECK(s.data.largest_age == 7);
  CHECK(s.data.sentinels.empty());
  CHECK(s.unstable_rules.limit == 50);
  REQUIRE(s.recommendations.size() == recommendation_codes().size());
  for (std::size_t i = 0; i < s.recommendations.size(); ++i)
    CHECK(s.recommendations[i].code == recommendation_codes()[i]);
}

TEST_CASE("visit_fields reaches every member once") {
  SiteSettings settings;
  Lister lister;
  lister.visit(settings);
  CHECK(lister.paths.count("/risk_rules/stress_slope[3]/threshold") == 1);
  CHECK(lister.paths.count("/data/sentinels") == 1);
  CHECK(lister.leaves > 150);

  // Every field changed in one table and copied through visit_fields must make the other table equal: a
  // member that visit_fields forgets stays different.
  SiteSettings changed;
  changed.unstable_rules.rqd = changed.unstable_rules.hydraulic_radius = changed.unstable_rules.depth =
      changed.unstable_rules.support_density = changed.unstable_rules.vibration =
          changed.unstable_rules.deformation = changed.unstable_rules.stress = {{false, 1.25, 7}};
  changed.unstable_rules.not_installed_weight = 1;
  changed.unstable_rules.limit = 2;
  RiskRules& risk = changed.risk_rules;
  risk.vibration_slope = risk.deformation_slope = risk.stress_slope = risk.vibration = risk.deformation =
      risk.stress = risk.rqd = risk.depth = {{true, 1.5, 9}};
  risk.unstable_today_weight = risk.slope_days = risk.long_horizon_days = risk.far_horizon_days =
      risk.far_weight = 11;
  risk.slope_tolerance = 1e-6;
  AssessmentSettings& a = changed.assessment;
  a.decision_threshold = a.high_above = a.medium_above = a.escalating_above = a.increasing_above =
      a.steady_above = a.improving_above = a.rqd_below = a.hydraulic_radius_above = a.depth_above =
          a.support_density_below = a.vibration_above = a.deformation_above = a.stress_above =
              a.evacuate_above = a.monitor_above = 0.125;
  a.alert_level = RiskLevel::critical;
  a.mean_days = 12;
  changed.data = {1, 2, 0.25, 3, 4, {-999}};
  changed.recommendations = {{"inspect", "look"}};
  changed.response_plan.red = {0.9, RiskLevel::unstable, 3, "boss", "withdraw"};
  changed.response_plan.look_back_days = 9;
  SiteSettings copy;
  copy_fields(changed, copy);
  CHECK(copy == changed);
  CHECK(!(copy == SiteSettings{}));
}

TEST_CASE("a table that makes no sense is refused, naming the field") {
  const auto with = [](auto change) {
    SiteSettings settings;
    change(settings);
    return settings;
  };
  check_problem(with([](auto& s) { s.assessment.decision_threshold = 1.5; }),
                "assessment.decision_threshold");
  check_problem(with([](auto& s) { s.assessment.decision_threshold = not_a_number; }),
                "assessment.decision_threshold");
  check_problem(with([](auto& s) { s.assessment.medium_above = 0.8; }), "assessment.medium_above");
  check_problem(with([](auto& s) { s.assessment.steady_above = 0.2; }), "assessment.escalating_above");
  check_problem(with([](auto& s) { s.assessment.alert_level = RiskLevel::stable; }),
                "assessment.alert_level");
  check_problem(with([](auto& s) { s.assessment.stress_above = not_a_number; }), "assessment.stress_above");
  check_problem(with([](auto& s) { s.data.training_range_margin = -0.1; }), "data.training_range_margin");
  check_problem(with([](auto& s) { s.data.largest_filled_gap = -1; }), "data.largest_filled_gap");
  check_problem(with([](auto& s) { s.response_plan.red.owner = "boss"; }), "response_plan.green.owner");
  check_problem(with([](auto& s) { s.data.sentinels = {not_a_number}; }), "data.sentinels");
  check_problem(with([](auto& s) { s.risk_rules.slope_days = 1; }), "risk_rules.slope_days");
  check_problem(with([](auto& s) { s.unstable_rules.stress[1].weight = 2'000'000'000; }),
                "unstable_rules.stress[1]");
  check_problem(with([](auto& s) { s.unstable_rules.depth[0].threshold = not_a_number; }),
                "unstable_rules.depth[0]");
  check_problem(with([](auto& s) { s.recommendations.pop_back(); }), "recommendations.vibration");
  check_problem(with([](auto& s) { s.recommendations[0].text.clear(); }),
                "recommendations.evacuate_and_assess");
  check_problem(with([](auto& s) { s.recommendations.push_back({"dance", "x"}); }), "recommendations:");
}

TEST_CASE("a step that an earlier one hides can never pass, and is refused") {
  SiteSettings settings;
  settings.unstable_rules.depth = {{true, 300, 5}, {true, 500, 10}};
  check_problem(settings, "unstable_rules.depth[1]");
  settings.unstable_rules.depth = {{true, 500, 10}, {false, 300, 5}};  // other direction: fine
  CHECK(problems(settings).empty());
}
