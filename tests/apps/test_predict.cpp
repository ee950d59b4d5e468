// What `deepmine predict` promises about answers that it gives: which stopes, in which order, the same bits
// however it is asked, and the exit code.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/stope/records.h"
#include "io/utf8.h"
#include "lifecycle/store.h"
#include "tests/apps/small_mine.h"

using namespace deepmine;
using nlohmann::ordered_json;
using test::good_stopes;
using test::Predictions;
using test::SmallMine;

namespace {

/// What does not depend on when the question was asked.
ordered_json without_timestamp(ordered_json document) {
  for (auto& prediction : document["predictions"]) prediction.erase("timestamp");
  return document;
}

std::vector<std::string> names(const ordered_json& document) {
  std::vector<std::string> found;
  for (const auto& prediction : document["predictions"]) found.push_back(prediction["stope_name"]);
  return found;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) found.push_back(line);
  return found;
}

std::string line_of(const std::string& text, const std::string& stope) {
  for (const std::string& line : lines(text))
    if (line.starts_with(stope + " ")) return line;
  return "";
}

/// A store whose model raises an alert for every stope that it answers.
void publish_anxious(const std::filesystem::path& store) {
  test::publish_variant(store, [](io::Components& components) {
    components.settings.assessment.high_above = 1e-12;
    components.settings.assessment.medium_above = 1e-13;
  });
}

/// A store whose model hardly ever does.
void publish_calm(const std::filesystem::path& store) {
  test::publish_variant(store, [](io::Components& components) {
    components.settings.assessment.high_above = 0.999999;
    components.settings.assessment.alert_level = stope::RiskLevel::unstable;
  });
}

/// Two stopes that the model answers without an alert.
std::vector<std::string> quiet_stopes(const std::filesystem::path& store) {
  std::vector<std::string> found;
  for (const auto& prediction : test::predict_json(SmallMine(), {}, store).predictions())
    if (prediction["status"] == "ok" && prediction["alert_recommended"] == false)
      found.push_back(prediction["stope_name"]);
  REQUIRE(found.size() >= 2);
  return found;
}

SmallMine only(const std::vector<std::string>& stopes) {
  SmallMine mine;
  const auto is_other = [&](const test::Cells& row) {
    return row[0] != "stope_name" && std::find(stopes.begin(), stopes.end(), row[0]) == stopes.end();
  };
  std::erase_if(mine.statics.rows, is_other);
  std::erase_if(mine.readings.rows, is_other);
  return mine;
}

}  // namespace

TEST_CASE("all stopes are answered in the order of the file, by the model") {
  const Predictions found = test::predict_json(SmallMine());
  const ordered_json document = found.document();
  CHECK(names(document) == SmallMine().names());
  CHECK(document["schema_version"] == 1);
  CHECK(document["model"]["id"].get<std::string>().size() == 32);
  for (const auto& prediction : document["predictions"]) {
    CHECK(prediction.size() == 18);
    CHECK(prediction["model"] == document["model"]);
  }
  const ordered_json good = found.of(good_stopes()[0]);
  CHECK(good["method"] == "network");
  const double probability = good["current_stability"]["instability_probability"];
  CHECK(good["current_stability"]["stable"] == (probability < 0.5));
  CHECK(good["future_predictions"].size() == 5);
  for (const auto& future : good["future_predictions"]) {
    double sum = 0;
    for (const auto& [level, value] : future["risk_probabilities"].items()) sum += value.get<double>();
    CHECK(std::abs(sum - 1) < 1e-6);
  }
}

