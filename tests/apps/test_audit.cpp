// `predict --audit`, `audit verify` and `audit replay` as a user meets them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/audit_line.h"
#include "lifecycle/audit_log.h"
#include "lifecycle/saved_model.h"
#include "lifecycle/store_writer.h"
#include "tests/apps/small_mine.h"
#include "tests/texts.h"

using namespace deepmine;
using nlohmann::ordered_json;
using test::contains;
using test::file_text;
using test::lines_of;
using test::ProgramResult;
using test::run_program;
using test::SmallMine;
using test::TemporaryFolder;

namespace {

void put(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

ordered_json without_timestamps(const std::string& document) {
  ordered_json json = ordered_json::parse(document);
  for (auto& prediction : json["predictions"]) prediction.erase("timestamp");
  return json;
}

ProgramResult verify(const std::filesystem::path& log, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"audit", "verify", log.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_program(words);
}

ProgramResult replay(const std::filesystem::path& log,
                     const std::filesystem::path& store = test::trained_store()) {
  return run_program({"audit", "replay", log.string(), "--store", store.string(), "--json"});
}

/// A log of one run over the whole mine, made once.
const std::string& sample_log() {
  static const std::string text = [] {
    const TemporaryFolder folder;
    test::predict(SmallMine(), {"--audit", folder / "log"});
    return file_text(folder / "log");
  }();
  return text;
}

/// A copy of the trained store in which another model is in service.
void publish_second_version(const std::filesystem::path& store) {
  std::filesystem::copy(test::trained_store(), store, std::filesystem::copy_options::recursive);
  lifecycle::SavedModel model = lifecycle::parse_saved_model(*lifecycle::ModelStore(store).read_current());
  model.components.calibration.temperatures[0] = 3;
  auto writer = lifecycle::ModelStore(store).lock_for_writing();
  model.metadata.sequence = writer.next_sequence();
  writer.publish(lifecycle::saved_model_files(model, ""));
}

}  // namespace

TEST_CASE("answers are the same with and without an audit log, and each of them is in it") {
  const TemporaryFolder folder;
  const auto plain = test::predict_json(SmallMine());
  const auto audited = test::predict_json(SmallMine(), {"--audit", folder / "log"});
  CHECK(audited.exit_code == plain.exit_code);
  CHECK(without_timestamps(audited.out) == without_timestamps(plain.out));

  const std::vector<std::string> lines = lines_of(file_text(folder / "log"));
  const ordered_json given = ordered_json::parse(audited.out)["predictions"];
  REQUIRE(lines.size() == given.size() + 1);
  const ordered_json run = ordered_json::parse(lines[0]);
  CHECK(run["kind"] == "run");
  CHECK(run["content"]["answers"] == given.size());
  CHECK(run["content"]["model"]["id"] == given[0]["model"]["id"]);
  CHECK(run["content"]["model"]["manifest_sha256"].get<std::string>().size() == 64);
  CHECK(run["content"]["sources"]["store"] == test::trained_store().string());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const ordered_json record = ordered_json::parse(lines[i + 1]);
    CHECK(record["kind"] == "answer");
    CHECK(record["content"]["answer"] == given[i]);
    CHECK(record["content"]["input"]["stope_name"] == given[i]["stope_name"]);
  }
  // The head that is printed is the one that verify finds.
  const ordered_json report = ordered_json::parse(verify(folder / "log", {"--json"}).out);
  CHECK(report["state"] == "sound");
  CHECK(report["answers"] == given.size());
  CHECK(contains(audited.err,
                 "record " + std::to_string(lines.size()) + ", head " + report["head"].get<std::string>()));
  CHECK(replay(folder / "log").exit_code == 0);
}

TEST_CASE("verify says what was changed, in text and in JSON, and exits with 3") {
  const TemporaryFolder folder;
  put(folder / "log", sample_log());
  const ProgramResult sound = verify(folder / "log");
  CHECK(sound.exit_code == 0);
  CHECK(contains(sound.out, "log: sound\n"));
  CHECK(contains(sound.out, "records  17: 1 run, 16 answers, 0 failed runs\n"));

  put(folder / "log", replaced(sample_log(), "\"stable\":true", "\"stable\":!rue"));
  const ProgramResult edited = verify(folder / "log");
  CHECK(edited.exit_code == 3);
  CHECK(contains(edited.out, "CHANGED"));
  CHECK(contains(edited.out, "was edited"));
  const ordered_json report = ordered_json::parse(verify(folder / "log", {"--json"}).out);
  CHECK(report["state"] == "changed");
  CHECK(report["problem_count"] == 1);
  CHECK(report["problems"][0]["line"] == report["problems"][0]["record"]);
  CHECK(report["changed_lines"] == 1);
  CHECK(replay(folder / "log").exit_code == 3);
  const ProgramResult replayed =
      run_program({"audit", "replay", (folder / "log").string(), "--store", test::trained_store().string()});
  CHECK(contains(replayed.out, "15 of 15 answers that are as they were written came out the same"));
  CHECK(lines_of(replayed.out).back() ==
        "The log was CHANGED: 1 record could not be replayed, because it is not as it was written; see the "
        "problem above.");

  CHECK(verify(folder / "none").exit_code == 1);
  put(folder / "text", "stope_name,rqd\n");
  CHECK(verify(folder / "text").exit_code == 3);
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += "Stope_" + std::to_string(i) + ",75\n";
  put(folder / "text", rows);
  const ProgramResult no_log = verify(folder / "text");
  CHECK(no_log.exit_code == 3);
  CHECK(contains(no_log.out, "or this is no audit log"));
  CHECK(contains(no_log.out, "lines 1 to 100: each is no record"));
  CHECK(contains(no_log.out, "  ... and 200 more\n"));
  CHECK(lines_of(no_log.out).size() < 12);
  CHECK(run_program({"audit"}).exit_code == 2);
  CHECK(run_program({"audit", "verify"}).exit_code == 2);
}

