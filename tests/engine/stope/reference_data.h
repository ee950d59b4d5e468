// Reads the reference data for tests. Clean files only: no quoting, no checks; the product's reader is in io.
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/stope/records.h"

namespace deepmine::stope {

using TextTable = std::vector<std::vector<std::string>>;

inline TextTable read_table(const std::string& path) {
  std::ifstream file(path);
  TextTable table;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells;
    std::stringstream stream(line + ",");
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    table.push_back(cells);
  }
  return table;
}

/// The folder of the reference data, or nothing where it is not installed.
inline std::optional<std::string> reference_folder() {
  const char* folder = std::getenv("DEEPMINE_REFERENCE_DATA");
  if (!folder || !std::ifstream(std::string(folder) + "/stopes/stope_static_features_aligned.csv"))
    return std::nullopt;
  return folder;
}

/// The 50 stopes of the sample data.
inline std::vector<StopeRecord> read_stopes(const std::string& folder) {
  std::vector<StopeRecord> stopes;
  std::map<std::string, std::size_t> index;
  for (const auto& row : read_table(folder + "/stopes/stope_static_features_aligned.csv")) {
    if (row[0] == "stope_name") continue;
    StopeRecord stope;
    stope.name = row[0];
    StaticRecord& r = stope.statics;
    r.rqd = std::stod(row[1]);
    r.hydraulic_radius = std::stod(row[2]);
    r.depth = std::stod(row[3]);
    r.dip = std::stod(row[4]);
    r.direction = row[5];
    r.undercut_width = std::stod(row[6]);
    r.rock_type = row[7];
    r.support_type = row[8];
    r.support_density = std::stod(row[9]);
    r.support_installed = row[10] == "1";
    r.stable = row[11] == "1";
    index[stope.name] = stopes.size();
    stopes.push_back(stope);
  }
  for (const auto& row : read_table(folder + "/stopes/stope_timeseries_data_aligned.csv")) {
    if (row[0] == "stope_name") continue;
    DailySeries& series = stopes[index.at(row[0])].readings;
    const Day day = *parse_day(row[1]);
    if (series.empty()) series.first_day = day;
    while (series.last_day() < day) series.days.push_back({missing, missing, missing, missing, missing});
    for (std::size_t s = 0; s < sensor_count; ++s) series.days.back()[s] = std::stod(row[2 + s]);
  }
  return stopes;
}

/// A sound record of a stable stope, for tests that change one thing.
inline StaticRecord plain_record() {
  StaticRecord record;
  record.rqd = 80;
  record.hydraulic_radius = 5;
  record.depth = 200;
  record.dip = 45;
  record.undercut_width = 4;
  record.support_density = 0.7;
  record.support_installed = true;
  record.direction = "North";
  record.rock_type = "Granite";
  record.support_type = "Rock Bolts";
  record.stable = true;
  return record;
}

/// Calm readings that never repeat from one day to the next and have no trend over a week.
inline DailySeries plain_readings(Day first_day, int days) {
  DailySeries series;
  series.first_day = first_day;
  for (int i = 0; i < days; ++i) {
    const double wobble = 0.01 * (i % 2);
    series.days.push_back({1.0 + wobble, 0.2 + wobble, 20 + wobble, 22 + wobble, 50 + wobble});
  }
  return series;
}

}  // namespace deepmine::stope
