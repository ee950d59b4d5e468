#include "benchmarks/data_files.h"

#include <algorithm>
#include <bit>

#include "engine/nn/error.h"
#include "engine/stope/simulator.h"
#include "io/stope_csv_writer.h"

namespace deepmine::benchmarks {

void DataContents::add(const stope::StopeRecord& record) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ull;
  ++stopes;
  for (std::size_t day = 0; day < record.readings.days.size(); ++day) {
    const stope::DailyReading& reading = record.readings.days[day];
    rows += std::all_of(reading.begin(), reading.end(), stope::is_missing) ? 0 : 1;
    for (const double value : reading) {
      // + 0.0: a daily mean knows no negative zero.
      const std::uint64_t its_bits = stope::is_missing(value) ? 1 : std::bit_cast<std::uint64_t>(value + 0.0);
      bits = (std::rotl(bits, 5) ^ its_bits) * odd;
    }
  }
  bits += static_cast<std::uint64_t>(record.readings.first_day);
}

DataFiles::DataFiles(std::size_t stopes, int days) {
  write(stopes, days);
}

void DataFiles::write(std::size_t stopes, int days) {
  stope::SimulationPlan plan;
  plan.stopes = stopes;
  plan.days = days;
  stope::check_plan(plan);
  io::StaticCsvWriter static_writer(statics());
  io::TimeseriesCsvWriter timeseries_writer(timeseries());
  const std::size_t wanted = stopes * static_cast<std::size_t>(days);
  for (std::size_t index = 0; contents_.rows < wanted; ++index) {
    const stope::SimulatedStope simulated = stope::simulate_stope(plan, index);
    if (simulated.record.readings.empty()) continue;
    static_writer.add(simulated.record);
    timeseries_writer.add(simulated.record);
    contents_.add(simulated.record);
  }
  static_writer.commit();
  timeseries_writer.commit();
  bytes_ = static_cast<std::size_t>(std::filesystem::file_size(timeseries()));
}

}  // namespace deepmine::benchmarks
