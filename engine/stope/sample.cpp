#include "engine/stope/sample.h"

#include <cassert>

#include "engine/stope/rule_prior.h"

namespace deepmine::stope {

void write_sample(const SampleView& sample, const NetworkSpecification& specification,
                  const InputScaler& scaler, const SiteSettings& settings, float* features, float* series) {
  assert(misfit_with_program(specification).empty());
  scaler.write_statics(sample.features, features);
  features += specification.static_features;
  if (specification.summary_features > 0) {
    scaler.write_summary(sample.window, features);
    features += specification.summary_features;
  }
  if (specification.rule_prior)
    write_rule_prior(settings.unstable_rules, settings.risk_rules, sample.statics, sample.window,
                     specification.horizons, features);
  scaler.write_series(sample.window, series);
}

}  // namespace deepmine::stope