TEST_CASE("names choose the stopes and their order") {
  const std::string first = good_stopes()[0], second = good_stopes()[1];
  CHECK(names(test::predict_json(SmallMine(), {second, first}).document()) ==
        std::vector<std::string>{second, first});
  CHECK(names(test::predict_json(SmallMine(), {second, first, second}).document()) ==
        std::vector<std::string>{second, first});
  const Predictions unknown = test::predict_json(SmallMine(), {first, "Stope_999"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.out.empty());
  CHECK(unknown.err.find("Stope_999") != std::string::npos);
  CHECK(unknown.err.find("did you mean") == std::string::npos);
  std::string misspelt = first;
  misspelt[0] = 's';
  CHECK(test::predict_json(SmallMine(), {misspelt}).err.find("(did you mean '" + first + "'?)") !=
        std::string::npos);
}

TEST_CASE("a stope's answer has the same bits alone, in a batch, in another process, with more threads") {
  const ordered_json all = without_timestamp(test::predict_json(SmallMine()).document());
  CHECK(without_timestamp(test::predict_json(SmallMine()).document()).dump() == all.dump());
  CHECK(without_timestamp(test::predict_json(SmallMine(), {"--threads", "3"}).document()).dump() ==
        all.dump());
  for (const auto& expected : all["predictions"]) {
    const ordered_json one =
        without_timestamp(test::predict_json(SmallMine(), {expected["stope_name"]}).document());
    CHECK(one["predictions"][0].dump() == expected.dump());
  }
}

TEST_CASE("neither the order of columns nor the label changes an answer") {
  const std::string expected = without_timestamp(test::predict_json(SmallMine()).document()).dump();
  SmallMine reversed;
  for (test::Cells& row : reversed.statics.rows) std::reverse(row.begin(), row.end());
  for (test::Cells& row : reversed.readings.rows) std::reverse(row.begin(), row.end());
  CHECK(without_timestamp(test::predict_json(reversed).document()).dump() == expected);
  SmallMine flipped, unlabelled;
  const std::size_t label = flipped.statics.column("stability");
  for (std::size_t row = 1; row < flipped.statics.rows.size(); ++row) {
    std::string& cell = flipped.statics.rows[row][label];
    cell = cell == "1" ? "0" : "1";
  }
  CHECK(without_timestamp(test::predict_json(flipped).document()).dump() == expected);
  for (test::Cells& row : unlabelled.statics.rows)
    row.erase(row.begin() + static_cast<std::ptrdiff_t>(label));
  CHECK(without_timestamp(test::predict_json(unlabelled).document()).dump() == expected);
}

TEST_CASE("--as-of hides later readings") {
  const std::string stope = good_stopes()[0];
  SmallMine cut = only({stope});
  const std::string day = cut.reading(stope, 6, "timestamp");
  const Predictions as_of = test::predict_json(only({stope}), {"--as-of", day});
  CHECK(as_of.of(stope)["as_of"] == day);
  cut.readings.rows.resize(cut.readings.rows.size() - 6);
  CHECK(without_timestamp(as_of.document()).dump() ==
        without_timestamp(test::predict_json(cut).document()).dump());
  CHECK(as_of.of(stope)["current_stability"] !=
        test::predict_json(only({stope})).of(stope)["current_stability"]);
  // Nor do they close a gap that was open on that day.
  SmallMine gap = only({stope});
  gap.reading(stope, 6, "stress").clear();
  gap.reading(stope, 7, "stress").clear();
  const Predictions open = test::predict_json(gap, {"--as-of", day});
  gap.readings.rows.resize(gap.readings.rows.size() - 6);
  CHECK(without_timestamp(open.document())["predictions"][0]["data_quality"] ==
        test::predict_json(gap).of(stope)["data_quality"]);
  // The age of the last reading counts from that day.
  const std::string last = only({stope}).reading(stope, 0, "timestamp");
  const stope::Day last_day = *stope::parse_day(last);
  CHECK(test::predict_json(only({stope}), {"--as-of", stope::format_day(last_day + 7)}).exit_code == 0);
  const Predictions old = test::predict_json(only({stope}), {"--as-of", stope::format_day(last_day + 8)});
  CHECK(old.exit_code == 5);
  CHECK(old.of(stope)["reasons"][0]["code"] == "reading_too_old");
  CHECK(test::predict_json(only({stope}), {"--as-of", "today"}).exit_code == 5);
}

TEST_CASE("--threshold moves the border between stable and unstable, and nothing else of the answer") {
  const std::string stope = good_stopes()[0];
  const ordered_json base = test::predict_json(SmallMine()).of(stope);
  const double probability = base["current_stability"]["instability_probability"];
  const std::string below = std::to_string(probability * 0.9),
                    above = std::to_string(1 - (1 - probability) * 0.9);
  const ordered_json unstable = test::predict_json(SmallMine(), {"--threshold", below}).of(stope);
  const ordered_json stable = test::predict_json(SmallMine(), {"--threshold", above}).of(stope);
  CHECK(unstable["current_stability"]["stable"] == false);
  CHECK(unstable["current_stability"]["confidence"] == probability);
  CHECK(stable["current_stability"]["stable"] == true);
  CHECK(stable["current_stability"]["confidence"] == 1 - probability);
  CHECK(stable["current_stability"]["instability_probability"] == probability);
  CHECK(stable["future_predictions"] == base["future_predictions"]);
}

TEST_CASE("command lines that make no sense are refused") {
  const auto exit_of = [](const std::vector<std::string>& arguments) {
    const test::ProgramResult result = test::predict(only({good_stopes()[0]}), arguments);
    CHECK(result.out.empty());
    CHECK_FALSE(result.err.empty());
    return result.exit_code;
  };
  for (const std::string threshold : {"0", "1", "-0.1", "1.5", "nan", "inf", "half", "0,5"}) {
    CAPTURE(threshold);
    CHECK(exit_of({"--threshold=" + threshold}) == 2);
  }
  CHECK(exit_of({"--as-of", "2024-02-30"}) == 2);
  CHECK(exit_of({"--as-of", "yesterday"}) == 2);
  CHECK(exit_of({"--today", "24-01-01"}) == 2);
  CHECK(exit_of({"--today", "2024-03-01", "--as-of", "2024-03-02"}) == 2);
  CHECK(exit_of({"--threads", "0"}) == 2);
  CHECK(exit_of({"--samples", "1"}) == 2);
  CHECK(test::run_program({"predict"}).exit_code == 2);
}

TEST_CASE("the export has a row a stope, and never replaces its own input") {
  const test::TemporaryFolder folder;
  const test::ProgramResult result =
      test::predict(only({good_stopes()[0], good_stopes()[1]}), {"--export", folder / "answers.csv"});
  CHECK(result.exit_code == 0);
  const std::vector<std::string> rows = lines(test::file_text(folder / "answers.csv"));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].starts_with("schema_version,stope_name,"));
  CHECK(rows[1].starts_with("1," + good_stopes()[0] + ","));
  CHECK(rows[2].starts_with("1," + good_stopes()[1] + ","));
  std::ofstream(folder / "static.csv") << SmallMine().statics.text();
  std::ofstream(folder / "timeseries.csv") << SmallMine().readings.text();
  const test::ProgramResult slip = test::run_program(
      {"predict", "--static", folder / "static.csv", "--timeseries", folder / "timeseries.csv", "--store",
       test::trained_store(), "--export", (folder.path() / "." / "static.csv").string()});
  CHECK(slip.exit_code == 2);
  CHECK(test::file_text(folder / "static.csv") == SmallMine().statics.text());
  const test::ProgramResult nowhere =
      test::predict(only({good_stopes()[0]}), {"--export", folder / "absent/answers.csv"});
  CHECK(nowhere.exit_code == 1);
  CHECK(nowhere.out.find(good_stopes()[0]) != std::string::npos);
}

