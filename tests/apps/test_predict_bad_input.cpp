// Every kind of bad input ends in the right status and exit code, and never in an answer that reads "stable".
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/stope/records.h"
#include "tests/apps/small_mine.h"

using namespace deepmine;
using nlohmann::ordered_json;
using test::good_stopes;
using test::Predictions;
using test::SmallMine;

namespace {

std::vector<std::string> codes(const ordered_json& prediction) {
  std::vector<std::string> found;
  for (const auto& reason : prediction["reasons"]) found.push_back(reason["code"]);
  return found;
}

bool has_code(const ordered_json& prediction, const std::string& code) {
  const auto found = codes(prediction);
  return std::find(found.begin(), found.end(), code) != found.end();
}

void check_says_nothing(const ordered_json& prediction) {
  const ordered_json& current = prediction["current_stability"];
  CHECK(current["stable"].is_null());
  CHECK(current["instability_probability"].is_null());
  CHECK(current["confidence"].is_null());
  CHECK(current["risk_level"] == "Unknown: inspect");
  CHECK(prediction["method"] == "none");
  CHECK(prediction["alert_recommended"].is_null());
  CHECK(prediction["risk_trend"].is_null());
  for (const auto& future : prediction["future_predictions"]) {
    CHECK(future["predicted_risk_level"].is_null());
    CHECK(future["risk_probabilities"].is_null());
    CHECK(future["confidence"].is_null());
  }
}

/// The stope is not answered, with this reason first; all others are as they were.
void check_unanswered(const SmallMine& mine, const std::string& stope, const std::string& status,
                      const std::string& code) {
  const Predictions found = test::predict_json(mine);
  CHECK(found.exit_code == 5);
  const ordered_json prediction = found.of(stope);
  CAPTURE(prediction.dump());
  CHECK(prediction["status"] == status);
  REQUIRE_FALSE(codes(prediction).empty());
  CHECK(codes(prediction)[0] == code);
  check_says_nothing(prediction);
  static const Predictions undisturbed = test::predict_json(SmallMine());
  for (const std::string& other : mine.names())
    if (other != stope && other != "extra")
      CHECK(found.of(other)["current_stability"] == undisturbed.of(other)["current_stability"]);
}

void check_fatal(const test::ProgramResult& result, const std::string& message) {
  CAPTURE(result.err);
  CHECK(result.exit_code == 3);
  CHECK(result.out.empty());
  CHECK(result.err.find(message) != std::string::npos);
}

test::ProgramResult predict_texts(const std::string& statics, const std::string& readings) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "static.csv") << statics;
  std::ofstream(folder / "timeseries.csv") << readings;
  return test::run_program({"predict", "--json", "--static", folder / "static.csv", "--timeseries",
                            folder / "timeseries.csv", "--store", test::trained_store()});
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

}  // namespace

TEST_CASE("a cell that is no number of its column rejects its stope, and says where") {
  const std::string stope = good_stopes()[0];
  const std::vector<std::pair<std::string, std::string>> cells{
      {"nan", "not_a_number"},  {"inf", "not_a_number"},   {"-inf", "not_a_number"}, {"n/a", "not_a_number"},
      {"1.5x", "not_a_number"}, {"1e400", "not_a_number"}, {"0x10", "not_a_number"}, {"501", "out_of_range"},
      {"-0.5", "out_of_range"}, {"1e300", "out_of_range"}, {" 1.5", "not_a_number"}};
  for (const auto& [cell, code] : cells) {
    CAPTURE(cell);
    SmallMine mine;
    mine.reading(stope, 3, "vibration_velocity") = cell;
    check_unanswered(mine, stope, "rejected", code);
  }
  SmallMine mine;
  mine.reading(stope, 3, "vibration_velocity") = "nan";
  const std::size_t line = mine.rows_of(stope).rbegin()[3] + 1;
  const auto prediction = test::predict_json(mine).of(stope);
  const std::string message = prediction["reasons"][0]["message"];
  CHECK(message.find("timeseries.csv:" + std::to_string(line) + ":") != std::string::npos);
}

TEST_CASE("a static cell that can't be used rejects its stope") {
  const std::string stope = good_stopes()[1];
  const std::vector<std::array<std::string, 3>> cells{{"rqd", "nan", "not_a_number"},
                                                      {"rqd", "101", "out_of_range"},
                                                      {"depth", "", "missing_value"},
                                                      {"depth", "-1", "out_of_range"},
                                                      {"rock_type", "", "missing_value"},
                                                      {"support_installed", "yes", "bad_flag"},
                                                      {"dip", "1e400", "not_a_number"},
                                                      {"hr", "inf", "not_a_number"},
                                                      {"support_density", "5.1", "out_of_range"}};
  for (const auto& [column, cell, code] : cells) {
    CAPTURE(column);
    SmallMine mine;
    mine.property(stope, column) = cell;
    check_unanswered(mine, stope, "rejected", code);
  }
}

