// The files that data_benchmark reads: a simulated mine, written by our own writer into a folder of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "benchmarks/temporary_folder.h"
#include "engine/stope/records.h"

namespace deepmine::benchmarks {

/// What stands in the files, to know later that it was read.
struct DataContents {
  std::size_t stopes = 0, rows = 0;
  std::uint64_t bits = 0;  ///< of all readings: see add_readings()

  bool operator==(const DataContents&) const = default;
  /// Takes a stope in: its readings change `bits`, whatever their order and place changes it too.
  void add(const stope::StopeRecord& record);
};

/// Writes static.csv and timeseries.csv of simulated stopes (sensor faults and all) until there are at least
/// `stopes` × `days` rows of readings: a stope that fails before the last day has fewer than `days`. The
/// folder goes away with the object. Not thread-safe.
class DataFiles {
 public:
  DataFiles(std::size_t stopes, int days);

  std::filesystem::path statics() const { return folder_ / "static.csv"; }
  std::filesystem::path timeseries() const { return folder_ / "timeseries.csv"; }
  /// Bytes of the time series.
  std::size_t bytes() const { return bytes_; }
  const DataContents& contents() const { return contents_; }

 private:
  void write(std::size_t stopes, int days);

  TemporaryFolder folder_{"data_benchmark"};
  std::size_t bytes_ = 0;
  DataContents contents_;
};

}  // namespace deepmine::benchmarks
