#include "benchmarks/data_stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <span>

#include "benchmarks/clocks.h"
#include "benchmarks/measurement.h"
#include "benchmarks/statistics.h"
#include "engine/nn/error.h"
#include "engine/nn/initialisers.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/random.h"
#include "engine/stope/split.h"
#include "engine/train/training_step.h"
#include "io/csv.h"
#include "io/daily_series_builder.h"
#include "io/data_quality.h"
#include "io/number_text.h"
#include "io/stope_csv.h"
#include "io/timestamp.h"
#include "lifecycle/sample_source.h"

namespace deepmine::benchmarks {
namespace {

constexpr std::size_t batch_size = 32;

/// A result that the compiler must not find out to be unused.
volatile double sink;

/// The columns of the time series as our writer puts them.
constexpr std::size_t time_column = 1, first_sensor_column = 2;

/// Split, scalers and batches of a dataset.
struct TrainingData {
  explicit TrainingData(std::vector<stope::StopeRecord> records)
      : dataset(std::move(records), stope::SiteSettings{}),
        split(stope::split_windows(dataset, {})),
        scaler(stope::fit_input_scaler(dataset, split.training)),
        source(dataset, stope::NetworkSpecification{}, scaler, split.training, train::ClassWeights::balanced),
        batch(stope::NetworkSpecification{}, static_cast<int>(batch_size)) {}

  std::vector<std::uint32_t> shuffled_windows() const {
    std::vector<std::uint32_t> order = split.training.windows;
    RandomStream(derive_key(7, "shuffle")).shuffle(order);
    return order;
  }
  /// Calls `use` with each batch of the epoch.
  template <class Use>
  void gather(std::span<const std::uint32_t> order, Use&& use) {
    for (std::size_t first = 0; first < order.size(); first += batch_size) {
      source.fill(batch, order.subspan(first, std::min(batch_size, order.size() - first)),
                  split.training.targets_before);
      use(first / batch_size);
    }
  }

  stope::Dataset dataset;
  stope::Split split;
  stope::InputScaler scaler;
  lifecycle::SampleSource source;
  lifecycle::Batch batch;
};

io::StopeData read(const DataFiles& files) {
  io::StopeCsvOptions options;
  options.label_required = true;
  io::StopeData data = io::read_stope_csv(files.statics(), files.timeseries(), options);
  io::require_usable(data);
  return data;
}

// ---- the answer is checked

void check_contents(const io::StopeData& data, const DataContents& expected) {
  DataContents found;
  for (const stope::StopeRecord& record : data.stopes) found.add(record);
  if (!(found == expected) || data.timeseries_rows != expected.rows || !data.rejected.empty())
    throw Error(ErrorCode::failure,
                fmt::format("the files were not read as they were written: {} stopes and {} rows instead of "
                            "{} and {}, or other bits",
                            found.stopes, data.timeseries_rows, expected.stopes, expected.rows));
}

/// Every hundredth batch: the sensors of each sample against (reading − mean) / deviation.
void check_batch(TrainingData& data, std::span<const std::uint32_t> windows) {
  const lifecycle::Network::Inputs inputs = data.batch.inputs();
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const stope::Window& window = data.dataset.windows()[windows[i]];
    const stope::DailySeries& series = data.dataset.stopes()[window.stope].readings.filled();
    const int days = data.dataset.plan().days;
    for (int day = 0; day < days; ++day) {
      const auto block = static_cast<int>(i) / nn::block_size,
                 position = static_cast<int>(i) % nn::block_size;
      const float* column = inputs.series.column(block, day * nn::block_size + position);
      const stope::DailyReading& reading = series.on(window.end - days + 1 + day);
      for (std::size_t s = 0; s < stope::sensor_count; ++s) {
        const stope::ColumnScale& scale = data.scaler.sensors[s];
        if (column[s] != static_cast<float>((reading[s] - scale.mean) / scale.deviation))
          throw Error(ErrorCode::failure, fmt::format("a batch holds {}, the readings say {}", column[s],
                                                      (reading[s] - scale.mean) / scale.deviation));
      }
    }
  }
}

// ---- stages

std::size_t count_line_ends(std::string_view text) {
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  for (const char* next = text.data(); next != end; ++next, ++count) {
    next = static_cast<const char*>(std::memchr(next, '\n', static_cast<std::size_t>(end - next)));
    if (next == nullptr) break;
  }
  return count;
}

/// Rows, and what `use` makes of each.
template <class Use>
void walk_rows(const DataFiles& files, Use&& use) {
  io::CsvReader reader("timeseries.csv", io::CsvText::open(files.timeseries()));
  double sum = 0;
  while (reader.next_row()) sum += use(reader);
  sink = sum;
}

double parse_cells(const io::CsvReader& reader, io::TimestampReader& timestamps) {
  double sum = static_cast<double>(timestamps.parse(reader[time_column]).microseconds);
  for (std::size_t s = 0; s < stope::sensor_count; ++s)
    sum += io::number_or_nan(reader[first_sensor_column + s]);
  return sum;
}

void rebuild_series(const std::vector<stope::StopeRecord>& records) {
  constexpr std::int64_t microseconds_a_day = 86'400'000'000;
  std::size_t days = 0;
  for (const stope::StopeRecord& record : records) {
    io::DailySeriesBuilder builder;
    stope::Day day = record.readings.first_day;
    for (const stope::DailyReading& reading : record.readings.days) {
      builder.add({day, day * microseconds_a_day, io::TimestampFault::none}, 1, reading);
      ++day;
    }
    days += builder.take().days.size();
  }
  sink = static_cast<double>(days);
}

class Timer {
 public:
  template <class Work>
  void operator()(const char* name, const char* what, Work&& work) {
    const double before = cpu_seconds();
    work();
    const double spent = cpu_seconds() - before;
    const auto stage =
        std::find_if(stages_.begin(), stages_.end(), [&](const Stage& known) { return known.name == name; });
    (stage == stages_.end() ? stages_.emplace_back(Stage{name, what, {}}) : *stage).cpu.push_back(spent);
  }
  std::vector<Stage> take() { return std::move(stages_); }