TEST_CASE("a rejection names the cause and nothing that only follows from it") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  mine.reading(stope, 3, "stress") = "nan";
  CHECK(codes(test::predict_json(mine).of(stope)) == std::vector<std::string>{"not_a_number"});
  mine = SmallMine();
  mine.property(stope, "rqd") = "abc";
  CHECK(codes(test::predict_json(mine).of(stope)) == std::vector<std::string>{"not_a_number"});
}

TEST_CASE("timestamps: zones, nonsense and the future reject the stope") {
  const std::string stope = good_stopes()[0];
  for (const std::string cell : {"2024-02-30", "30.01.2024", "2024-02-01T00:00:00Z",
                                 "2024-02-01T00:00:00+01:00", "2024-02-01 24:01", ""}) {
    CAPTURE(cell);
    SmallMine mine;
    mine.reading(stope, 3, "timestamp") = cell;
    check_unanswered(mine, stope, "rejected", "bad_timestamp");
  }
}

TEST_CASE("a reading after today rejects its stope, and --today says what today is") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  const std::string last = mine.reading(stope, 0, "timestamp");
  const stope::Day day = *stope::parse_day(last);
  for (const std::string& other : mine.names())  // all others end a day earlier
    if (other != stope && mine.reading(other, 0, "timestamp") >= last) {
      const auto rows = mine.rows_of(other);
      mine.readings.rows.erase(mine.readings.rows.begin() + static_cast<std::ptrdiff_t>(rows.back()));
    }
  const Predictions early = test::predict_json(mine, {"--today", stope::format_day(day - 1)});
  CHECK(early.exit_code == 5);
  CHECK(early.of(stope)["status"] == "rejected");
  CHECK(codes(early.of(stope)) == std::vector<std::string>{"reading_after_now"});
  check_says_nothing(early.of(stope));
  CHECK(early.err.find("--today") != std::string::npos);
  for (const std::string& other : good_stopes())
    if (other != stope) CHECK(early.of(other)["status"] == "ok");
  CHECK(test::predict_json(mine, {"--today", last}).of(stope)["status"] == "ok");
  // An as-of day hides what comes later, wrong dates among it.
  const std::vector<std::string> hidden{"--today", stope::format_day(day - 1), "--as-of",
                                        stope::format_day(day - 1)};
  CHECK(test::predict_json(mine, hidden).of(stope)["status"] == "ok");
  CHECK(test::predict_json(mine, hidden).of(stope)["as_of"] == stope::format_day(day - 1));
}

TEST_CASE("rows that stand twice: the same is dropped with a warning, another rejects") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  const std::size_t row = mine.rows_of(stope).rbegin()[4];
  const test::Cells copy = mine.readings.rows[row];
  mine.readings.rows.insert(mine.readings.rows.begin() + static_cast<std::ptrdiff_t>(row), copy);
  const Predictions same = test::predict_json(mine);
  CHECK(same.of(stope)["status"] == "warning");
  CHECK(codes(same.of(stope)) == std::vector<std::string>{"identical_duplicate"});
  CHECK(same.of(stope)["current_stability"] ==
        test::predict_json(SmallMine()).of(stope)["current_stability"]);
  mine.readings.rows[row][mine.readings.column("stress")] += "1";
  check_unanswered(mine, stope, "rejected", "conflicting_duplicate");
}

TEST_CASE("rows out of order reject the stope, unless --sort") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  const auto rows = mine.rows_of(stope);
  std::swap(mine.readings.rows[rows[20]], mine.readings.rows[rows[40]]);
  check_unanswered(mine, stope, "rejected", "out_of_order");
  const Predictions sorted = test::predict_json(mine, {"--sort"});
  CHECK(sorted.of(stope)["status"] == "ok");
  CHECK(sorted.of(stope)["current_stability"] ==
        test::predict_json(SmallMine()).of(stope)["current_stability"]);
}

TEST_CASE("categories that the model can't know abstain") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  mine.property(stope, "rock_type") = "Cheese";
  check_unanswered(mine, stope, "abstain", "unseen_category");

  const test::TemporaryFolder folder;  // the same model, had it never seen this category
  const std::string rock = SmallMine().property(stope, "rock_type");
  test::publish_variant(folder / "models", [&](io::Components& components) {
    const auto index = *stope::category_index(stope::rock_types, rock);
    components.scaler.categories_seen[stope::directions.size() + index] = 0;
  });
  const Predictions found = test::predict_json(SmallMine(), {}, folder / "models");
  CHECK(found.exit_code == 5);
  CHECK(found.of(stope)["status"] == "abstain");
  CHECK(codes(found.of(stope))[0] == "unseen_category");
  check_says_nothing(found.of(stope));
}

TEST_CASE("values far from the training data abstain") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  mine.property(stope, "depth") = "3999";
  check_unanswered(mine, stope, "abstain", "outside_training_range");
  mine = SmallMine();
  mine.reading(stope, 5, "stress") = "900";
  check_unanswered(mine, stope, "abstain", "outside_training_range");
  CHECK(test::predict_json(mine).of(stope)["data_quality"]["out_of_range"][0]["value"] == 900);
}