TEST_CASE("without a model the rules answer, flagged, and never say stable") {
  const test::TemporaryFolder folder;
  const Predictions found = test::predict_json(SmallMine(), {}, folder / "none");
  CHECK(found.exit_code == 4);
  CHECK(found.document()["model"].is_null());
  CHECK(found.err.find("there is no model") != std::string::npos);
  CHECK(found.err.find("deepmine train") != std::string::npos);
  std::set<std::string> methods;
  for (const auto& prediction : found.predictions()) {
    methods.insert(prediction["method"]);
    CHECK(prediction["current_stability"]["stable"] != true);
    CHECK(prediction["current_stability"]["instability_probability"].is_null());
    CHECK(prediction["status"] != "ok");
  }
  CHECK(methods.contains("rule_based"));
  CHECK_FALSE(methods.contains("network"));
  const test::ProgramResult text = test::predict(SmallMine(), {}, folder / "none");
  CHECK(text.exit_code == 4);
  CHECK(text.out.find("NO USABLE MODEL") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "none"));  // and nothing was made or trained
}

TEST_CASE("a damaged model is named, the rules answer in its place, and nothing is repaired") {
  const test::TemporaryFolder folder;
  std::filesystem::copy(test::trained_store(), folder / "models", std::filesystem::copy_options::recursive);
  std::filesystem::path weights;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "models/versions"))
    if (entry.path().filename() == "enhanced_dual_branch_model_weights") weights = entry.path();
  REQUIRE_FALSE(weights.empty());
  std::string bytes = test::file_text(weights);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::filesystem::permissions(weights, std::filesystem::perms::owner_all);
  std::ofstream(weights, std::ios::binary) << bytes;
  const Predictions found = test::predict_json(SmallMine(), {"--exit-on-alert"}, folder / "models");
  CHECK(found.exit_code == 4);
  CHECK(found.err.find("enhanced_dual_branch_model_weights") != std::string::npos);
  CHECK(found.err.find("give the mine's with --site") != std::string::npos);
  CHECK(found.document()["model"].is_null());
  for (const auto& prediction : found.predictions()) {
    CHECK(prediction["method"] != "network");
    CHECK(prediction["current_stability"]["stable"] != true);
  }
  CHECK(test::file_text(weights) == bytes);
}