TEST_CASE("a head tells whether the end is still there") {
  const TemporaryFolder folder;
  put(folder / "log", sample_log());
  const std::string head = ordered_json::parse(verify(folder / "log", {"--json"}).out)["head"];
  CHECK(verify(folder / "log", {"--head", head}).exit_code == 0);
  std::string upper = head;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(verify(folder / "log", {"--head", upper}).exit_code == 0);
  CHECK(verify(folder / "log", {"--head", "12"}).exit_code == 2);
  put(folder / "log", sample_log().substr(0, sample_log().rfind('\n', sample_log().size() - 2) + 1));
  CHECK(verify(folder / "log").exit_code == 0);
  const ProgramResult cut = verify(folder / "log", {"--head", head});
  CHECK(cut.exit_code == 3);
  CHECK(contains(cut.out, "NOT in this log"));
}

TEST_CASE("no answer is shown that could not be recorded") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "directory");
  put(folder / "other", "not a log\n");
  for (const std::filesystem::path& file : {folder.path() / "none" / "log", folder / "directory",
                                            std::filesystem::path("/dev/full"), folder / "other"}) {
    CAPTURE(file.string());
    for (const char* form : {"--json", "--detailed"}) {
      const ProgramResult result =
          test::predict(SmallMine(), {"--audit", file.string(), form, "--export", folder / "out.csv"});
      CHECK(result.exit_code == 1);
      CHECK(result.out.empty());
      CHECK(contains(result.err, file.string()));
      CHECK(!std::filesystem::exists(folder / "out.csv"));
    }
  }
  CHECK(file_text(folder / "other") == "not a log\n");
}

TEST_CASE("a disk that is full in the middle of a record: exit code 1, nothing shown, the next run goes on") {
  const TemporaryFolder folder;
  const SmallMine mine;
  put(folder / "static.csv", mine.statics.text());
  put(folder / "timeseries.csv", mine.readings.text());
  // 20 KiB at most a file: the log needs more.
  const std::string at = folder.path().string();
  const std::string command = "trap '' XFSZ; ulimit -f 40; exec " DEEPMINE_PROGRAM " predict --static " + at +
                              "/static.csv --timeseries " + at + "/timeseries.csv --store " +
                              test::trained_store().string() + " --audit " + at + "/log > " + at +
                              "/out 2> " + at + "/err";
  put(folder / "run.sh", command);
  const int status = std::system(("sh " + at + "/run.sh").c_str());
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(file_text(folder / "out").empty());
  CHECK(contains(file_text(folder / "err"), "can't write"));
  const ProgramResult torn = verify(folder / "log");
  CHECK(torn.exit_code == 0);
  CHECK(contains(torn.out, "torn"));
  CHECK(test::predict(SmallMine(), {"--audit", folder / "log"}).exit_code != 1);
  const ordered_json report = ordered_json::parse(verify(folder / "log", {"--json"}).out);
  CHECK(report["state"] == "sound");
  CHECK(report["recoveries"] == 1);
  CHECK(replay(folder / "log").exit_code == 0);
}

TEST_CASE("after a retraining the old answers come out the same, from the version that gave them") {
  const TemporaryFolder folder;
  publish_second_version(folder / "models");
  const std::vector<std::string> audit{"--audit", folder / "log"};
  test::predict(SmallMine(), audit);
  test::predict(SmallMine(), audit, folder / "models");
  const ProgramResult both = replay(folder / "log", folder / "models");
  CHECK(both.exit_code == 0);
  CHECK(ordered_json::parse(both.out)["bit_for_bit"] == 32);
  // The first store has no version 2.
  const ProgramResult one = replay(folder / "log");
  CHECK(one.exit_code == 4);
  const ordered_json result = ordered_json::parse(one.out);
  CHECK(result["bit_for_bit"] == 16);
  CHECK(result["not_replayed"] == 16);
  CHECK(contains(result["exceptions"][0]["detail"], "no version 2"));
}