TEST_CASE("a gap of three days is filled with a warning, one of four abstains") {
  const std::string stope = good_stopes()[0];
  for (const std::size_t length : {3u, 4u}) {
    SmallMine mine;
    for (std::size_t day = 0; day < length; ++day) mine.reading(stope, 10 + day, "temperature").clear();
    if (length == 4) {
      check_unanswered(mine, stope, "abstain", "gap_too_long");
      continue;
    }
    const ordered_json prediction = test::predict_json(mine).of(stope);
    CHECK(prediction["status"] == "warning");
    CHECK(codes(prediction) == std::vector<std::string>{"gap_filled"});
    CHECK(prediction["data_quality"]["days_filled"] == 3);
    CHECK(prediction["current_stability"]["stable"].is_boolean());
  }
}

TEST_CASE("a short history, a last day that is not whole, a silent stope abstain") {
  const std::string stope = good_stopes()[0];
  for (const std::size_t kept : {29u, 30u}) {
    SmallMine mine;
    const auto rows = mine.rows_of(stope);
    mine.readings.rows.erase(
        mine.readings.rows.begin() + static_cast<std::ptrdiff_t>(rows.front()),
        mine.readings.rows.begin() + static_cast<std::ptrdiff_t>(rows.back() + 1 - kept));
    if (kept == 29)
      check_unanswered(mine, stope, "abstain", "history_too_short");
    else
      CHECK(test::predict_json(mine).of(stope)["status"] == "ok");
  }
  SmallMine incomplete;
  incomplete.reading(stope, 0, "humidity").clear();
  check_unanswered(incomplete, stope, "abstain", "last_day_missing");
  SmallMine silent;
  const auto rows = silent.rows_of(stope);
  silent.readings.rows.erase(silent.readings.rows.begin() + static_cast<std::ptrdiff_t>(rows.back() - 7),
                             silent.readings.rows.begin() + static_cast<std::ptrdiff_t>(rows.back() + 1));
  check_unanswered(silent, stope, "abstain", "reading_too_old");
}

TEST_CASE("a sensor that is stuck for seven days is a warning") {
  const std::string stope = good_stopes()[0];
  for (const std::size_t length : {6u, 7u}) {
    SmallMine mine;
    for (std::size_t day = 0; day < length; ++day)
      mine.reading(stope, 5 + day, "temperature") = mine.reading(stope, 5, "temperature");
    const ordered_json prediction = test::predict_json(mine).of(stope);
    CHECK(prediction["status"] == (length == 7 ? "warning" : "ok"));
    CHECK(has_code(prediction, "flat_line") == (length == 7));
  }
}

TEST_CASE("a stope of one file only is reported and not answered") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  mine.readings.rows.push_back(mine.readings.rows.back());
  mine.readings.rows.back()[0] = "extra";
  check_unanswered(mine, "extra", "rejected", "no_static_row");
  mine = SmallMine();
  std::erase_if(mine.readings.rows, [&](const test::Cells& row) { return row[0] == stope; });
  check_unanswered(mine, stope, "abstain", "no_readings");
}

TEST_CASE("sentinels are missing where the model's settings list them, and impossible values elsewhere") {
  const std::string stope = good_stopes()[0];
  SmallMine mine;
  mine.reading(stope, 10, "vibration_velocity") = "-999";
  check_unanswered(mine, stope, "rejected", "out_of_range");
  const test::TemporaryFolder folder;
  test::publish_variant(folder / "models",
                        [](io::Components& components) { components.settings.data.sentinels = {-999}; });
  const ordered_json prediction = test::predict_json(mine, {}, folder / "models").of(stope);
  CHECK(prediction["status"] == "warning");
  CHECK(codes(prediction) == std::vector<std::string>{"gap_filled"});
}

TEST_CASE("files that can't be used answer nothing") {
  const SmallMine mine;
  const std::string statics = mine.statics.text(), readings = mine.readings.text();
  check_fatal(predict_texts("", readings), "static.csv");
  check_fatal(predict_texts(statics, ""), "timeseries.csv");
  check_fatal(predict_texts(mine.statics.rows[0][0] + "\n", readings), "rqd");
  check_fatal(predict_texts(replaced(statics, ',', ';'), readings), ";");
  check_fatal(predict_texts(statics, replaced(readings, ',', ';')), ";");
  check_fatal(predict_texts(std::string("\x00\x01\x02", 3), readings), "static.csv");

  SmallMine without;
  without.statics.rows[0][without.statics.column("rqd")] = "RQD";
  without.statics.rows[0][without.statics.column("hr")] = "radius";
  check_fatal(predict_texts(without.statics.text(), readings), "missing columns: rqd, hr;");
  SmallMine twice;
  twice.statics.rows.push_back(twice.statics.rows[1]);
  check_fatal(predict_texts(twice.statics.text(), readings), "stands twice");
  SmallMine commas;
  commas.reading(good_stopes()[0], 3, "stress") = "\"1,81\"";
  check_fatal(predict_texts(statics, commas.readings.text()), "decimal comma");

  check_fatal(test::run_program({"predict", "--static", "absent.csv", "--timeseries", "absent2.csv",
                                 "--store", test::trained_store()}),
              "absent.csv");
}
