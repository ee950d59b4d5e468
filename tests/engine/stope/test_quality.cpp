#include <doctest/doctest.h>

#include <algorithm>

#include "engine/stope/quality.h"
#include "tests/engine/stope/reference_data.h"

using namespace deepmine::stope;

namespace {

constexpr Day start = 19000;

/// One stope and all that is needed to check it; a test changes one thing and asks again.
struct Case {
  SiteSettings settings;
  WindowPlan plan;
  StaticRecord statics = plain_record();
  DailySeries readings = plain_readings(start, 40);
  std::vector<Issue> issues;
  Now now;
  std::optional<InputScaler> training;

  Case() { now.newest_reading = start + 39; }

  /// A model whose training covers this stope exactly as it is now.
  void train_on_itself() {
    InputScalerFit fit;
    fit.add_statics(static_features(statics));
    for (const auto& day : readings.days)
      for (std::size_t s = 0; s < sensor_count; ++s) fit.add_reading(static_cast<Sensor>(s), day[s]);
    training = fit.finish();
  }
  QualityReport check() const {
    const PreparedReadings prepared(readings, settings.data.largest_filled_gap,
                                    now.as_of.value_or(std::numeric_limits<Day>::max()));
    return check_quality(statics, static_features(statics), prepared, issues,
                         {settings, plan, training ? &*training : nullptr, now});
  }
};

/// The report has this status and exactly these codes.
void check_report(const QualityReport& report, Status status, std::vector<std::string> codes) {
  std::vector<std::string> found;
  for (const Reason& reason : report.reasons) {
    found.push_back(reason.code);
    CHECK(!reason.message.empty());
  }
  CHECK(name(report.status) == name(status));
  CHECK(found == codes);
}

}  // namespace

TEST_CASE("sound data is ok") {
  Case c;
  c.train_on_itself();
  const QualityReport report = c.check();
  check_report(report, Status::ok, {});
  CHECK(report.answerable());
  CHECK(*report.day_t == start + 39);
  CHECK(report.data.days_used == 30);
  CHECK(report.data.days_filled == 0);
  CHECK(*report.data.last_reading == start + 39);
}

TEST_CASE("findings from the files decide as they are graded") {
  Case c;
  c.issues = {{Severity::note, "ignored_column", {"a.csv", 1, 9}, "", "note"}};
  check_report(c.check(), Status::ok, {});
  c.issues.push_back({Severity::warning, "duplicate_dropped", {"a.csv", 7, 0}, "x", "twice"});
  check_report(c.check(), Status::warning, {"duplicate_dropped"});
  c.issues.push_back({Severity::rejected, "not_a_number", {"a.csv", 8, 3}, "x", "found 'abc'"});
  const QualityReport report = c.check();
  check_report(report, Status::rejected, {"not_a_number", "duplicate_dropped"});  // worst first
  CHECK(report.reasons[0].message == "a.csv:8:3: found 'abc'");
  CHECK(!report.answerable());
}

TEST_CASE("a rejection while reading is the whole story: what it left out of the records is no finding") {
  Case c;
  c.readings = {};
  c.statics.rqd = missing;
  c.statics.rock_type = "";
  c.issues = {{Severity::rejected, "not_a_number", {"a.csv", 8, 3}, "x", "found 'abc'"}};
  check_report(c.check(), Status::rejected, {"not_a_number"});
}

TEST_CASE("a missing or impossible value rejects, an unknown category abstains") {
  for (const StaticColumn& column : static_columns) {
    Case c;
    c.statics.*column.value = missing;
    check_report(c.check(), Status::rejected, {"missing_value"});
    c.statics.*column.value = column.highest + 1;
    check_report(c.check(), Status::rejected, {"out_of_range"});
  }
  Case c;
  c.statics.rock_type = "Chalk";
  check_report(c.check(), Status::abstain, {"unseen_category"});
  c.statics.rock_type = "";
  check_report(c.check(), Status::rejected, {"missing_value"});
  Case reading;
  reading.readings.days[20][4] = 101;
  check_report(reading.check(), Status::rejected, {"out_of_range"});
  CHECK(reading.check().reasons[0].message.find("humidity on " + format_day(start + 20)) == 0);
  reading.readings.days[20][4] = std::numeric_limits<double>::infinity();
  check_report(reading.check(), Status::rejected, {"out_of_range"});
}

