// The benchmark programs as somebody runs them. Speed does not matter here.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "benchmarks/program.h"
#include "engine/nn/error.h"
#include "engine/nn/team.h"
#include "tests/benchmarks/run_command.h"

using deepmine::test::Outcome;
using deepmine::test::run;

namespace {

const std::string training = DEEPMINE_TRAINING_BENCHMARK, prediction = DEEPMINE_PREDICTION_BENCHMARK,
                  network_case = DEEPMINE_NETWORK_CASE;

void check_line(const nlohmann::json& line, const std::string& workload, int threads, int batch) {
  CAPTURE(line.dump());
  CHECK(line.at("workload") == workload);
  CHECK(line.at("threads") == threads);
  CHECK(line.at("batch") == batch);
  for (const char* key : {"samples_per_s", "samples_per_s_best", "latency_us_median", "latency_us_p99",
                          "gflops", "ceiling_gflops", "peak_rss_mb", "cpu_over_wall", "share_of_ceiling",
                          "operations_per_sample", "cpu_us_per_step"})
    CHECK(line.at(key).get<double>() > 0);
  CHECK(line.at("samples_per_s_best") >= line.at("samples_per_s"));
  CHECK(line.at("latency_us_p99") >= line.at("latency_us_median"));
  CHECK(line.at("samples_per_s").get<double>() * line.at("latency_us_median").get<double>() ==
        doctest::Approx(1e6 * batch));
  CHECK(line.at("gflops").get<double>() == doctest::Approx(1e-9 * line.at("samples_per_s").get<double>() *
                                                           line.at("operations_per_sample").get<double>()));
  CHECK(line.at("latency_us_quartiles").size() == 2);
  CHECK(line.at("spread") >= 0);
  CHECK(line.at("steps") >= 1);
  CHECK(line.at("steps") <= 2);
  CHECK(line.at("involuntary_context_switches") >= 0);
  CHECK(line.at("disturbed").is_boolean());
  CHECK(line.at("check").at("passed") == true);
  CHECK(line.at("check").at("difference") <= line.at("check").at("limit"));
}

}  // namespace

TEST_CASE("training_benchmark prints one line of JSON for each workload") {
  const Outcome outcome = run(training + " --threads 1,2 --batch 9 --steps 2 --json");
  CHECK(outcome.exit_code == 0);
  const auto lines = outcome.lines();
  REQUIRE(lines.size() == 2);
  check_line(lines[0], "training", 1, 9);
  check_line(lines[1], "training", 2, 9);
}

TEST_CASE("prediction_benchmark prints one line of JSON for each workload") {
  const Outcome outcome = run(prediction + " --threads 2 --batch 1,17 --steps 2 --json");
  CHECK(outcome.exit_code == 0);
  const auto lines = outcome.lines();
  REQUIRE(lines.size() == 2);
  check_line(lines[0], "prediction", 2, 1);
  CHECK(lines[0].at("threads_used") == std::min(2, deepmine::nn::Team::processors()));
  check_line(lines[1], "prediction", 2, 17);
  CHECK(lines[1].at("threads_used") == 2);
}

TEST_CASE("on request a workload is measured again and again") {
  const std::string command = training + " --threads 1 --batch 9 --json --on-request";
  const Outcome outcome = run("printf '2\\n1\\n2\\n' | " + command);
  CHECK(outcome.exit_code == 0);
  REQUIRE(outcome.lines().size() == 3);
  CHECK(outcome.lines()[0].at("steps") <= 2);  // steps of a disturbed round don't count
  CHECK(outcome.lines()[0].at("steps") >= 1);
  CHECK(outcome.lines()[1].at("steps") == 1);
  CHECK(run(command + " </dev/null").lines().empty());
  for (const char* wrong : {"0", "-1", "two", "2 ", "1.5"}) {
    CAPTURE(wrong);
    CHECK(run("echo '" + std::string(wrong) + "' | " + command + " 2>/dev/null").exit_code == 2);
  }
  CHECK(run(training + " --threads 1,2 --on-request </dev/null 2>/dev/null").exit_code == 2);
  CHECK(run(command + " --profile </dev/null 2>/dev/null").exit_code == 2);
}

TEST_CASE("the number of static inputs is a flag") {
  const std::string command = prediction + " --threads 1 --batch 1 --steps 1 --json --static-features ";
  const auto operations = [&](const char* features) {
    return run(command + features).lines().at(0).at("operations_per_sample").get<double>();
  };
  CHECK(operations("41") - operations("20") == doctest::Approx(2 * 21 * 128));
  CHECK(run(command + "0 2>/dev/null").exit_code == 2);
}

