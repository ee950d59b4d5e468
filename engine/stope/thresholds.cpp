#include "engine/stope/thresholds.h"

namespace deepmine::stope {
namespace {

RuleStep above(double threshold, int weight) {
  return {true, threshold, weight};
}
RuleStep below(double threshold, int weight) {
  return {false, threshold, weight};
}

}  // namespace

UnstableRules::UnstableRules()
    : rqd{below(25, 40), below(50, 25), below(70, 10)},
      hydraulic_radius{above(15, 35), above(12, 22), above(9, 12), above(6, 5)},
      depth{above(1000, 30), above(700, 20), above(500, 10), above(300, 5)},
      support_density{below(0.2, 25), below(0.4, 15), below(0.6, 5)},
      vibration{above(8, 20), above(5, 12), above(3, 6), above(1.5, 2)},
      deformation{above(3, 25), above(2, 15), above(1, 8), above(0.5, 3)},
      stress{above(150, 20), above(100, 12), above(60, 6), above(30, 2)} {}

RiskRules::RiskRules()
    : vibration_slope{above(0.2, 15), above(0.1, 8), above(0.05, 3), below(-0.1, -5)},
      deformation_slope{above(0.1, 20), above(0.05, 12), above(0.02, 6), below(-0.05, -8)},
      stress_slope{above(2, 12), above(1, 7), above(0.5, 3), below(-1, -4)},
      vibration{above(6, 15), above(4, 10), above(2.5, 5)},
      deformation{above(2.5, 20), above(1.8, 15), above(1.0, 8)},
      stress{above(120, 12), above(80, 8), above(50, 4)},
      rqd{below(40, 8), below(60, 4)},
      depth{above(800, 6), above(600, 3)} {}

SiteSettings::SiteSettings()
    : recommendations{
          {"evacuate_and_assess",
           "The stope is likely unstable: recommend withdrawing people and equipment and a geotechnical "
           "assessment "
           "before anyone enters."},
          {"inspect",
           "The present state is not known: recommend an inspection by a geotechnical engineer before anyone "
           "enters."},
          {"monitor_more_often", "Recommend reading the instruments more often until the risk has fallen."},
          {"review_support", "Recommend reviewing the installed support against the design."},
          {"preemptive_support",
           "A high risk is predicted: recommend planning additional support before the risk is reached."},
          {"more_sensors",
           "Recommend additional instruments where the predicted risk can be observed early."},
          {"poor_rock",
           "The rock quality is low: recommend a support design for poor rock and a mapping of joints."},
          {"large_span",
           "The hydraulic radius is large: recommend checking the span against the stability chart."},
          {"weak_support", "The support density is low: recommend denser support."},
          {"vibration", "Vibration is high: recommend reviewing blasting and machinery close to the stope."},
      } {}

const std::vector<std::string_view>& recommendation_codes() {
  static const std::vector<std::string_view> codes{
      "evacuate_and_assess", "inspect",   "monitor_more_often", "review_support", "preemptive_support",
      "more_sensors",        "poor_rock", "large_span",         "weak_support",   "vibration"};
  return codes;
}

}  // namespace deepmine::stope
