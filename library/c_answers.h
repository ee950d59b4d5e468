// Assessments as the structures of the C interface.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/assessment.h"
#include "library/deepmine.h"

namespace deepmine::library {

/// Structures and the pointers to them that a dm_answer shows.
template <class Element>
struct PointerList {
  std::vector<Element> elements;
  std::vector<const Element*> pointers;
};

/// The structure that shows an assessment. Immutable; neither copied nor moved, because it points into
/// itself.
class Answer {
 public:
  /// The assessment must outlive the answer.
  explicit Answer(const stope::Assessment& assessment);
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  const dm_answer& view() const { return view_; }

 private:
  void show_heads();
  void show_futures();
  void show_reasons_and_rules();
  void show_explanations();
  void show_quality();
  void show_response();
  const char* text_of(const std::optional<stope::Day>& day);
  const dm_uncertainty* show(const std::optional<stope::Uncertainty>& uncertainty);

  const stope::Assessment& assessment_;
  std::deque<std::string> texts_;  // a deque moves nothing when it grows
  std::deque<std::vector<std::int32_t>> risk_sets_;
  std::deque<dm_uncertainty> uncertainties_;
  PointerList<dm_reason> reasons_;
  PointerList<dm_future> futures_;
  PointerList<dm_rule_level> rule_levels_;
  PointerList<dm_explanation> explanations_;
  PointerList<dm_attribution> attributions_;
  PointerList<dm_recommendation> recommendations_;
  PointerList<dm_out_of_range> out_of_range_;
  dm_response response_{};
  dm_answer view_{};
};

}  // namespace deepmine::library

struct dm_answers {
  std::optional<deepmine::stope::ModelIdentity> model;
  std::vector<deepmine::stope::Assessment> assessments;
  std::deque<deepmine::library::Answer> answers;
};
