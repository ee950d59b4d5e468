// A mine's response plan as its people meet it: in every form of an answer, from the site file or from the
// model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "io/field_json.h"
#include "io/stored_enumerations.h"
#include "tests/apps/small_mine.h"
#include "tests/texts.h"

using namespace deepmine;
using namespace deepmine::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* sample_site = DEEPMINE_SOURCE_ROOT "/data/sample/site.json";

/// A verb on a mine.
ProgramResult run(std::vector<std::string> words, const std::filesystem::path& store) {
  static const TemporaryFolder folder;
  static const bool written = [] {
    const SmallMine mine;
    std::ofstream(folder / "static.csv") << mine.statics.text();
    std::ofstream(folder / "timeseries.csv") << mine.readings.text();
    return true;
  }();
  REQUIRE(written);
  words.insert(words.end(), {"--static", folder / "static.csv", "--timeseries", folder / "timeseries.csv",
                             "--store", store.string(), "--threads", "1"});
  return run_program(words);
}

stope::ResponsePlan plan() {
  stope::ResponsePlan plan;
  plan.green = {"Crew", "Work."};
  plan.amber.owner = "Engineer";
  plan.amber.action = "Look \x1b[31mclosely.";
  plan.red.owner = "Boss";
  plan.red.action = "<b>Withdraw</b>, now.";
  plan.unknown = {"Engineer", "Inspect."};
  plan.falls_after_days = 2;
  return plan;
}

/// A store whose model holds the plan.
const std::filesystem::path& store_with_plan() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    publish_variant(folder / "m", [](auto& components) { components.settings.response_plan = plan(); });
    return folder / "m";
  }();
  return store;
}

/// The product's own network, which is quicker, trained for an epoch with the sample's site file.
const std::filesystem::path& compact_store() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    const ProgramResult trained =
        run({"train", "--epochs", "1", "--gate", "off", "--site", sample_site}, folder / "m");
    REQUIRE_MESSAGE(trained.exit_code == 0, trained.err);
    return folder / "m";
  }();
  return store;
}

std::map<std::string, Json> responses(const std::vector<std::string>& more = {},
                                      const std::filesystem::path& store = store_with_plan()) {
  std::vector<std::string> words{"predict", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  std::map<std::string, Json> found;
  const Json document = Json::parse(run(words, store).out);
  for (const Json& prediction : document["predictions"])
    found[prediction["stope_name"]] = prediction["response"];
  return found;
}

}  // namespace

TEST_CASE("a plan in the model: colour, owner and action of every stope, in JSON") {
  const Json document = Json::parse(run({"predict", "--json"}, store_with_plan()).out);
  std::set<std::string> colours;
  for (const Json& prediction : document["predictions"]) {
    const Json& response = prediction["response"];
    const std::string colour = response["colour"];
    colours.insert(colour);
    CHECK(response["owner"] == (colour == "red" ? "Boss" : colour == "green" ? "Crew" : "Engineer"));
    if (prediction["method"] == "none") {
      CHECK(colour != "green");
      CHECK(response["today"] == "unknown");
    }
    if (colour == "green") {
      CHECK(prediction["alert_recommended"] == false);
      CHECK(prediction["current_stability"]["stable"] == true);
    }
    const Json& probability = prediction["current_stability"]["instability_probability"];
    if (!probability.is_null() && probability.get<double>() > 0.7) CHECK(colour == "red");
  }
  CHECK(colours.size() > 1);
  CHECK_FALSE(predict_json(SmallMine()).predictions()[0].contains("response"));  // a model without a plan
}

TEST_CASE("a plan in the model: text, table, details, CSV and models show say the same") {
  const TemporaryFolder folder;
  const auto expected = responses();
  const ProgramResult text = run({"predict", "--export", folder / "answers.csv"}, store_with_plan());
  CHECK(contains(text.out, "stope      plan "));
  const std::string block = text.out.substr(text.out.find("Response plan of the site:"));
  CHECK_FALSE(contains(text.out, "\x1b[31mclosely"));
  const std::string csv = file_text(folder / "answers.csv");
  CHECK(contains(csv, ",response_colour,response_since,response_today,response_owner,response_action\n"));
  for (const auto& entry : expected) {
    const std::string& name = entry.first;
    CAPTURE(name);
    const std::string colour = entry.second["colour"];
    if (colour != "green") CHECK(contains(block, name));
    const std::string row = csv.substr(csv.find("\n1," + name));
    CHECK(contains(row.substr(0, row.find('\n', 1)), "," + colour + ","));
  }
  CHECK(contains(run({"predict", "--detailed"}, store_with_plan()).out, "  Response plan: "));
  const ProgramResult shown = run_program({"models", "show", "--store", store_with_plan().string()});
  for (const char* part : {"Response plan of the site", "P(unstable) above 0.7", "Boss: <b>Withdraw</b>,"})
    CHECK_MESSAGE(contains(shown.out, part), part);
  CHECK_FALSE(
      contains(run_program({"models", "show", "--store", trained_store().string()}).out, "Response plan"));
}