TEST_CASE("exit codes: 4, then 10, then 5") {
  const test::TemporaryFolder folder;
  publish_anxious(folder / "anxious");
  publish_calm(folder / "calm");
  const std::vector<std::string> quiet = quiet_stopes(folder / "calm");
  const std::string good = quiet[0], other = quiet[1];
  const SmallMine sound = only({good, other});
  SmallMine spoilt = only({good, other});
  spoilt.reading(other, 3, "stress") = "nan";
  const auto exit_of = [&](const SmallMine& mine, const char* store, std::vector<std::string> arguments) {
    return test::predict(mine, arguments, folder / store).exit_code;
  };
  REQUIRE(test::predict_json(sound, {}, folder / "anxious").of(good)["alert_recommended"] == true);
  REQUIRE(test::predict_json(sound, {}, folder / "calm").of(good)["alert_recommended"] == false);
  CHECK(exit_of(sound, "calm", {}) == 0);
  CHECK(exit_of(sound, "calm", {"--exit-on-alert"}) == 0);
  CHECK(exit_of(sound, "anxious", {}) == 0);
  CHECK(exit_of(sound, "anxious", {"--exit-on-alert"}) == 10);
  CHECK(exit_of(spoilt, "calm", {}) == 5);
  CHECK(exit_of(spoilt, "calm", {"--exit-on-alert"}) == 5);
  CHECK(exit_of(spoilt, "anxious", {}) == 5);
  CHECK(exit_of(spoilt, "anxious", {"--exit-on-alert"}) == 10);
  CHECK(exit_of(spoilt, "none", {"--exit-on-alert"}) == 4);
  // Only what was asked for counts.
  CHECK(exit_of(spoilt, "calm", {good}) == 0);
  CHECK(exit_of(spoilt, "calm", {other}) == 5);
}

TEST_CASE("the table: every stope, the unknown ones never stable, 100 columns, no control characters") {
  const std::string bad = good_stopes()[0], nameless = "Stollen \u009B31m Süd-Ost 1250 unten rechts hinten";
  SmallMine mine;
  mine.reading(bad, 3, "stress") = "nan";
  for (test::Table* table : {&mine.statics, &mine.readings})
    for (test::Cells& row : table->rows)
      if (row[0] == good_stopes()[1]) row[0] = nameless;
  for (const std::string option : {"--sort", "--detailed"}) {
    const test::ProgramResult result = test::predict(mine, {option});
    CHECK(result.exit_code == 5);
    for (const std::string& line : lines(result.out)) {
      CAPTURE(line);
      CHECK(io::count_characters(line) <= 100);
      CHECK(line.find('\x1b') == std::string::npos);
      CHECK(line.find("\u009B") == std::string::npos);
    }
    CHECK(result.out.find("Stollen \\u{9B}31m Süd-Ost 1250 unten rechts hinten") != std::string::npos);
    const std::string row = line_of(result.out, bad);
    CHECK(row.find("rejected  UNKNOWN: INSPECT") != std::string::npos);
    CHECK(row.find("stable") == std::string::npos);
    CHECK(row.find("STABLE") == std::string::npos);
    CHECK(result.out.find("not_a_number") != std::string::npos);
    CHECK(result.out.find("labels of a rule set") != std::string::npos);
    CHECK(result.out.find("OLD DATA") != std::string::npos);
    for (const std::string& stope : SmallMine().names())
      if (stope != good_stopes()[1]) CHECK_FALSE(line_of(result.out, stope).empty());
  }
  const std::string fresh =
      test::predict(only({bad}), {"--today", SmallMine().reading(bad, 0, "timestamp")}).out;
  CHECK(fresh.find("OLD DATA") == std::string::npos);
  CHECK(test::predict(mine, {"--detailed"}).out.find("Recommended:") != std::string::npos);
}

TEST_CASE("colours only on a terminal, and not with NO_COLOR") {
  if (!deepmine::test::terminals_are_available()) {
    MESSAGE("skipped: this system has no pseudo-terminals");
    return;
  }
  const test::TemporaryFolder folder;
  std::ofstream(folder / "static.csv") << SmallMine().statics.text();
  std::ofstream(folder / "timeseries.csv") << SmallMine().readings.text();
  const auto has_colour = [&](bool terminal, std::map<std::string, std::string> environment) {
    test::ProgramOptions options;
    options.terminal = terminal;
    options.environment = std::move(environment);
    const std::string out =
        test::run_program({"predict", "--static", folder / "static.csv", "--timeseries",
                           folder / "timeseries.csv", "--store", test::trained_store(), "--threads", "1"},
                          options)
            .out;
    CHECK(out.find(good_stopes()[0]) != std::string::npos);
    return out.find('\x1b') != std::string::npos;
  };
  CHECK(has_colour(true, {{"TERM", "xterm"}}));
  CHECK_FALSE(has_colour(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  CHECK_FALSE(has_colour(false, {{"TERM", "xterm"}}));
}
