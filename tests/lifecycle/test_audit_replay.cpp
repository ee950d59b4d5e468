// What is recorded of an answer is enough to compute it again, to the bit; and a changed answer is found.
#include <doctest/doctest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "engine/nn/random.h"
#include "engine/stope/windows.h"
#include "io/assessment_json.h"
#include "io/atomic_file.h"
#include "io/audit_content.h"
#include "io/field_json.h"
#include "lifecycle/audit_replay.h"
#include "lifecycle/audit_trail.h"
#include "lifecycle/store_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/tiny_request.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr stope::Day no_limit = std::numeric_limits<stope::Day>::max();

/// A store with two versions, made once; the second is in service.
const std::filesystem::path& store_folder() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    for (const int epochs : {1, 2}) {
      TrainingRequest request = tiny_request(folder / "models", epochs);
      run_training(std::move(request));
    }
    return folder / "models";
  }();
  return store;
}

ModelStore store() {
  return ModelStore(store_folder());
}

std::shared_ptr<const LoadedModel> version(Sequence sequence) {
  return std::make_shared<const LoadedModel>(parse_saved_model(store().read(sequence)), "test");
}

PredictionRequest request() {
  PredictionRequest request;
  request.timestamp = "2024-03-30T12:00:00Z";
  return request;
}

std::vector<stope::Assessment> predict_into(const std::filesystem::path& log, const LoadedModel* model,
                                            const PredictionRequest& request,
                                            std::vector<stope::StopeRecord> records = simulated_records(),
                                            std::vector<stope::Issue> issues = {}) {
  AuditTrail trail(log, {{"static", "s.csv"}, {"timeseries", "t.csv"}, {"store", store_folder().string()}});
  trail.note_inputs(model, records, issues, request);
  auto answers = predict(model, std::move(records), issues, request);
  trail.record(answers);
  return answers;
}

std::string text_of(const std::filesystem::path& file) {
  return io::read_file(file, 1 << 24);
}

/// The log with every record's content changed by `change`, and hashes that fit again.
void rewrite(const std::filesystem::path& from, const std::filesystem::path& to,
             const std::function<std::string(const std::string& kind, std::string content)>& change) {
  std::vector<AuditEntry> entries;
  std::istringstream lines(text_of(from));
  for (std::string text; std::getline(lines, text);) {
    const io::AuditLine line = io::parse_audit_line(text).line;
    entries.push_back({line.kind, change(line.kind, line.content)});
  }
  AuditLog(to).append(entries);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// Readings with holes of every kind: single cells, days, weeks, at both ends.
stope::DailySeries riddled(stope::DailySeries readings, RandomStream& random) {
  const std::size_t holes = random.below(12);
  for (std::size_t hole = 0; hole < holes; ++hole) {
    const std::size_t first = random.below(readings.days.size()), length = 1 + random.below(9);
    const bool whole_days = random.below(2) == 0;
    const std::size_t sensor = random.below(stope::sensor_count);
    for (std::size_t day = first; day < std::min(first + length, readings.days.size()); ++day)
      for (std::size_t s = 0; s < stope::sensor_count; ++s)
        if (whole_days || s == sensor) readings.days[day][s] = stope::missing;
  }
  return readings;
}

}  // namespace

TEST_CASE("the readings that are kept give the answer that all readings give") {
  const auto records = simulated_records(12, 70);
  RandomStream random(3);
  stope::SiteSettings settings;
  std::size_t answered = 0, abstained = 0;
  for (int trial = 0; trial < 600; ++trial) {
    CAPTURE(trial);
    settings.data.largest_filled_gap = static_cast<int>(random.below(6));
    settings.data.minimum_history = 8 + static_cast<int>(random.below(40));
    settings.assessment.mean_days = 1 + static_cast<int>(random.below(20));
    stope::StopeRecord record = records[random.below(records.size())];
    record.readings = riddled(record.readings, random);
    PredictionRequest all = request();
    all.settings = settings;
    if (random.below(2) == 0)
      all.as_of = record.readings.first_day + static_cast<stope::Day>(random.below(80));
    all.newest_reading = record.readings.last_day() + static_cast<stope::Day>(random.below(5));
    static const auto loaded = version(2);
    const LoadedModel* model = trial % 3 == 0 ? nullptr : loaded.get();
    stope::StopeRecord kept = record;
    kept.readings = readings_that_matter(record.statics, record.readings, all.as_of.value_or(no_limit),
                                         window_plan(model).days, settings);
    CHECK(kept.readings.days.size() <= record.readings.days.size());
    const auto expected = predict(model, {record}, {}, all), found = predict(model, {kept}, {}, all);
    const bool same = io::assessment_to_json(found.at(0)) == io::assessment_to_json(expected.at(0));
    CHECK(same);
    ++(expected[0].status == stope::Status::abstain ? abstained : answered);
  }
  CHECK(answered > 50);
  CHECK(abstained > 50);
}

