// The metrics against scikit-learn's values (make_golden_metrics.py).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/train/binary_metrics.h"
#include "engine/train/level_metrics.h"

using namespace deepmine::train;
using Json = nlohmann::json;

namespace {

const Json& golden() {
  static const Json document = [] {
    std::ifstream in(DEEPMINE_GOLDEN_FOLDER "/metrics.json");
    return Json::parse(in);
  }();
  return document;
}

/// Every expected figure is there and equal; null means NaN. Returns how many were compared.
int check_equal(const Metrics& found, const Json& expected) {
  int compared = 0;
  for (const auto& [name, value] : expected.items()) {
    CAPTURE(name);
    bool is_there = false;
    for (const auto& [metric, number] : found) {
      if (metric != name) continue;
      is_there = true;
      CAPTURE(number);
      if (value.is_null())
        CHECK(std::isnan(number));
      else
        CHECK(std::abs(number - value.get<double>()) < 1e-12);
      ++compared;
    }
    CHECK(is_there);
  }
  return compared;
}

}  // namespace

TEST_CASE("metrics of a two-class head are scikit-learn's") {
  REQUIRE(golden()["binary"].size() >= 15);
  for (const Json& test : golden()["binary"]) {
    CAPTURE(test["name"].get<std::string>());
    const auto labels = test["labels"].get<std::vector<std::int8_t>>();
    const auto probabilities = test["probabilities"].get<std::vector<double>>();
    const auto weights = test["weights"].get<std::vector<double>>();
    const Metrics metrics = binary_metrics(labels, probabilities, test["threshold"].get<double>(), weights);
    CHECK(check_equal(metrics, test["expected"]) >= 15);
  }
}

TEST_CASE("metrics of risk levels are scikit-learn's") {
  REQUIRE(golden()["levels"].size() >= 10);
  for (const Json& test : golden()["levels"]) {
    CAPTURE(test["name"].get<std::string>());
    const auto labels = test["labels"].get<std::vector<std::int8_t>>();
    const auto predicted = test["predicted"].get<std::vector<std::int8_t>>();
    const auto scores = test["scores"].get<std::vector<double>>();
    const auto weights = test["weights"].get<std::vector<double>>();
    CHECK(check_equal(level_metrics(labels, predicted, 6, scores, weights), test["expected"]) == 19);
  }
}
