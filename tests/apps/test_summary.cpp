#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine::test;
using nlohmann::json;

namespace {

json summary(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"summary", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProgramResult result = run_program(arguments);
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  return json::parse(result.out);
}

json layer(const json& summary, const std::string& name) {
  for (const json& entry : summary["layers"])
    if (entry["name"] == name) return entry;
  FAIL("no layer " << name);
  return {};
}

}  // namespace

TEST_CASE("the prototype's arithmetic: 416,780 parameters, with their known parts") {
  const json network = summary({"--static-features", "20"});
  CHECK(network["total_parameters"] == 416780);
  CHECK(network["trainable_parameters"] == 414398);
  CHECK(layer(network, "temporal/lstm_1")["parameters"] == 68608);
  CHECK(layer(network, "temporal/lstm_2")["parameters"] == 131584);
  CHECK(layer(network, "temporal/self_attention")["parameters"] == 66048);
  CHECK(layer(network, "temporal/lstm_3")["parameters"] == 49408);
  CHECK(layer(network, "fusion/cross_attention")["parameters"] == 16640);
  CHECK(layer(network, "shared/block_1/dense")["parameters"] == 24704);
  std::int64_t sum = 0;
  for (const json& entry : network["layers"]) sum += entry["parameters"].get<std::int64_t>();
  CHECK(sum == 416780);
}

TEST_CASE("shapes, with 41 inputs and both ways of attending") {
  const json days = summary({}), pooled = summary({"--cross-attention", "pooled"});
  CHECK(days["total_parameters"] == 416780 + 21 * 128);
  CHECK(pooled["total_parameters"] == days["total_parameters"]);
  CHECK(layer(days, "static/input")["shape"] == json{41});
  CHECK(layer(days, "temporal/lstm_3")["shape"] == json{30, 64});
  CHECK(layer(pooled, "temporal/lstm_3")["shape"] == json{64});
  CHECK(layer(days, "future_30d/block_2/dense")["shape"] == json{36});
  CHECK(layer(days, "future_1d/logits")["shape"] == json{6});
}

TEST_CASE("as a table for people") {
  const ProgramResult result = run_program({"summary", "--static-features", "20"});
  CHECK(contains(result.out, "temporal/lstm_1 (LSTM)"));
  CHECK(contains(result.out, "(30, 128)"));
  CHECK(contains(result.out, "Total parameters:           416,780 (1.59 MiB)"));
  CHECK(contains(result.out, "Non-trainable parameters:     2,382"));
}

TEST_CASE("a store without a model") {
  const TemporaryFolder folder;
  const ProgramResult result = run_program({"summary", "--store", folder.path().string()});
  CHECK(result.exit_code == 4);
  CHECK(result.out.empty());
  CHECK(contains(result.err, "there is no model"));
}
