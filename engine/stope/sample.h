// A window as a network sees it: the one place where inputs are made, in training and in prediction.
#pragma once

#include <span>

#include "engine/stope/feature_table.h"
#include "engine/stope/network_specification.h"
#include "engine/stope/records.h"
#include "engine/stope/scaler.h"
#include "engine/stope/thresholds.h"

namespace deepmine::stope {

/// A usable window of a stope whose record is complete.
struct SampleView {
  const StaticRecord& statics;
  const StaticFeatures& features;
  std::span<const DailyReading> window;
};

/// `features` gets specification.sample_features() numbers (scaled statics and summary, log-probabilities of
/// the prior), `series` sensors × days, one day after the other, the first day of the window first. The
/// settings are those of the rules that made the labels. Thread-safe.
void write_sample(const SampleView& sample, const NetworkSpecification& specification,
                  const InputScaler& scaler, const SiteSettings& settings, float* features, float* series);

}  // namespace deepmine::stope
