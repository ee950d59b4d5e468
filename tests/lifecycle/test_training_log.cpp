#include <doctest/doctest.h>

#include <cmath>

#include "lifecycle/training_log.h"
#include "tests/io/expect_error.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

const std::vector<int> horizons{1, 30};

EpochRecord some_epoch(int number) {
  EpochRecord epoch;
  epoch.epoch = number;
  epoch.learning_rate = 1e-3 / number;
  epoch.training_loss = 1.25;
  epoch.penalty = 0.03125;
  epoch.training_head_losses = {0.5, 0.25, 0.125};
  epoch.validation_head_losses = {1.5, 1.25, 1.125};
  epoch.validation_accuracy = {0.75, 0.625, 0};
  epoch.seconds = 0.5;
  epoch.samples_per_second = 1000;
  epoch.best = number == 2;
  return epoch;
}

std::string log_of_two() {
  return training_log_header(horizons) + training_log_line(some_epoch(1)) + training_log_line(some_epoch(2));
}

}  // namespace

TEST_CASE("a log is read as it was written; what was not known stays unknown") {
  const auto epochs = parse_training_log(log_of_two(), horizons, "log");
  REQUIRE(epochs.size() == 2);
  CHECK(epochs[1].epoch == 2);
  CHECK(epochs[1].learning_rate == 5e-4);
  CHECK(std::isnan(epochs[1].validation_loss));
  CHECK(epochs[1].penalty == 0.03125);
  CHECK(epochs[0].training_head_losses == some_epoch(1).training_head_losses);
  CHECK(epochs[0].validation_head_losses == some_epoch(1).validation_head_losses);
  CHECK(epochs[0].validation_accuracy == some_epoch(1).validation_accuracy);
  CHECK_FALSE(epochs[0].best);
  CHECK(epochs[1].best);
  CHECK(parse_training_log("", horizons, "log").empty());
  CHECK(parse_training_log(training_log_header(horizons), horizons, "log").empty());
}

TEST_CASE("a log that is no log is named with its line") {
  const auto refused = [](const std::string& text, const std::string& what) {
    expect_error(ErrorCode::model_damaged, what, [&] { parse_training_log(text, horizons, "m/log.csv"); });
  };
  refused("epoch,loss\n1,2\n", "m/log.csv:1: the columns are not those");
  refused(training_log_header({1}) + "1\n", "m/log.csv:1: the columns");
  refused(training_log_header(horizons) + "1,2,3\n", "m/log.csv:2: ends behind column 3");
  std::string text = log_of_two();
  refused(text.substr(0, text.size() - 1), "m/log.csv:3: the line has no end");
  text.insert(text.size() - 1, ",7");
  refused(text, "m/log.csv:3: 18 columns, expected 17");
  text = log_of_two();
  text.replace(text.find("1.25"), 4, "abcd");
  refused(text, "m/log.csv:2: column 3: ");
}
