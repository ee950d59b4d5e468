// Versions, and words for the values of the C interface.
#include <string_view>

#include "engine/stope/assessment.h"
#include "library/deepmine.h"
#include "lifecycle/service.h"

namespace {

constexpr const char* unknown = "unknown";

/// The name that the enumeration itself has. Those names are literals: they end with NUL.
template <class Enumeration>
const char* name_of(std::int32_t value, Enumeration last) {
  if (value < 0 || value > static_cast<std::int32_t>(last)) return unknown;
  return name(static_cast<Enumeration>(value)).data();
}

static_assert(std::string_view(DM_VERSION) == DEEPMINE_VERSION,
              "deepmine.h and meson.build name different versions");

}  // namespace

using namespace deepmine;

extern "C" {

const char* dm_version(void) noexcept {
  return DEEPMINE_VERSION;
}

std::int32_t dm_abi_version(void) noexcept {
  return DM_ABI_VERSION;
}

const char* dm_status_name(dm_status status) noexcept {
  constexpr const char* names[] = {
      "ok", "failure", "usage", "data_invalid", "model_missing", "model_damaged", "out_of_memory"};
  return status < DM_OK || status > DM_OUT_OF_MEMORY ? unknown : names[status];
}

const char* dm_state_name(dm_state state) noexcept {
  return name_of(state, lifecycle::ServiceState::unavailable);
}

const char* dm_answer_status_name(std::int32_t status) noexcept {
  return name_of(status, stope::Status::rejected);
}

const char* dm_method_name(std::int32_t method) noexcept {
  return name_of(method, stope::Method::none);
}

const char* dm_risk_name(std::int32_t risk) noexcept {
  return name_of(risk, stope::CurrentRisk::unknown);
}

const char* dm_level_name(std::int32_t level) noexcept {
  return name_of(level, stope::RiskLevel::unstable);
}

const char* dm_trend_name(std::int32_t trend) noexcept {
  return name_of(trend, stope::RiskTrend::rapidly_improving);
}

const char* dm_colour_name(std::int32_t colour) noexcept {
  return name_of(colour, stope::ResponseColour::red);
}

}  // extern "C"
