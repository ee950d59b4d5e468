#include "tests/apps/small_mine.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/stope/simulator.h"
#include "io/stope_csv_writer.h"
#include "lifecycle/saved_model.h"
#include "lifecycle/training_run.h"

namespace deepmine::test {
namespace {

stope::SimulationPlan simulation() {
  stope::SimulationPlan plan;
  plan.stopes = 16;
  plan.days = SmallMine::days;
  plan.sensor_faults = false;
  return plan;
}

Table read_table(const std::filesystem::path& path) {
  Table table;
  std::istringstream text(file_text(path));
  for (std::string line; std::getline(text, line);) {
    Cells& row = table.rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return table;
}

void train(const std::filesystem::path& store) {
  lifecycle::TrainingRequest request;
  for (std::size_t index = 0; index < simulation().stopes; ++index)
    request.records.push_back(stope::simulate_stope(simulation(), index).record);
  request.plan.epochs = 1;
  request.plan.seed = 5;
  request.split.validation_fraction = request.split.test_fraction = 0.15;
  request.store = store;
  lifecycle::run_training(std::move(request));
}

}  // namespace

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t Table::column(const std::string& name) const {
  const auto found = std::find(rows[0].begin(), rows[0].end(), name);
  if (found == rows[0].end()) throw std::runtime_error("no column " + name);
  return static_cast<std::size_t>(found - rows[0].begin());
}

std::string Table::text() const {
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) text += (column > 0 ? "," : "") + row[column];
    text += "\n";
  }
  return text;
}

SmallMine::SmallMine() {
  static const auto tables = [] {
    const TemporaryFolder folder;
    io::StaticCsvWriter static_writer(folder / "static.csv");
    io::TimeseriesCsvWriter reading_writer(folder / "timeseries.csv");
    for (std::size_t index = 0; index < simulation().stopes; ++index) {
      const stope::StopeRecord record = stope::simulate_stope(simulation(), index).record;
      static_writer.add(record);
      reading_writer.add(record);
    }
    static_writer.commit();
    reading_writer.commit();
    return std::pair(read_table(folder / "static.csv"), read_table(folder / "timeseries.csv"));
  }();
  statics = tables.first;
  readings = tables.second;
}

std::string& SmallMine::property(const std::string& stope, const std::string& column) {
  for (Cells& row : statics.rows)
    if (row[0] == stope) return row[statics.column(column)];
  throw std::runtime_error("no stope " + stope);
}

std::vector<std::size_t> SmallMine::rows_of(const std::string& stope) const {
  std::vector<std::size_t> found;
  for (std::size_t row = 1; row < readings.rows.size(); ++row)
    if (readings.rows[row][0] == stope) found.push_back(row);
  return found;
}

std::string& SmallMine::reading(const std::string& stope, std::size_t days_ago, const std::string& column) {
  const std::vector<std::size_t> found = rows_of(stope);
  return readings.rows.at(found.at(found.size() - 1 - days_ago))[readings.column(column)];
}

std::vector<std::string> SmallMine::names() const {
  std::vector<std::string> names;
  for (std::size_t row = 1; row < statics.rows.size(); ++row) names.push_back(statics.rows[row][0]);
  return names;
}

const std::filesystem::path& trained_store() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    train(folder / "models");
    return folder / "models";
  }();
  return store;
}

void publish_variant(const std::filesystem::path& store, const std::function<void(io::Components&)>& change) {
  lifecycle::SavedModel model =
      lifecycle::parse_saved_model(*lifecycle::ModelStore(trained_store()).read_current());
  change(model.components);
  lifecycle::StoreWriter writer = lifecycle::ModelStore(store).lock_for_writing();
  model.metadata.sequence = writer.next_sequence();
  writer.publish(lifecycle::saved_model_files(model, ""));
}

ProgramResult predict(const SmallMine& mine, const std::vector<std::string>& arguments,
                      const std::filesystem::path& store) {
  const TemporaryFolder folder;
  std::ofstream(folder / "static.csv") << mine.statics.text();
  std::ofstream(folder / "timeseries.csv") << mine.readings.text();
  std::vector<std::string> words{
      "predict", "--static", folder / "static.csv", "--timeseries", folder / "timeseries.csv",
      "--store", store};
  if (std::find(arguments.begin(), arguments.end(), "--threads") == arguments.end())
    words.insert(words.end(), {"--threads", "1"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_program(words);
}

nlohmann::ordered_json Predictions::document() const {
  return nlohmann::ordered_json::parse(out);
}

nlohmann::ordered_json Predictions::predictions() const {
  return document()["predictions"];
}

nlohmann::ordered_json Predictions::of(const std::string& stope) const {
  for (const auto& prediction : predictions())
    if (prediction["stope_name"] == stope) return prediction;
  throw std::runtime_error("no prediction for " + stope + "; stderr: " + err);
}

Predictions predict_json(const SmallMine& mine, std::vector<std::string> arguments,
                         const std::filesystem::path& store) {
  arguments.push_back("--json");
  const ProgramResult result = predict(mine, arguments, store);
  Predictions predictions;
  predictions.exit_code = result.exit_code;
  predictions.out = result.out;
  predictions.err = result.err;
  return predictions;
}

const std::vector<std::string>& good_stopes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> good;
    for (const auto& prediction : predict_json(SmallMine()).predictions())
      if (prediction["status"] == "ok") good.push_back(prediction["stope_name"]);
    if (good.size() < 3)
      throw std::runtime_error("the tests need three stopes that are answered without doubt");
    return good;
  }();
  return names;
}

}  // namespace deepmine::test
