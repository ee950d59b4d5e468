#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/nn/error.h"
#include "engine/stope/simulator.h"
#include "io/stope_csv.h"
#include "io/stope_csv_writer.h"

using namespace deepmine;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "deepmine_test_stope_csv_writer";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("what is written is read back to the same bits") {
  const Folder folder;
  stope::SimulationPlan plan;
  plan.stopes = 40;
  plan.days = 200;
  std::vector<stope::StopeRecord> written;
  {
    io::StaticCsvWriter statics(folder.path / "s.csv");
    io::TimeseriesCsvWriter series(folder.path / "t.csv");
    for (std::size_t i = 0; i < plan.stopes; ++i) {
      written.push_back(stope::simulate_stope(plan, i).record);
      if (i == 3) written.back().name = "with \"quotes\", a comma";
      if (i == 4) written.back().readings.days.at(0)[2] = 0.1 + 0.2;
      statics.add(written.back());
      series.add(written.back());
    }
    statics.commit();
    series.commit();
  }
  const io::StopeData data = io::read_stope_csv(folder.path / "s.csv", folder.path / "t.csv");
  CHECK(data.issues.empty());
  REQUIRE(data.stopes.size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto &a = written[i], &b = data.stopes[i];
    CHECK(a.name == b.name);
    CHECK(a.statics.rqd == b.statics.rqd);
    CHECK(a.statics.hydraulic_radius == b.statics.hydraulic_radius);
    CHECK(a.statics.depth == b.statics.depth);
    CHECK(a.statics.dip == b.statics.dip);
    CHECK(a.statics.undercut_width == b.statics.undercut_width);
    CHECK(a.statics.support_density == b.statics.support_density);
    CHECK(a.statics.support_installed == b.statics.support_installed);
    CHECK(a.statics.direction == b.statics.direction);
    CHECK(a.statics.rock_type == b.statics.rock_type);
    CHECK(a.statics.support_type == b.statics.support_type);
    CHECK(a.statics.stable == b.statics.stable);
    REQUIRE(a.readings.first_day == b.readings.first_day);
    REQUIRE(a.readings.days.size() == b.readings.days.size());
    for (std::size_t day = 0; day < a.readings.days.size(); ++day)
      for (std::size_t s = 0; s < stope::sensor_count; ++s) {
        const double x = a.readings.days[day][s], y = b.readings.days[day][s];
        CHECK((x == y || (stope::is_missing(x) && stope::is_missing(y))));
      }
  }
}

TEST_CASE("nothing half written is ever seen") {
  const Folder folder;
  const auto target = folder.path / "failures.csv";
  std::ofstream(target) << "before";
  {
    io::FailuresCsvWriter file(target);
    file.add("A", *stope::parse_day("2024-03-30"));
    CHECK(content(target) == "before");
  }
  CHECK(content(target) == "before");  // never committed
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  io::FailuresCsvWriter file(target);
  file.add("A", *stope::parse_day("2024-03-30"));
  file.commit();
  CHECK(content(target) == "stope_name,failure_date\nA,2024-03-30\n");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  CHECK_THROWS_AS(io::FailuresCsvWriter(folder.path / "no" / "folder.csv"), Error);
}
