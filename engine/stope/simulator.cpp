#include "engine/stope/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/nn/error.h"
#include "engine/nn/random.h"

namespace deepmine::stope {
namespace {

double round_to_hundredths(double value) {
  return std::round(value * 100.0) / 100.0;
}

// ---- geology and design

/// A rock type of the simulation: how often it is met, mean of its rock quality, its strength from 0 to 1.
struct Rock {
  double weight, mean_rqd, strength;
};
/// In the order of `rock_types`.
constexpr std::array<Rock, rock_types.size()> rocks{{
    {0.18, 74, 0.90},  // Granite
    {0.12, 70, 0.80},  // Basalt
    {0.12, 72, 0.85},  // Quartzite
    {0.12, 52, 0.60},  // Schist
    {0.12, 64, 0.70},  // Gneiss
    {0.05, 66, 0.75},  // Marble
    {0.06, 54, 0.65},  // Slate
    {0.05, 40, 0.40},  // Shale
    {0.09, 60, 0.70},  // Limestone
    {0.07, 55, 0.60},  // Sandstone
    {0.02, 68, 0.80},  // Obsidian
}};

/// How often a support type is met in good and in poor ground, and how much it holds. In the order of
/// `support_types`.
struct Support {
  double weight_good, weight_poor, capacity;
};
constexpr std::array<Support, support_types.size()> supports{{
    {0.22, 0.04, 0.0},  // None
    {0.33, 0.24, 0.6},  // Rock Bolts
    {0.18, 0.10, 0.3},  // Mesh
    {0.04, 0.14, 0.8},  // Steel Sets
    {0.12, 0.24, 0.7},  // Shotcrete
    {0.05, 0.04, 0.4},  // Timber
    {0.06, 0.20, 0.9},  // Cable Bolts
}};

/// The index of a table entry drawn with probability weight / sum of weights.
template <class Table, class Weight>
std::size_t draw_category(RandomStream& random, const Table& table, Weight weight) {
  double total = 0;
  for (const auto& entry : table) total += weight(entry);
  double rest = random.uniform() * total;
  for (std::size_t i = 0; i + 1 < table.size(); ++i) {
    rest -= weight(table[i]);
    if (rest < 0) return i;
  }
  return table.size() - 1;
}

/// What is fixed for a stope: its record, and what nobody measures.
struct Ground {
  StaticRecord statics;
  double overstress = 0;  ///< demand over long-term strength, in units of its spread; creep runs away above 0
  double initial_damage = 0;  ///< of the ground at the first day, 0 intact to 1 failed
  double creep_rate = 0;      ///< damage a day of undamaged ground; 0: never runs away
  double blast_rate = 0;      ///< blasts near the stope, a day
  double vibration = 0, deformation = 0, stress = 0, temperature = 0,
         humidity = 0;  ///< healthy level of each sensor
};

StaticRecord draw_statics(RandomStream& random, double& rock_strength, double& support_capacity) {
  StaticRecord statics;
  const std::size_t rock = draw_category(random, rocks, [](const Rock& entry) { return entry.weight; });
  rock_strength = rocks[rock].strength;
  statics.rock_type = rock_types[rock];
  statics.rqd = round_to_hundredths(std::clamp(rocks[rock].mean_rqd + 14.0 * random.normal(), 10.0, 98.0));
  statics.depth = round_to_hundredths(std::clamp(430.0 * std::exp(0.55 * random.normal()), 60.0, 1500.0));
  // Large openings are designed where the rock is good.
  statics.hydraulic_radius =
      round_to_hundredths(std::clamp(6.6 + 0.02 * (statics.rqd - 62.0) + 1.8 * random.normal(), 2.5, 16.0));
  statics.undercut_width = round_to_hundredths(
      std::clamp(6.8 + 0.5 * (statics.hydraulic_radius - 6.6) + 1.6 * random.normal(), 2.0, 15.0));
  statics.dip = round_to_hundredths(std::clamp(57.0 + 17.0 * random.normal(), 10.0, 90.0));
  statics.direction = directions[random.below(directions.size())];

  const double poorness = std::clamp((75.0 - statics.rqd) / 50.0, 0.0, 1.0);
  const std::size_t support = draw_category(random, supports, [&](const Support& entry) {
    return entry.weight_good + poorness * (entry.weight_poor - entry.weight_good);
  });
  statics.support_type = support_types[support];
  const bool has_support = statics.support_type != "None";
  statics.support_installed = random.uniform() < 0.45 + 0.35 * poorness && has_support;
  const double density = std::clamp(0.5 + 0.25 * poorness + 0.2 * random.normal(), 0.1, 1.0);
  statics.support_density = has_support ? round_to_hundredths(density) : 0.0;
  support_capacity = statics.support_installed ? supports[support].capacity * statics.support_density : 0.0;
  return statics;
}

Ground draw_ground(RandomKey stope_key) {
  RandomStream random(derive_key(stope_key, "ground"));
  Ground ground;
  double rock_strength = 0, support_capacity = 0;
  ground.statics = draw_statics(random, rock_strength, support_capacity);
  const StaticRecord& statics = ground.statics;

  const double demand = 0.58 * (statics.hydraulic_radius - 6.6) / 1.9 +
                        0.45 * (statics.depth - 490.0) / 270.0 + 0.15 * (statics.undercut_width - 6.8) / 1.9 +
                        0.10 * (57.0 - statics.dip) / 17.0;
  const double strength = 0.60 * (statics.rqd - 62.0) / 17.0 + 0.45 * (rock_strength - 0.72) / 0.12 +
                          1.3 * (support_capacity - 0.22);
  ground.overstress = demand - strength - 0.62 + 0.35 * random.normal();  // the last: what no table knows

  ground.initial_damage = random.uniform(0.0, 0.25);
  const double pace = std::exp(0.35 * random.normal());
  if (ground.overstress > 0) ground.creep_rate = 0.0011 * std::sqrt(ground.overstress) * pace;
  ground.blast_rate = random.uniform(0.05, 0.30);

  ground.vibration = std::clamp(1.15 + 0.15 * random.normal(), 0.6, 1.8);
  ground.deformation = std::max(0.05, 0.26 + 0.06 * ground.overstress + 0.05 * random.normal());
  ground.stress =
      24.0 + 0.022 * statics.depth + 0.8 * (statics.hydraulic_radius - 6.6) + 3.0 * random.normal();
  ground.temperature = 19.0 + 0.012 * statics.depth + 0.8 * random.normal();
  ground.humidity = std::clamp(68.0 + 11.0 * random.normal(), 40.0, 96.0);
  return ground;
}

// ---- degradation

/// Damage a day is creep_rate · exp(growth · damage): its solution is a rate that grows as 1 / (time to
/// failure).
constexpr double growth = 5.0;

struct Blast {
  bool happens = false;
  double magnitude = 0;  ///< lognormal around 1
};

Blast draw_blast(RandomStream& random, double rate) {
  Blast blast;
  blast.happens = random.uniform() < rate;
  const double magnitude = std::exp(0.5 * random.normal());
  if (blast.happens) blast.magnitude = magnitude;
  return blast;
}

/// The stream of one day of one stope: whatever other days do, this day draws the same numbers.
RandomStream day_stream(RandomKey days_key, int day) {
  return RandomStream(derive_key(days_key, static_cast<std::uint64_t>(day)));
}

/// Damage gained on a day.
double damage_step(const Ground& ground, double damage, const Blast& blast) {
  const double creep = ground.creep_rate * std::exp(growth * damage);
  return creep * (1.0 + 1.5 * blast.magnitude);  // a blast shakes a cracked stope more than a whole one
}

/// The day (0: the first) on which damage reaches 1; nothing if not within `furthest_simulated_failure`.
std::optional<int> find_failure(const Ground& ground, RandomKey days_key) {
  if (ground.creep_rate <= 0) return std::nullopt;
  double damage = ground.initial_damage;
  for (int day = 0; day < furthest_simulated_failure; ++day) {
    RandomStream random = day_stream(days_key, day);
    damage += damage_step(ground, damage, draw_blast(random, ground.blast_rate));
    if (damage >= 1.0) return day;
  }
  return std::nullopt;
}

// ---- sensors

/// Slow disturbances that carry over from day to day.
struct Drift {
  double deformation = 0, stress = 0, humidity = 0;
};

/// What the instruments show on a day, before gaps. Draws from the day's stream behind the blast.
DailyReading read_sensors(const Ground& ground, RandomStream& random, const Blast& blast, double damage,
                          double damage_gain, int day_of_year, Drift& drift) {
  drift.deformation = 0.8 * drift.deformation + 0.02 * random.normal();
  drift.stress = 0.9 * drift.stress + 0.9 * random.normal();
  drift.humidity = 0.8 * drift.humidity + 0.8 * random.normal();

  // Cracking is heard: background vibration grows with the damage rate. A blast stands above it.
  const double cracking = 25.0 * damage_gain;
  const double background = (ground.vibration + std::min(cracking, 6.0)) * std::exp(0.30 * random.normal());
  const double vibration = std::max(0.05, background + 1.3 * blast.magnitude);

  const double convergence = 45.0 * damage_gain;  // mm of closure for each unit of damage
  const double deformation = ground.deformation * (1.0 + 0.4 * blast.magnitude) + convergence +
                             drift.deformation + 0.13 * random.normal() * (1.0 + 0.15 * convergence);

  // Load moves onto the stope's walls while it cracks, and off them shortly before it fails.
  const double load = 30.0 * damage - 90.0 * std::max(0.0, damage - 0.8);
  const double stress = ground.stress + load + drift.stress + 5.0 * random.normal() + 2.0 * blast.magnitude;

  const double season = std::cos(2.0 * std::numbers::pi * (day_of_year - 200) / 365.25);
  const double temperature =
      ground.temperature + 1.5 * std::exp(-ground.statics.depth / 400.0) * season + 0.9 * random.normal();
  const double humidity = ground.humidity + 2.0 * season + drift.humidity + 2.4 * random.normal();

  const DailyReading exact{vibration, deformation, stress, temperature, std::clamp(humidity, 20.0, 100.0)};
  DailyReading shown;
  for (std::size_t sensor = 0; sensor < sensor_count; ++sensor)
    shown[sensor] = std::clamp(round_to_hundredths(exact[sensor]), sensor_columns[sensor].lowest,
                               sensor_columns[sensor].highest);
  return shown;
}

/// Faults of the instruments of one stope, day after day, from a stream of their own for each day.
class SensorFaults {
 public:
  void apply(RandomStream random, DailyReading& reading) {
    if (random.uniform() < 0.004 && all_out_ == 0) all_out_ = draw_length(random, 1, 6);
    for (std::size_t sensor = 0; sensor < sensor_count; ++sensor) {
      // One number decides for the sensor's day: it goes out, it sticks, this reading is lost, or nothing.
      const double fate = random.uniform();
      if (fate < 0.0006 && out_[sensor] == 0) out_[sensor] = draw_length(random, 2, 8);
      if (fate >= 0.0006 && fate < 0.0008 && stuck_[sensor] == 0) {
        stuck_[sensor] = draw_length(random, 7, 12);
        stuck_at_[sensor] = reading[sensor];
      }
      const bool is_lost = fate >= 0.0008 && fate < 0.0048;
      if (stuck_[sensor] > 0) {
        --stuck_[sensor];
        reading[sensor] = stuck_at_[sensor];
      }
      if (is_lost || out_[sensor] > 0 || all_out_ > 0) reading[sensor] = missing;
      if (out_[sensor] > 0) --out_[sensor];
    }
    if (all_out_ > 0) --all_out_;
  }