TEST_CASE("readings that are missing, too few or too far apart abstain, and say which") {
  Case none;
  none.readings = {};
  check_report(none.check(), Status::abstain, {"no_readings"});
  CHECK(!none.check().day_t);

  Case brief;
  brief.readings = plain_readings(start + 11, 29);
  check_report(brief.check(), Status::abstain, {"history_too_short"});
  CHECK(brief.check().data.days_used == 29);

  Case gap;
  for (std::size_t day = 20; day < 24; ++day) gap.readings.days[day][2] = missing;
  check_report(gap.check(), Status::abstain, {"gap_too_long"});
  CHECK(gap.check().reasons[0].message.find("stress") == 0);
  CHECK(gap.check().data.days_used == 26);

  Case incomplete;
  incomplete.readings.days.back()[4] = missing;
  check_report(incomplete.check(), Status::abstain, {"last_day_missing"});
  CHECK(incomplete.check().reasons[0].message.find("humidity") != std::string::npos);
  CHECK(*incomplete.check().day_t == start + 39);  // not moved back to the day before
}

TEST_CASE("a filled gap is a warning with its count") {
  Case c;
  c.readings.days[20][2] = c.readings.days[21][2] = c.readings.days[21][3] = missing;
  const QualityReport report = c.check();
  check_report(report, Status::warning, {"gap_filled"});
  CHECK(report.data.days_filled == 2);
  CHECK(report.data.days_used == 30);
  c.settings.data.largest_filled_gap = 1;
  check_report(c.check(), Status::abstain, {"gap_too_long", "gap_filled"});
}

TEST_CASE("the age of the last reading counts from the newest reading of all stopes, or from the as-of day") {
  Case c;
  c.now.newest_reading = start + 39 + 7;
  check_report(c.check(), Status::warning, {"reading_not_current"});
  c.now.newest_reading = start + 39 + 8;
  check_report(c.check(), Status::abstain, {"reading_too_old"});
  c.now.as_of = start + 39;
  check_report(c.check(), Status::ok, {});
  c.now.as_of = start + 39 + 8;
  check_report(c.check(), Status::abstain, {"reading_too_old"});
  c.settings.data.largest_age = 8;
  check_report(c.check(), Status::warning, {"reading_not_current"});
  c.settings.data.largest_age = 0;
  c.now.as_of = start + 40;
  CHECK(c.check().reasons[0].message.find(", 1 day before ") != std::string::npos);
}

TEST_CASE("with an as-of day, later readings do not exist") {
  Case c;
  c.readings.days[36][0] = 499;
  c.readings.days[37][1] = missing;
  c.now.as_of = start + 35;
  check_report(c.check(), Status::ok, {});
  CHECK(*c.check().day_t == start + 35);
  // The whole report equals that of a series that ends there.
  Case cut = c;
  cut.readings.days.resize(36);
  CHECK(c.check().reasons == cut.check().reasons);
  CHECK(c.check().data.days_used == cut.check().data.days_used);
  c.now.as_of = start - 1;
  check_report(c.check(), Status::abstain, {"no_readings"});
}

TEST_CASE("a reading after today rejects its stope, and leaves the age of the others alone") {
  Case c;
  c.now.today = start + 38;
  check_report(c.check(), Status::rejected, {"reading_after_now"});
  c.now.today = start + 39;
  check_report(c.check(), Status::ok, {});
  c.now.today = start + 38;
  c.now.as_of = start + 38;  // the wrong reading is not seen
  check_report(c.check(), Status::ok, {});

  Now now;
  now.today = start + 39;
  note_newest_reading(now, PreparedReadings(plain_readings(start, 30), 3));
  CHECK(*now.newest_reading == start + 29);
  note_newest_reading(now, PreparedReadings(plain_readings(start + 9000, 30), 3));
  CHECK(*now.newest_reading == start + 29);
  note_newest_reading(now, PreparedReadings(plain_readings(start, 35), 3));
  CHECK(*now.newest_reading == start + 34);
  note_newest_reading(now, PreparedReadings());
  CHECK(*now.newest_reading == start + 34);
}