TEST_CASE("an answer that was changed by somebody who knows how to hash is found by replay") {
  const TemporaryFolder folder;
  std::vector<lifecycle::AuditEntry> entries;
  bool done = false;
  for (const std::string& line : lines_of(sample_log())) {
    const io::AuditLine record = io::parse_audit_line(line).line;
    entries.push_back({record.kind, record.content});
    if (!done && contains(record.content, "\"stable\":true")) {
      entries.back().content = replaced(record.content, "\"stable\":true", "\"stable\":false");
      done = true;
    }
  }
  REQUIRE(done);
  lifecycle::AuditLog(folder / "log").append(entries);
  CHECK(verify(folder / "log").exit_code == 0);
  const ProgramResult found = replay(folder / "log");
  CHECK(found.exit_code == 1);
  const ordered_json result = ordered_json::parse(found.out);
  CHECK(result["different"] == 1);
  CHECK(result["exceptions"][0]["outcome"] == "DIFFERENT");
  const ProgramResult text =
      run_program({"audit", "replay", folder / "log", "--store", test::trained_store().string()});
  CHECK(contains(text.out, "15 of 16 answers came out the same, bit for bit\n1 came out DIFFERENT"));
}

TEST_CASE("answers of the rules, refused stopes and runs without answers are recorded as such") {
  const TemporaryFolder folder;
  SmallMine mine;
  mine.property(mine.names()[1], "rqd") = "much";
  const std::vector<std::string> audit{"--audit", folder / "log"};
  CHECK(test::predict(mine, audit, folder / "no_models").exit_code == 4);
  CHECK(test::predict(mine, {"--audit", folder / "log", "Stope_999"}).exit_code == 2);
  mine.statics.rows[0][0] = "name";
  CHECK(test::predict(mine, audit).exit_code == 3);

  const std::vector<std::string> lines = lines_of(file_text(folder / "log"));
  REQUIRE(lines.size() == 1 + 16 + 2);
  CHECK(ordered_json::parse(lines[0])["content"]["model"].is_null());
  std::size_t by_rules = 0;
  for (std::size_t i = 1; i <= 16; ++i) {
    const ordered_json answer = ordered_json::parse(lines[i])["content"]["answer"];
    by_rules += answer["method"] == "rule_based";
    CHECK(answer["method"] != "network");
  }
  CHECK(by_rules > 3);
  const ordered_json refused = ordered_json::parse(lines[2])["content"];
  CHECK(refused["answer"]["status"] == "rejected");
  CHECK(refused["input"]["issues"][0]["code"] == "not_a_number");
  CHECK(refused["bits"].is_null());
  CHECK(contains(ordered_json::parse(lines[17])["content"]["message"], "Stope_999"));
  CHECK(contains(ordered_json::parse(lines[18])["content"]["message"], "stope_name"));
  const ProgramResult replayed = replay(folder / "log");
  CHECK(replayed.exit_code == 0);
  CHECK(ordered_json::parse(replayed.out)["bit_for_bit"] == 16);
}

TEST_CASE("a hostile name stays on its line and in its quotes") {
  const TemporaryFolder folder;
  SmallMine mine;
  const std::string old = mine.names()[0], hostile = "a\\\"}{\"record\":1}\u00e9\U0001F600";
  const std::string quoted = "\"a\\\"\"}{\"\"record\"\":1}\u00e9\U0001F600\"";
  for (test::Table* table : {&mine.statics, &mine.readings})
    for (test::Cells& row : table->rows)
      if (row[0] == old) row[0] = quoted;
  const auto given = test::predict_json(mine, {"--audit", folder / "log"});
  REQUIRE(!given.out.empty());
  const std::string text = file_text(folder / "log");
  for (const char c : text) REQUIRE((c == '\n' || (c >= 0x20 && c < 0x7f)));
  CHECK(ordered_json::parse(lines_of(text)[1])["content"]["input"]["stope_name"] == hostile);
  CHECK(verify(folder / "log").exit_code == 0);
  CHECK(replay(folder / "log").exit_code == 0);
}

TEST_CASE("an export does not write over the log") {
  const TemporaryFolder folder;
  put(folder / "log", sample_log());
  const ProgramResult result =
      test::predict(SmallMine(), {"--audit", folder / "log", "--export", folder / "log"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "is the audit log"));
  CHECK(file_text(folder / "log") == sample_log());
}

TEST_CASE("the help of the verbs begins with examples") {
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"audit"}, {"audit", "verify"}, {"audit", "replay"}}) {
    std::vector<std::string> words = verb;
    words.emplace_back("--help");
    const ProgramResult help = run_program(words);
    CHECK(help.exit_code == 0);
    CHECK(help.out.find("deepmine audit verify answers.log") < help.out.find("FILE"));
  }
}