 private:
  static int draw_length(RandomStream& random, int shortest, int longest) {
    return shortest + static_cast<int>(random.below(static_cast<std::uint64_t>(longest - shortest + 1)));
  }

  int all_out_ = 0;
  std::array<int, sensor_count> out_{}, stuck_{};
  DailyReading stuck_at_{};
};

int day_of_year(Day day) {
  // Days since 1970-01-01 modulo the mean year: good enough for a season.
  return static_cast<int>(std::fmod(static_cast<double>(day), 365.2425));
}

bool is_all_missing(const DailyReading& reading) {
  return std::all_of(reading.begin(), reading.end(), is_missing);
}

/// A file can't say "a day without readings" before the first or after the last one: neither does the series.
void trim(DailySeries& series) {
  while (!series.days.empty() && is_all_missing(series.days.back())) series.days.pop_back();
  std::size_t first = 0;
  while (first < series.days.size() && is_all_missing(series.days[first])) ++first;
  series.days.erase(series.days.begin(), series.days.begin() + static_cast<std::ptrdiff_t>(first));
  series.first_day += static_cast<Day>(first);
}

DailySeries simulate_readings(const SimulationPlan& plan, const Ground& ground, RandomKey stope_key,
                              int day_count) {
  DailySeries series;
  series.first_day = plan.first_day;
  series.days.reserve(static_cast<std::size_t>(day_count));
  const RandomKey days_key = derive_key(stope_key, "day"), faults_key = derive_key(stope_key, "faults");
  SensorFaults faults;
  Drift drift;
  double damage = ground.initial_damage;
  for (int day = 0; day < day_count; ++day) {
    RandomStream random = day_stream(days_key, day);
    const Blast blast = draw_blast(random, ground.blast_rate);
    const double gain = damage_step(ground, damage, blast);
    DailyReading reading =
        read_sensors(ground, random, blast, damage, gain, day_of_year(plan.first_day + day), drift);
    if (plan.sensor_faults)
      faults.apply(RandomStream(derive_key(faults_key, static_cast<std::uint64_t>(day))), reading);
    series.days.push_back(reading);
    damage += gain;
  }
  trim(series);
  return series;
}

}  // namespace

void check_plan(const SimulationPlan& plan) {
  if (plan.stopes < 1) throw Error(ErrorCode::usage, "the number of stopes is 0; expected at least 1");
  if (plan.days < 1 || plan.days > most_simulated_days)
    throw Error(ErrorCode::usage,
                fmt::format("the number of days is {}; expected 1 to {}", plan.days, most_simulated_days));
  // Divided, not multiplied: the product of the two need not fit any integer.
  const std::uint64_t most_stopes = most_simulated_readings / static_cast<std::uint64_t>(plan.days);
  if (plan.stopes > most_stopes)
    throw Error(ErrorCode::usage,
                fmt::format("{} stopes of {} days are more than {} readings, some 5 GB; expected at most {} "
                            "stopes of so many days",
                            plan.stopes, plan.days, most_simulated_readings, most_stopes));
  if (plan.label_margin_days < 0)
    throw Error(ErrorCode::usage,
                fmt::format("the label's margin is {} days; expected 0 or more", plan.label_margin_days));
  constexpr Day last_day = 2'932'896;  // 9999-12-31: the last one that can be written with four digits
  if (std::int64_t{plan.first_day} + plan.days + plan.label_margin_days > last_day)
    throw Error(ErrorCode::usage,
                fmt::format("{} days from {} on, and {} more for the label, pass the year 9999", plan.days,
                            format_day(plan.first_day), plan.label_margin_days));
}

SimulatedStope simulate_stope(const SimulationPlan& plan, std::size_t index) {
  const RandomKey stope_key = derive_key(derive_key(plan.seed, "stope"), static_cast<std::uint64_t>(index));
  const Ground ground = draw_ground(stope_key);
  const std::optional<int> failure = find_failure(ground, derive_key(stope_key, "day"));

  SimulatedStope simulated;
  simulated.record.name = fmt::format("Stope_{:03}", index + 1);
  simulated.record.statics = ground.statics;
  simulated.record.statics.stable = !failure || *failure >= plan.days + plan.label_margin_days;
  simulated.record.readings =
      simulate_readings(plan, ground, stope_key, failure ? std::min(plan.days, *failure) : plan.days);
  if (failure) simulated.failure_day = plan.first_day + static_cast<Day>(*failure);
  return simulated;
}

}  // namespace deepmine::stope