TEST_CASE("network_case writes parameters, samples and answers") {
  const auto folder = std::filesystem::temp_directory_path() / "deepmine_test_network_case";
  std::filesystem::remove_all(folder);
  REQUIRE(run(network_case + " " + folder.string() + " --static-features 20 --samples 96").exit_code == 0);
  const auto description = nlohmann::ordered_json::parse(std::ifstream(folder / "case.json"));
  const auto& arrays = description.at("arrays");
  CHECK(description.at("specification").at("static_features") == 20);
  CHECK(arrays.at("statics").at("shape") == nlohmann::ordered_json({96, 20}));
  CHECK(arrays.at("logits").at("shape") == nlohmann::ordered_json({96, 31}));
  CHECK(arrays.at("parameter/temporal/lstm_1/kernel").at("shape") == nlohmann::ordered_json({5, 512}));
  std::size_t values = 0, parameters = 0;
  for (const auto& [name, array] : arrays.items()) {
    std::size_t size = 1;
    for (const auto& length : array.at("shape")) size *= length.get<std::size_t>();
    CHECK(array.at("offset") == values);
    values += size;
    if (name.starts_with("parameter/")) parameters += size;
  }
  CHECK(parameters == 416780);
  CHECK(std::filesystem::file_size(folder / "case.bin") == 4 * values);
  std::filesystem::remove_all(folder);
  CHECK(run(network_case + " /dev/null/folder 2>/dev/null").exit_code == 1);
}

TEST_CASE("the environment chooses the kernels") {
  const Outcome outcome =
      run("DEEPMINE_KERNELS=reference " + prediction + " --threads 1 --batch 1 --steps 1 --json");
  CHECK(outcome.exit_code == 0);
  REQUIRE(outcome.lines().size() == 1);
  CHECK(outcome.lines()[0].at("kernels") == "reference");
  CHECK(run("DEEPMINE_KERNELS=abacus " + prediction + " --steps 1 2>&1").exit_code == 2);
}

TEST_CASE("without --json there is text for people") {
  const Outcome outcome = run(prediction + " --threads 1 --batch 1 --steps 1");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.starts_with("prediction: "));
  CHECK(outcome.output.find("samples/s") != std::string::npos);
}

TEST_CASE("help shows examples first; what can't be understood is a usage error") {
  for (const std::string& program : {training, prediction}) {
    const Outcome help = run(program + " --help");
    CHECK(help.exit_code == 0);
    CHECK(help.output.starts_with("Examples:\n"));
    for (const char* flag :
         {"--threads", "--batch", "--steps", "--static-features", "--json", "--on-request", "--help"})
      CHECK(help.output.find(flag) != std::string::npos);
    for (const char* wrong : {"--fast", "--threads 0", "--threads two", "--batch 0", "--steps 0", "extra"}) {
      CAPTURE(wrong);
      const Outcome outcome = run(program + " " + wrong + " 2>/dev/null");
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.output.empty());
    }
  }
  CHECK(run(training + " --batch 1 2>/dev/null").exit_code == 2);  // no batch statistics of one sample
}

TEST_CASE("a result that nobody gets is a failure") {
  CHECK(run(prediction + " --threads 1 --batch 1 --steps 1 2>/dev/null >/dev/full").exit_code == 1);
}

TEST_CASE("after a wrong answer nothing is timed") {
  using namespace deepmine;
  bool right = false, prepared = false;
  const benchmarks::Program program{
      {"program", "", "", "", 1},
      "trial",
      {{1}, {1}, {1}, {16}, 1},
      [&](const lifecycle::Network&, const nn::Kernels<float>&, int, int) -> benchmarks::CheckResult {
        if (!right) throw Error(ErrorCode::failure, "the answer is wrong");
        return {};
      },
      [&](const lifecycle::Network&, const nn::Kernels<float>&, int, int) -> benchmarks::Workload {
        prepared = true;
        return {[] {}, 1, 1};
      }};
  const char* const arguments[] = {"program"};
  CHECK(benchmarks::run_program(program, 1, arguments) == 1);
  CHECK(!prepared);
  right = true;
  CHECK(benchmarks::run_program(program, 1, arguments) == 0);
  CHECK(prepared);
}
