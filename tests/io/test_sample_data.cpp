// The committed sample is what the simulator makes, and reads without a finding.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/stope/simulator.h"
#include "io/stope_csv.h"
#include "io/stope_csv_writer.h"

using namespace deepmine;

TEST_CASE("data/sample is made anew, byte for byte") {
  const auto sample = std::filesystem::path(DEEPMINE_SOURCE_ROOT) / "data" / "sample";
  const auto made = std::filesystem::temp_directory_path() / "deepmine_test_sample_data";
  std::filesystem::create_directories(made);
  const stope::SimulationPlan plan;
  io::StaticCsvWriter statics(made / "static.csv");
  io::TimeseriesCsvWriter series(made / "timeseries.csv");
  io::FailuresCsvWriter failures(made / "failures.csv");
  for (std::size_t i = 0; i < plan.stopes; ++i) {
    const stope::SimulatedStope stope = stope::simulate_stope(plan, i);
    statics.add(stope.record);
    series.add(stope.record);
    if (stope.record.statics.stable == false && stope.failure_day)
      failures.add(stope.record.name, *stope.failure_day);
  }
  statics.commit();
  series.commit();
  failures.commit();
  for (const char* name : {"static.csv", "timeseries.csv", "failures.csv"}) {
    const auto content = [](const std::filesystem::path& path) {
      std::ostringstream text;
      text << std::ifstream(path, std::ios::binary).rdbuf();
      return text.str();
    };
    CHECK_MESSAGE(!content(sample / name).empty(), name);
    CHECK_MESSAGE(content(sample / name) == content(made / name), name);
  }
  std::filesystem::remove_all(made);

  io::StopeCsvOptions options;
  options.label_required = true;
  const io::StopeData data = io::read_stope_csv(sample / "static.csv", sample / "timeseries.csv", options);
  CHECK(data.issues.empty());
  CHECK(data.stopes.size() == plan.stopes);
}