TEST_CASE("a plan in the model: explain and report show it, and keep its words text") {
  const TemporaryFolder folder;
  const auto expected = responses({}, compact_store());
  const std::string& name = good_stopes().at(0);
  std::string word = expected.at(name)["colour"];
  for (char& c : word) c = static_cast<char>(c - 'a' + 'A');
  CHECK(contains(run({"explain", name}, compact_store()).out, "Response plan: " + word));

  const ProgramResult written = run({"report", "--json", "--bootstrap", "0"}, compact_store());
  REQUIRE_MESSAGE(written.exit_code == 0, written.err);
  const Json numbers = Json::parse(written.out);
  CHECK(numbers["response_plan"]["red"]["owner"] == "Shift boss");
  REQUIRE(numbers["stopes"].size() == expected.size());
  for (const Json& stope : numbers["stopes"])
    CHECK(stope["assessment"]["response"] == expected.at(stope["name"]));
  std::ofstream(folder / "site.json") << Json{{"response_plan", io::fields_to_json(plan())}}.dump();
  run({"report", "--out", folder / "report.html", "--bootstrap", "0", "--site", folder / "site.json"},
      compact_store());
  const std::string page = file_text(folder / "report.html");
  CHECK(contains(page, "&lt;b&gt;Withdraw&lt;/b&gt;, now."));
  CHECK(contains(page, "id=\"response_plan\""));
}

TEST_CASE("a plan in the model: a line of the stream says what the files say") {
  const SmallMine mine;
  const auto expected = responses();
  std::string input;
  for (const std::string& name : good_stopes()) {
    Json line{{"stope_name", name}, {"statics", Json::object()}, {"readings", Json::array()}};
    const auto value = [](const std::string& cell) {
      return cell.empty() ? Json(nullptr) : Json::parse(cell);
    };
    for (const Cells& row : mine.statics.rows)
      if (row[0] == name)
        for (const char* column : {"rqd", "hr", "depth", "dip", "direction", "undercut_wdt", "rock_type",
                                   "support_type", "support_density", "support_installed"}) {
          const std::string& cell = row[mine.statics.column(column)];
          const bool is_text = std::isalpha(static_cast<unsigned char>(cell[0])) != 0;
          line["statics"][column] = is_text ? Json(cell) : value(cell);
        }
    for (const std::size_t row : mine.rows_of(name)) {
      Json reading;
      for (const std::string& column : mine.readings.rows[0])
        if (column != "stope_name") {
          const std::string& cell = mine.readings.rows[row][mine.readings.column(column)];
          reading[column] = column == "timestamp" ? Json(cell) : value(cell);
        }
      line["readings"].push_back(std::move(reading));
    }
    input += line.dump() + "\n";
  }
  ProgramOptions options;
  options.input = input;
  const ProgramResult answered =
      run_program({"predict", "--stream", "--store", store_with_plan().string()}, options);
  std::istringstream lines(answered.out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json answer = Json::parse(line);
    CHECK(answer["response"] == expected.at(answer["stope_name"]));
  }
  CHECK(count == good_stopes().size());
}

TEST_CASE("a plan in the model: the audit log records it, and a replay comes to the same colours") {
  const TemporaryFolder folder;
  run({"predict", "--audit", folder / "log"}, store_with_plan());
  const std::string log = file_text(folder / "log");
  CHECK(contains(log, R"("response_plan":{"green":{"owner":"Crew")"));
  CHECK(contains(log, R"("response":{"colour":)"));
  const ProgramResult replayed =
      run_program({"audit", "replay", folder / "log", "--store", store_with_plan().string(), "--json"});
  REQUIRE_MESSAGE(replayed.exit_code == 0, replayed.err);
  const Json document = Json::parse(replayed.out);
  CHECK(document["bit_for_bit"] == SmallMine().names().size());
  CHECK(document["different"] == 0);
}

TEST_CASE("train --site stores the plan; predict --site changes a part of it for one prediction") {
  const TemporaryFolder folder;
  for (const auto& entry : responses({}, compact_store()))
    if (entry.second["colour"] == "unknown") CHECK(entry.second["owner"] == "Geotechnical engineer on duty");
  std::ofstream(folder / "other.json") << R"({"response_plan": {"unknown": {"owner": "Captain"}}})";
  for (const auto& entry : responses({"--site", folder / "other.json"}, compact_store()))
    if (entry.second["colour"] == "unknown") {
      CHECK(entry.second["owner"] == "Captain");
      CHECK(contains(entry.second["action"].get<std::string>(), "nobody enters before an inspection"));
    }
}