TEST_CASE("what the model was not trained on abstains: categories, statics, sensors") {
  Case c;
  c.train_on_itself();
  Case category = c;
  category.statics.direction = "South";
  check_report(category.check(), Status::abstain, {"unseen_category"});
  CHECK(category.check().data.out_of_range.empty());

  InputScaler& range = *c.training;
  range.sensors[0].lowest = 0;
  range.sensors[0].highest = 10;
  c.readings.days[25][0] = 10.9;
  check_report(c.check(), Status::ok, {});
  c.readings.days[25][0] = 11.1;
  c.readings.days[26][0] = 12.5;
  const QualityReport report = c.check();
  check_report(report, Status::abstain, {"outside_training_range"});
  REQUIRE(report.data.out_of_range.size() == 1);
  CHECK(report.data.out_of_range[0].input == "vibration_velocity");
  CHECK(*report.data.out_of_range[0].day == start + 26);
  CHECK(report.data.out_of_range[0].value == 12.5);
  CHECK(report.data.out_of_range[0].highest == 10);
  c.readings.days[25][0] = c.readings.days[26][0] = 1;
  c.readings.days[5][0] = 400;  // before the window
  check_report(c.check(), Status::ok, {});

  c.statics.dip =
      46;  // trained on 45 only: a width of 0 has a margin of 0; two derived features move with it
  const QualityReport statics = c.check();
  CHECK(statics.status == Status::abstain);
  REQUIRE(!statics.data.out_of_range.empty());
  CHECK(statics.data.out_of_range[0].input == "dip");
}

TEST_CASE("a flat line of seven days is a warning; saturated air is not") {
  for (std::size_t s = 0; s < sensor_count; ++s) {
    Case c;
    for (std::size_t day = 20; day < 26; ++day) c.readings.days[day][s] = 33.125;
    check_report(c.check(), Status::ok, {});
    c.readings.days[26][s] = 33.125;
    check_report(c.check(), Status::warning, {"flat_line"});
    CHECK(c.check().reasons[0].message.find(sensor_columns[s].name) == 0);
  }
  Case humid;
  for (auto& day : humid.readings.days) day[4] = 100;
  check_report(humid.check(), Status::ok, {});
  for (auto& day : humid.readings.days) day[4] = 99.5;
  check_report(humid.check(), Status::warning, {"flat_line"});
  Case carried;  // three copies over a gap are no readings: 2 + 3 + 2 days show one value, 4 readings do
  for (std::size_t day = 20; day < 27; ++day) carried.readings.days[day][2] = 44;
  for (std::size_t day = 22; day < 25; ++day) carried.readings.days[day][2] = missing;
  check_report(carried.check(), Status::warning, {"gap_filled"});
}

TEST_CASE("all sensors flat to the last day abstain: a logger that repeats itself says nothing") {
  const auto repeat = [](Case& c, std::size_t first, std::size_t last, std::size_t sensors) {
    for (std::size_t day = first; day <= last; ++day)
      for (std::size_t s = 0; s < sensors; ++s) c.readings.days[day][s] = c.readings.days[first][s];
  };
  Case c;
  const std::size_t last = c.readings.days.size() - 1;
  Case six = c, seven = c, four_sensors = c, in_the_past = c, saturated = c;
  repeat(six, last - 5, last, sensor_count);
  check_report(six.check(), Status::ok, {});
  repeat(seven, last - 6, last, sensor_count);
  check_report(seven.check(), Status::abstain,
               {"readings_frozen", "flat_line", "flat_line", "flat_line", "flat_line", "flat_line"});
  repeat(four_sensors, last - 6, last, sensor_count - 1);
  check_report(four_sensors.check(), Status::warning, {"flat_line", "flat_line", "flat_line", "flat_line"});
  repeat(in_the_past, last - 9, last - 1, sensor_count);  // the last day differs
  CHECK(in_the_past.check().status == Status::warning);
  // Saturated air is no finding by itself, and no sign of life either.
  repeat(saturated, last - 6, last, sensor_count - 1);
  for (std::size_t day = last - 6; day <= last; ++day) saturated.readings.days[day][4] = 100;
  CHECK(saturated.check().status == Status::abstain);
}