 private:
  std::vector<Stage> stages_;
};

/// What the machine can do at most with so many bytes.
void time_ceilings(const DataFiles& files, Timer& time) {
  const io::CsvText text = io::CsvText::read(files.timeseries());
  const std::string_view bytes = text.bytes();
  const auto copy = std::make_unique<char[]>(bytes.size());  // zeroed: its pages are there
  time("copy", "ceiling: memcpy of the text", [&] { std::memcpy(copy.get(), bytes.data(), bytes.size()); });
  time("line_ends", "ceiling: memchr for line ends",
       [&] { sink = static_cast<double>(count_line_ends(bytes)); });
}

void time_text(const DataFiles& files, Timer& time) {
  time("read", "bytes of the file, checked UTF-8", [&] {
    io::CsvText text = io::CsvText::open(files.timeseries());
    while (text.goes_on()) text.read_on(text.bytes().size());
  });
  time("rows", "the same, cut into rows and fields",
       [&] { walk_rows(files, [](const io::CsvReader&) { return 0.0; }); });
  time("cells", "the same, timestamps and numbers parsed", [&] {
    io::TimestampReader timestamps;
    walk_rows(files, [&](const io::CsvReader& reader) { return parse_cells(reader, timestamps); });
  });
}

void time_records(const DataFiles& files, Timer& time) {
  io::StopeData data;
  time("records", "files to checked records with daily series", [&] { data = read(files); });
  time("daily_series", "readings to daily series alone", [&] { rebuild_series(data.stopes); });
  time("quality", "the data report of `validate`",
       [&] { sink = static_cast<double>(io::make_data_report(data).stope_days); });
  std::unique_ptr<TrainingData> training;
  time("windows", "windows, targets, split, scalers",
       [&] { training = std::make_unique<TrainingData>(std::move(data.stopes)); });
  const std::vector<std::uint32_t> order = training->shuffled_windows();
  time("gather", "an epoch's windows scaled into batches of 32",
       [&] { training->gather(order, [](std::size_t) {}); });
}

}  // namespace

double Stage::best() const {
  return quantile(cpu, 0);
}

WholeRun run_whole(const DataFiles& files) {
  WholeRun run;
  reset_peak_memory();
  const Clock::time_point begin = Clock::now();
  const double cpu_before = cpu_seconds();
  io::StopeData data = read(files);
  const io::DataReport report = io::make_data_report(data);
  const double cpu_read = cpu_seconds() - cpu_before, wall_read = seconds_since(begin);
  check_contents(data, files.contents());

  const Clock::time_point begin_windows = Clock::now();
  const double cpu_before_windows = cpu_seconds();
  TrainingData training(std::move(data.stopes));
  run.cpu = cpu_read + cpu_seconds() - cpu_before_windows;
  run.wall = wall_read + seconds_since(begin_windows);

  const std::vector<std::uint32_t> order = training.shuffled_windows();
  const Clock::time_point begin_gather = Clock::now();
  const double cpu_before_gather = cpu_seconds();
  training.gather(order, [](std::size_t) {});
  run.gather_cpu = cpu_seconds() - cpu_before_gather;
  run.gather_wall = seconds_since(begin_gather);
  run.peak_memory_mb = peak_memory_mb();

  run.stopes = report.stopes;
  run.windows = training.dataset.windows().size();
  run.training_windows = order.size();
  constexpr std::size_t checked = 100;
  training.gather(std::span(order).first(std::min(order.size(), checked * batch_size)), [&](std::size_t i) {
    check_batch(training, std::span(order).subspan(i * batch_size,
                                                   std::min(batch_size, order.size() - i * batch_size)));
  });
  return run;
}

std::vector<Stage> time_stages(const DataFiles& files, int rounds) {
  Timer time;
  for (int round = 0; round < rounds; ++round) {
    time_ceilings(files, time);
    time_text(files, time);
    time_records(files, time);
  }
  return time.take();
}

EpochShare time_epoch(const DataFiles& files, int steps, int threads) {
  TrainingData data(read(files).stopes);
  const lifecycle::Network network{stope::NetworkSpecification{}};
  const train::TrainingPlan plan;
  nn::Parameters<float> parameters(network.layout(), true);
  nn::initialise(parameters, plan.seed);
  train::TrainingStep<lifecycle::Network, float> step(network, parameters, plan, static_cast<int>(batch_size),
                                                      nn::default_kernels());
  const std::vector<std::uint32_t> order = data.shuffled_windows();
  EpochShare share{0, static_cast<int>(batch_size), threads, 0, 0};
  const int wanted = std::min(steps, static_cast<int>(order.size() / batch_size));
  Clock::time_point begin = Clock::now();
  data.gather(std::span(order).first(static_cast<std::size_t>(wanted) * batch_size), [&](std::size_t) {
    share.gather += seconds_since(begin);
    begin = Clock::now();
    step.step(data.batch.inputs(), data.batch.targets(), data.batch.samples(), plan.learning_rate, threads);
    share.network += seconds_since(begin);
    ++share.steps;
    begin = Clock::now();
  });
  return share;
}

}  // namespace deepmine::benchmarks
