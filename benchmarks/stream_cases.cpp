#include "benchmarks/stream_cases.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/nn/error.h"
#include "engine/stope/simulator.h"
#include "io/assessment_json.h"
#include "lifecycle/case_prediction.h"
#include "lifecycle/training_run.h"

namespace deepmine::benchmarks {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view time_of_prediction = "2024-01-01T00:00:00Z";

void train_model(const std::filesystem::path& store, bool full_network) {
  constexpr std::size_t stopes = 40;
  const stope::SimulationPlan mine{.seed = 7, .stopes = stopes, .days = 90};
  lifecycle::TrainingRequest request;
  for (std::size_t i = 0; i < stopes; ++i) request.records.push_back(stope::simulate_stope(mine, i).record);
  request.network = full_network ? stope::NetworkSpecification{} : stope::compact_network();
  request.plan.epochs = 1;
  request.gate.mode = lifecycle::GateMode::off;
  request.store = store;
  lifecycle::run_training(std::move(request));
}

Json or_null(double value) {
  return stope::is_missing(value) ? Json(nullptr) : Json(value);
}

/// The last `days` days of a stope, as a program of another language writes them.
std::string line_of(const stope::StopeRecord& stope, const std::string& name, std::size_t days) {
  const stope::StaticRecord& s = stope.statics;
  Json json{{"stope_name", name},
            {"statics",
             {{"rqd", s.rqd},
              {"hr", s.hydraulic_radius},
              {"depth", s.depth},
              {"dip", s.dip},
              {"direction", s.direction},
              {"undercut_wdt", s.undercut_width},
              {"rock_type", s.rock_type},
              {"support_type", s.support_type},
              {"support_density", s.support_density},
              {"support_installed", s.support_installed}}},
            {"readings", Json::array()}};
  const auto& all = stope.readings.days;
  for (std::size_t day = all.size() - std::min(days, all.size()); day < all.size(); ++day) {
    Json reading{{"timestamp", stope::format_day(stope.readings.first_day + static_cast<stope::Day>(day))}};
    for (std::size_t sensor = 0; sensor < stope::sensor_count; ++sensor)
      reading[std::string(stope::sensor_columns[sensor].name)] = or_null(all[day][sensor]);
    json["readings"].push_back(std::move(reading));
  }
  return json.dump() + "\n";
}

}  // namespace

StreamCases::StreamCases(std::size_t count, int days, bool full_network) {
  make(count, days, full_network);
}

void StreamCases::make(std::size_t count, int days, bool full_network) {
  train_model(store(), full_network);
  const stope::SimulationPlan mine{.seed = 7, .stopes = count, .days = std::max(90, days)};
  lifecycle::Service service{lifecycle::ModelStore(store())};
  const auto from = service.current();
  if (from->state != lifecycle::ServiceState::ready)
    throw Error(ErrorCode::failure, "the model that was trained can't be used: " + from->problem);
  // Some simulated stopes fail before they have readings enough, or lie outside of what the model has seen;
  // every case is to be work.
  for (std::size_t index = 0; lines_.size() < count; ++index) {
    if (index >= 20 * count + 1000)
      throw Error(ErrorCode::failure, "the network answers too few of the simulated cases");
    const stope::StopeRecord stope = stope::simulate_stope(mine, index).record;
    if (stope.readings.days.size() < static_cast<std::size_t>(days)) continue;
    std::string line =
        line_of(stope, "Stope " + std::to_string(lines_.size() + 1), static_cast<std::size_t>(days));
    lifecycle::PredictionRequest request;
    request.today = lifecycle::local_today();
    request.timestamp = time_of_prediction;
    const stope::Assessment answer = lifecycle::predict_case(*from, line, "the case", std::move(request));
    if (answer.method != stope::Method::network) continue;
    expected_.push_back(io::assessment_line(answer));
    lines_.push_back(std::move(line));
  }
}

std::size_t StreamCases::bytes_a_line() const {
  std::size_t sum = 0;
  for (const std::string& line : lines_) sum += line.size();
  return lines_.empty() ? 0 : sum / lines_.size();
}

void StreamCases::check(std::size_t line, std::string_view answer) const {
  std::string found(answer);
  constexpr std::string_view key = "\"timestamp\":\"";
  if (const std::size_t at = found.find(key);
      at != std::string::npos && at + key.size() + time_of_prediction.size() <= found.size())
    found.replace(at + key.size(), time_of_prediction.size(), time_of_prediction);
  if (found != expected_[line])
    throw Error(ErrorCode::failure, "the answer to line " + std::to_string(line + 1) +
                                        " is wrong; expected\n" + expected_[line] + "\nfound\n" + found);
}

}  // namespace deepmine::benchmarks