TEST_CASE("without a model the rules alarm by the plan of the site file, and nothing is green") {
  const TemporaryFolder folder;
  const ProgramResult answered = run({"predict", "--json", "--site", sample_site}, folder / "none");
  CHECK(answered.exit_code == 4);
  std::size_t red = 0, unknown = 0;
  const Json document = Json::parse(answered.out);
  for (const Json& prediction : document["predictions"]) {
    const Json& response = prediction["response"];
    CHECK(response["colour"] != "green");
    red += response["colour"] == "red";
    unknown += response["colour"] == "unknown";
    if (prediction["current_stability"]["stable"] == false) CHECK(response["colour"] == "red");
  }
  CHECK(red > 0);
  CHECK(unknown > 0);
}

TEST_CASE("a site file that can't be used: exit code 2, all problems, and no answer") {
  const TemporaryFolder folder;
  std::ofstream(folder / "mine.json")
      << R"({"response_plan": {"red": {"ownr": "Boss", "probability_above": 0.2},
      "amber": {"probability_above": 0.4}}})";
  const ProgramResult refused = run({"predict", "--site", folder / "mine.json"}, trained_store());
  CHECK(refused.exit_code == 2);
  CHECK(refused.out.empty());
  for (const char* part :
       {"mine.json: the site file can't be used", "unknown name 'ownr' (did you mean 'owner'?)",
        "response_plan.amber.probability_above: expected at most that of red, 0.2, found 0.4",
        "response_plan.green.owner: expected who acts"})
    CHECK_MESSAGE(contains(refused.err, part), part);
}

namespace {

/// What is said of every stope on one day.
std::map<std::string, Json> on_day(const std::string& day, const std::string& site) {
  std::map<std::string, Json> found;
  Json document =
      Json::parse(run({"predict", "--json", "--as-of", day, "--site", site}, compact_store()).out);
  for (const Json& prediction : document["predictions"])
    found.emplace(prediction["stope_name"].get<std::string>(), prediction);
  return found;
}

}  // namespace

TEST_CASE("a probability that wavers about the threshold makes one alarm, day by day") {
  constexpr int most_days = 24;
  const TemporaryFolder folder;
  const std::string site = folder / "mine.json";
  std::ofstream(site) << "{}";
  const std::string last_day = predict_json(SmallMine()).of(good_stopes().at(0))["as_of"].get<std::string>();
  std::vector<std::string> days;
  for (int ago = most_days; ago-- > 0;)
    days.push_back(stope::format_day(stope::parse_day(last_day).value() - ago));
  std::map<std::string, std::vector<double>> courses;
  for (const std::string& day : days)
    for (const auto& entry : on_day(day, site)) {
      const Json& p = entry.second["current_stability"]["instability_probability"];
      if (entry.second["as_of"] == day && !p.is_null()) courses[entry.first].push_back(p.get<double>());
    }
  // A threshold in the middle of what the model says about the stope that wavers most about it.
  std::string stope;
  double threshold = 0;
  int crossings = 0;
  for (const auto& entry : courses) {
    std::vector<double> sorted = entry.second;
    if (sorted.size() < most_days) continue;
    std::sort(sorted.begin(), sorted.end());
    const double middle = (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
    int found = 0;
    for (std::size_t i = 1; i < entry.second.size(); ++i)
      found += entry.second[i - 1] <= middle && entry.second[i] > middle;
    if (found > crossings && middle > 0) {
      crossings = found;
      stope = entry.first;
      threshold = middle;
    }
  }
  REQUIRE(crossings >= 3);
  Json file{{"response_plan", io::fields_to_json(plan())}};
  file["response_plan"]["red"]["probability_above"] = threshold;
  file["response_plan"]["red"]["level"] = "unstable";
  file["response_plan"]["red"]["within_days"] = 1;
  file["response_plan"]["amber"]["probability_above"] = threshold / 2;
  file["response_plan"]["amber"]["level"] = "unstable";
  file["response_plan"]["margin"] = 0;
  const auto alarms = [&](int falls_after_days) {
    file["response_plan"]["falls_after_days"] = falls_after_days;
    std::ofstream(site, std::ios::trunc) << file.dump();
    int raised = 0;
    bool was_red = false;
    for (std::size_t i = 0; i < days.size(); ++i) {
      const Json response = on_day(days[i], site).at(stope)["response"];
      const bool is_red = response["colour"] == "red";
      if (courses[stope][i] > threshold) CHECK(is_red);
      raised += is_red && !was_red && i > 0;
      was_red = is_red;
    }
    return raised;
  };
  const int at_once = alarms(1), held = alarms(6);
  CHECK(at_once >= crossings - 1);
  CHECK(held < at_once);
  CHECK(held <= 1 + most_days / 7);
}
