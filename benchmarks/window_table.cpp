// Prints every usable window of two data files as one row of a CSV table: its stope, its day, the targets,
// what the rules say, and the network's inputs in raw units. For analyses outside the program
// (scripts/baselines.py): whoever compares a predictor of their own with ours starts from the same numbers.
//
//     window_table STATIC.csv TIMESERIES.csv > windows.csv
//
// A masked target and a level that the rules can't tell are empty cells. Readings stand as sensor_dK, K days
// before the window's last one. persistence_Hd is the rules' level if day t+H read as day t does,
// extrapolated_Hd the rules' own extrapolation.
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "engine/stope/dataset.h"
#include "engine/stope/rules.h"
#include "io/stope_csv.h"

namespace {

using namespace deepmine;

void print_header(const stope::Dataset& dataset) {
  std::printf("stope,day,unstable");
  for (const char* column : {"risk", "persistence", "extrapolated"})
    for (const int horizon : dataset.plan().horizons) std::printf(",%s_%dd", column, horizon);
  std::printf(",rule_unstable,rule_fixed,rule_growing,rule_long_horizon");
  for (const stope::FeatureColumn& column : stope::feature_table().statics)
    std::printf(",%s", column.name.c_str());
  for (int ago = dataset.plan().days - 1; ago >= 0; --ago)
    for (const stope::FeatureColumn& column : stope::feature_table().sensors)
      std::printf(",%s_d%d", column.name.c_str(), ago);
  std::printf("\n");
}

void print_level(std::optional<stope::RiskLevel> level) {
  if (level)
    std::printf(",%d", static_cast<int>(*level));
  else
    std::printf(",");
}

void print_target(std::int8_t target) {
  if (target == stope::masked)
    std::printf(",");
  else
    std::printf(",%d", static_cast<int>(target));
}

void print_window(const stope::Dataset& dataset, std::size_t number) {
  const stope::Window& window = dataset.windows()[number];
  const stope::PreparedStope& stope = dataset.stopes()[window.stope];
  const stope::SiteSettings& settings = dataset.settings();
  const auto days = stope.readings.window(window.end, dataset.plan().days);
  std::printf("%s,%s", stope.name.c_str(), stope::format_day(window.end).c_str());
  print_target(dataset.current_target(number));
  for (const std::int8_t target : dataset.future_targets(number)) print_target(target);

  const auto risk = stope::window_risk(settings.unstable_rules, settings.risk_rules, stope.statics, days);
  for (const int horizon : dataset.plan().horizons)
    print_level(risk ? stope::risk_level(settings.risk_rules, *risk, days.back(), horizon) : std::nullopt);
  for (const auto& level : stope::extrapolated_risks(settings.unstable_rules, settings.risk_rules,
                                                     stope.statics, days, dataset.plan().horizons))
    print_level(level);
  if (risk)
    std::printf(",%d,%d,%d,%d", risk->unstable_today ? 1 : 0, risk->fixed, risk->growing, risk->long_horizon);
  else
    std::printf(",,,,");

  for (const double value : stope.features.values) std::printf(",%.17g", value);
  for (const stope::DailyReading& day : days)
    for (const double value : day) std::printf(",%.17g", value);
  std::printf("\n");
}

int print_table(const char* statics, const char* timeseries) {
  io::StopeCsvOptions options;
  options.label_required = true;
  io::StopeData data = io::read_stope_csv(statics, timeseries, options);
  io::require_usable(data);
  data.leave_out_rejected();
  const stope::Dataset dataset(std::move(data.stopes), stope::SiteSettings{});
  print_header(dataset);
  for (std::size_t number = 0; number < dataset.windows().size(); ++number) print_window(dataset, number);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: window_table STATIC.csv TIMESERIES.csv > windows.csv\n");
    return 2;
  }
  try {
    return print_table(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "window_table: %s\n", error.what());
    return 1;
  }
}