TEST_CASE("few days are kept of a long history, and those before a silence where they matter") {
  stope::StopeRecord record = simulated_records()[0];
  record.readings.days.resize(400, {1, 1, 1, 1, 1});
  record.readings.days[399] = record.readings.days[200] = {2, 1, 1, 1, 1};
  const stope::SiteSettings settings;
  const auto keep = [&] {
    return readings_that_matter(record.statics, record.readings, no_limit, 30, settings);
  };
  CHECK(keep().days.size() <= 30 + 3 + 1 + 2);
  CHECK(keep().last_day() == record.readings.last_day());
  for (std::size_t day = 360; day < 395; ++day) record.readings.days[day].fill(stope::missing);
  CHECK(keep().first_day == record.readings.first_day + 359);
  record.readings.days[5][0] = 1e9;  // rejects the stope wherever it stands
  CHECK(keep().first_day == record.readings.first_day);
}

TEST_CASE("a run comes back from its JSON as it was") {
  io::AuditRun run;
  run.time = "2024-03-30T12:00:00Z";
  run.who = "ann@mill:1";
  run.program_version = "0.1.0";
  run.arithmetic = {"avx2", 2, "glibc"};
  run.model = {"id", "7", "2024-01-01T00:00:00Z", ""};
  run.degraded = "version 8 is \"damaged\"\n";
  run.sources = {{"static", "a\x1b[31m\xff.csv"}};
  run.as_of = 19812;
  run.settings.assessment.decision_threshold = 0.1 + 0.2;
  run.settings.data.sentinels = {-999, 1e300, 5e-324};
  run.settings.assessment.alert_level = stope::RiskLevel::critical;
  run.settings.recommendations[0].text = "Rot: räumen \u202e";
  run.draws = 50;
  run.draw_seed = 0xfedcba9876543210;
  run.attributions = true;
  run.answers = 3;
  const std::string json = io::audit_run_json(run);
  for (const char c : json) CHECK((c >= 0x20 && c < 0x7f));
  io::AuditRun again = io::parse_audit_run(json, "test");
  CHECK(again.sources["static"] == "a\x1b[31m\uFFFD.csv");
  run.sources = again.sources;
  CHECK(again == run);
  for (const char* bad : {"", "{", "[]", "{}", "{\"time\":5}", "null"})
    expect_error(ErrorCode::data_invalid, "test: ", [&] { io::parse_audit_run(bad, "test"); });
}

TEST_CASE("hostile names, missing values and odd numbers come back as they were, and are plain ASCII") {
  io::AuditInput input;
  input.position = 4;
  input.stope_name = "a\"},\"check\":\"{\"record\":1\n\x1b]0;x\x07\u2028 \u202e\u00e9";
  input.has_record = true;
  input.statics.emplace();
  input.statics->rqd = 0.1 + 0.2;
  input.statics->depth = -0.0;
  input.statics->rock_type = "Obsidian\"";
  input.readings.first_day = 19000;
  stope::DailyReading nothing;
  nothing.fill(stope::missing);
  input.readings.days.assign(40, nothing);
  input.readings.days.front() = {5e-324, 1.7976931348623157e308, -1e-7, 1.0 / 3, stope::missing};
  input.readings.days.back()[4] = 98.6;
  input.issues.push_back({stope::Severity::rejected, "out_of_range", {"f.csv", 3, 4}, input.stope_name, "x"});
  const std::string json =
      io::audit_answer_json(input, stope::rejected_assessment(input.stope_name, "t", {}));
  for (const char c : json) REQUIRE((c >= 0x20 && c < 0x7f));
  CHECK(json.find("{\"record\":") == std::string::npos);
  const io::AuditInput again = io::parse_audit_input(json, "test");
  CHECK(again.position == 4);
  CHECK(again.stope_name == input.stope_name);
  CHECK(std::bit_cast<std::uint64_t>(again.statics->depth) == std::bit_cast<std::uint64_t>(-0.0));
  CHECK(again.statics->rqd == input.statics->rqd);
  CHECK(stope::is_missing(again.statics->dip));
  REQUIRE(again.readings.days.size() == 40);
  for (std::size_t s = 0; s < 4; ++s) CHECK(again.readings.days[0][s] == input.readings.days[0][s]);
  CHECK(stope::is_missing(again.readings.days[0][4]));
  CHECK(again.readings.days[39][4] == 98.6);
  CHECK(again.issues[0].message == "f.csv:3:4: x");
  const std::string other = replaced(json, "98.6", "98.5");
  expect_error(ErrorCode::data_invalid, "does not have the hash",
               [&] { io::parse_audit_input(other, "test"); });
  for (const auto& [from, to] : {std::pair{"\"readings\":{", "\"readings\":{\"0001-01-01\":[1,1,1,1,1],"},
                                 {"98.6", "\"x\""},
                                 {"\"rejected\"", "\"fine\""},
                                 {"\"position\":4,", ""}})
    expect_error(ErrorCode::data_invalid, "test: ", [&, from = from, to = to] {
      io::parse_audit_input(replaced(json, from, to), "test");
    });
}

TEST_CASE("answers of the model, the rules and degraded service are replayed to the bit") {
  const TemporaryFolder folder;
  std::vector<stope::Issue> issues{
      {stope::Severity::rejected, "not_a_number", {"t.csv", 7, 2}, simulated_records()[2].name, "found x"},
      {stope::Severity::warning,
       "identical_duplicate",
       {"t.csv", 9, 0},
       simulated_records()[3].name,
       "twice"},
      {stope::Severity::warning, "no_static_row", {"t.csv", 11, 0}, "Stope_999", "has no row"}};
  PredictionRequest with_site = request();
  with_site.settings.emplace().data.largest_age = 1;
  with_site.threshold = 0.123456789;
  with_site.as_of = simulated_records()[0].readings.last_day() - 3;
  with_site.today = *with_site.as_of + 100;
  PredictionRequest degraded = request();
  degraded.degraded = "version 1, an older one, answers: damaged";
  degraded.names = {simulated_records()[4].name, simulated_records()[1].name};
  const auto all = predict_into(folder / "log", version(2).get(), request(), simulated_records(), issues);
  CHECK(all.size() == 13);
  predict_into(folder / "log", version(2).get(), with_site);
  predict_into(folder / "log", version(1).get(), degraded);
  predict_into(folder / "log", nullptr, request(), simulated_records(), issues);
  AuditTrail(folder / "log", {{"static", "s.csv"}}).record_failure("no file\nof that name");

  const AuditReplay replay = replay_audit_log(folder / "log", store());
  CHECK(replay.log.state == AuditState::sound);
  CHECK(replay.log.runs == 4);
  CHECK(replay.log.failures == 1);
  CHECK(replay.bit_for_bit == 13 + 12 + 2 + 13);
  CHECK(replay.exceptions.empty());
  // Every way to an answer is in there.
  const std::string text = text_of(folder / "log");
  for (const char* part : {"\"method\":\"network\"", "\"method\":\"rule_based\"", "\"status\":\"rejected\"",
                           "\"status\":\"abstain\"", "model_degraded", "\"statics\":null", "\"statics\":{}"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

TEST_CASE("draws, their seed and attributions are on record, and are replayed to the bit") {
  const TemporaryFolder folder;
  const auto model = version(2);
  PredictionRequest asked = request();
  asked.draws = 20;
  asked.draw_seed = 77;
  asked.attributions = true;
  asked.settings = model->components().settings;
  asked.settings->assessment.risk_set_coverage = 0.75;
  const auto answers = predict_into(folder / "log", model.get(), asked);
  const auto network = std::count_if(answers.begin(), answers.end(), [](const auto& a) {
    return a.current_stability.uncertainty && !a.attributions.empty();
  });
  CHECK(network > 3);
  const AuditReplay same = replay_audit_log(folder / "log", store());
  CHECK(same.bit_for_bit == answers.size());
  CHECK(same.exceptions.empty());
  // Whatever of it is changed, with hashes that fit, gives other answers.
  CHECK(text_of(folder / "log").find("\"risk_set_coverage\":0.75") != std::string::npos);
  using Change = std::pair<std::string, std::string>;
  for (const auto& [from, to] : {Change{"\"samples\":20,\"sample_seed\"", "\"samples\":21,\"sample_seed\""},
                                 Change{"\"sample_seed\":77", "\"sample_seed\":78"},
                                 Change{"\"attributions\":true}", "\"attributions\":false}"}}) {
    CAPTURE(from);
    const auto changed = folder / "changed";
    std::filesystem::remove(changed);
    bool found = false;
    rewrite(folder / "log", changed, [&](const std::string& kind, std::string content) {
      if (kind == io::audit_kind::run) found = content.find(from) != std::string::npos;
      return kind == io::audit_kind::run ? replaced(std::move(content), from, to) : content;
    });
    CHECK(found);
    CHECK(replay_audit_log(changed, store()).different > 0);
  }
}

TEST_CASE("a changed answer, input, setting or bit is found, even where the hashes fit") {
  const TemporaryFolder folder;
  predict_into(folder / "log", version(2).get(), request());
  struct Change {
    const char *kind, *from, *to, *says;
  };
  int number = 0;
  for (const Change& change :
       {Change{"answer", "\"stable\":true", "\"stable\":false",
               "current_stability.stable: recorded false, now true"},
        Change{"answer", "\"instability_probability\":\"3f", "\"instability_probability\":\"3e", "bits."},
        Change{"answer", "\"status\":\"ok\"", "\"status\":\"warning\"", "status: recorded"},
        Change{"answer", "\"rqd\":", "\"rqd\":1", "does not have the hash"},
        Change{"run", "\"decision_threshold\":0.5", "\"decision_threshold\":0.000001",
               "current_stability.stable"},
        Change{"run", "\"high_above\":0.7", "\"high_above\":0.999", ""}}) {
    CAPTURE(change.from);
    const std::filesystem::path changed = folder.path() / std::to_string(++number);
    bool done = false;
    rewrite(folder / "log", changed, [&](const std::string& kind, std::string content) {
      if (kind != change.kind || done || content.find(change.from) == std::string::npos) return content;
      done = true;
      return replaced(content, change.from, change.to);
    });
    REQUIRE(done);
    const AuditReplay replay = replay_audit_log(changed, store());
    CHECK(replay.log.state == AuditState::sound);
    if (*change.says == '\0') continue;
    REQUIRE(!replay.exceptions.empty());
    CHECK(replay.different + replay.not_replayed >= 1);
    CHECK_MESSAGE(replay.exceptions[0].detail.find(change.says) != std::string::npos,
                  replay.exceptions[0].detail);
  }
}

TEST_CASE("other arithmetic is compared to 1e-5, and says so") {
  const TemporaryFolder folder;
  predict_into(folder / "log", version(2).get(), request());
  const auto nudged = [](const std::string& content, double by) {
    io::OrderedJson json = io::OrderedJson::parse(content);
    auto& value = json["answer"]["current_stability"]["instability_probability"];
    if (!value.is_number()) return content;
    value = value.get<double>() + by;
    return io::ascii_json(json);
  };
  const auto replay_with = [&](const char* name, double by, const char* from, const char* to) {
    rewrite(folder / "log", folder / name, [&](const std::string& kind, std::string content) {
      return kind == "run" ? replaced(content, from, to) : nudged(content, by);
    });
    return replay_audit_log(folder / name, store());
  };
  const std::string numerics = "\"numerics_version\":", kernels = "\"kernels\":\"";
  const AuditReplay same = replay_with("same", 1e-9, "", "");
  CHECK(same.to_tolerance == 0);
  CHECK(same.different > 3);
  const AuditReplay other = replay_with("other", 1e-9, numerics.c_str(), "\"numerics_version\":9");
  CHECK(other.to_tolerance == same.different);
  CHECK(other.different == 0);
  CHECK(other.exceptions.at(0).detail.find("compared to 1e-5, because: numerics version 9") == 0);
  const AuditReplay path = replay_with("path", 1e-9, kernels.c_str(), "\"kernels\":\"sse9");
  CHECK(path.to_tolerance == same.different);
  CHECK(path.exceptions.at(0).detail.find("sse9") != std::string::npos);
  const AuditReplay far = replay_with("far", 2e-5, numerics.c_str(), "\"numerics_version\":9");
  CHECK(far.to_tolerance == 0);
  CHECK(far.different == same.different);
  // Bits that are the same are the same, whatever the record says of its arithmetic.
  const AuditReplay exact = replay_with("exact", 0, numerics.c_str(), "\"numerics_version\":9");
  CHECK(exact.bit_for_bit == exact.log.answers);
}

TEST_CASE("another version of the program may use other words, but not give another answer") {
  const TemporaryFolder folder;
  predict_into(folder / "log", nullptr, request());
  const auto replay_with = [&](const char* name, const char* from, const char* to, bool other_program) {
    rewrite(folder / "log", folder / name, [&](const std::string& kind, std::string content) {
      if (kind == "run")
        return other_program ? replaced(content, "\"program_version\":\"", "\"program_version\":\"9.")
                             : content;
      return replaced(content, from, to);
    });
    return replay_audit_log(folder / name, store());
  };
  const char *words = "no usable model", *others = "there is no model";
  CHECK(replay_with("a", words, others, false).different > 0);
  CHECK(replay_with("b", words, others, true).different == 0);
  CHECK(replay_with("c", "\"method\":\"rule_based\"", "\"method\":\"network\"", true).different > 0);
}

TEST_CASE("a model that is gone or is another one is said plainly; the other answers are replayed") {
  const TemporaryFolder folder;
  std::filesystem::copy(store_folder(), folder / "models", std::filesystem::copy_options::recursive);
  predict_into(folder / "log", version(1).get(), request());
  predict_into(folder / "log", version(2).get(), request());
  const ModelStore copy(folder / "models");
  CHECK(replay_audit_log(folder / "log", copy).bit_for_bit == 24);
  copy.lock_for_maintenance().collect({{1, "it is old"}});
  const AuditReplay replay = replay_audit_log(folder / "log", copy);
  CHECK(replay.bit_for_bit == 12);
  CHECK(replay.not_replayed == 12);
  CHECK(replay.exceptions.at(0).detail.find("it was collected on ") != std::string::npos);
  CHECK(replay.exceptions.at(0).detail.find("it is old") != std::string::npos);
  rewrite(folder / "log", folder / "other", [](const std::string&, std::string content) {
    return replaced(content, "\"manifest_sha256\":\"", "\"manifest_sha256\":\"0");
  });
  CHECK(replay_audit_log(folder / "other", store()).exceptions.at(0).detail.find("manifest") !=
        std::string::npos);
  CHECK(replay_audit_log(folder / "log", ModelStore(folder / "none")).not_replayed == 24);
}

TEST_CASE("answers whose run was taken away are not replayed with another run's model") {
  const TemporaryFolder folder;
  predict_into(folder / "log", version(1).get(), request());
  predict_into(folder / "log", version(2).get(), request());
  std::istringstream lines(text_of(folder / "log"));
  std::string text;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("{\"record\":14,")) text += line + "\n";
  std::ofstream(folder / "log", std::ios::trunc) << text;
  const AuditReplay replay = replay_audit_log(folder / "log", store());
  CHECK(replay.log.state == AuditState::changed);
  CHECK(replay.bit_for_bit == 12);
  CHECK(replay.not_replayed == 12);
  CHECK(replay.different == 0);
  CHECK(replay.exceptions.at(0).detail == "the record of its run is missing or can't be read");
}

TEST_CASE("a run whose writer was killed between two records is a note, not a change") {
  const TemporaryFolder folder;
  predict_into(folder / "log", version(2).get(), request());
  const std::string text = text_of(folder / "log");
  const std::size_t end = text.rfind('\n', text.size() - 2) + 1;
  std::ofstream(folder / "log", std::ios::trunc) << text.substr(0, end);
  predict_into(folder / "log", version(2).get(), request());
  const AuditReport report = verify_audit_log(folder / "log");
  CHECK(report.state == AuditState::sound);
  REQUIRE(report.notes.size() == 1);
  CHECK(describe(report.notes[0]).starts_with("line 1 (record 1): the run announces 12 answers, 11 follow"));
}

TEST_CASE("the answer of a kernel path is replayed on that path") {
  const TemporaryFolder folder;
  const LoadedModel reference(parse_saved_model(store().read(2)), "test", nn::kernels_by_name("reference"));
  CHECK(arithmetic_of(&reference).kernels == "reference");
  predict_into(folder / "log", &reference, request());
  CHECK(replay_audit_log(folder / "log", store()).bit_for_bit == 12);
}
