#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "io/sha256.h"
#include "tests/apps/sample.h"

using namespace deepmine;
using namespace deepmine::test;

namespace {

/// The series with the first reading's vibration replaced.
std::string damaged_series(const std::string& cell) {
  std::vector<std::string> lines = lines_of(read_text(small_mine() / "timeseries.csv"));
  std::string& line = lines.at(1);
  const std::size_t begin = line.find(',', line.find(',') + 1) + 1;
  line.replace(begin, line.find(',', begin) - begin, cell);
  std::string text;
  for (const std::string& each : lines) text += each + "\n";
  return text;
}

std::string first_stope() {
  const std::string line = lines_of(read_text(small_mine() / "timeseries.csv")).at(1);
  return line.substr(0, line.find(','));
}

std::vector<std::string> train_with_series(const std::string& series, const std::filesystem::path& store,
                                           const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"train",        "--static", (small_mine() / "static.csv").string(),
                                     "--timeseries", series,     "--store",
                                     store.string(), "--epochs", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("a training from files to a model in service") {
  const TemporaryFolder folder;
  ProgramOptions options;
  options.environment["DEEPMINE_THREADS"] = "1";
  write_text(folder / "plan.toml", "threads = 2\n[train]\nepochs = 2\nseed = 9\n");
  const std::filesystem::path store = folder / "models";
  const ProgramResult result = run_program(
      train_arguments(store, {"--config", (folder / "plan.toml").string(), "--seed", "4"}), options);
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);

  SUBCASE("messages before and during it are on stderr, a line an epoch") {
    CHECK(contains(result.err, "training    "));
    CHECK(contains(result.err, "unusable    "));
    CHECK(contains(result.err, "history too short"));
    CHECK(contains(result.err,
                   "at most 2 epochs, 1 thread\n"));  // the file, and the environment above the file
    CHECK(contains(result.err, "seed 4"));            // the flag above both
    CHECK(contains(result.err, "\nepoch 1/2  loss "));
    CHECK(contains(result.err, "\nepoch 2/2  loss "));
    CHECK_FALSE(contains(result.err, "\r"));
    CHECK_FALSE(contains(result.err, "\x1b"));
  }
  SUBCASE("the result is on stdout, beside the baselines, with what it is worth") {
    CHECK(contains(result.out, "Validation part"));
    CHECK(contains(result.out, "Test part"));
    CHECK(contains(result.out, "Majority  Logistic  Persistence  Rules  Prior"));
    CHECK(contains(result.out, "The data is thin"));
    CHECK(contains(result.out, "NOT better"));
    CHECK(contains(result.out, "is version 1 of " + store.string()));
    CHECK(contains(result.out, "Next: deepmine predict"));
  }
  SUBCASE("models list and show agree with it, and find damage") {
    const auto shown =
        nlohmann::json::parse(run_program({"models", "show", "--store", store.string(), "--json"}).out);
    CHECK(shown["plan"]["seed"] == 4);
    CHECK(shown["plan"]["epochs"] == 2);
    CHECK(shown["data"]["sha256"] ==
          io::to_hexadecimal(io::sha256(read_text(small_mine() / "static.csv") +
                                        read_text(small_mine() / "timeseries.csv"))));
    const std::string text = run_program({"models", "show", "--store", store.string()}).out;
    CHECK(contains(text, shown["model_id"].get<std::string>()));
    CHECK(contains(text, "bit for bit"));
    CHECK(contains(text, "Test part"));
    const auto list =
        nlohmann::json::parse(run_program({"models", "list", "--store", store.string(), "--json"}).out);
    REQUIRE(list["models"].size() == 1);
    CHECK(list["models"][0]["in_service"] == true);
    CHECK(list["models"][0]["model_id"] == shown["model_id"]);
    CHECK(list["models"][0]["problem"].is_null());
    CHECK(contains(run_program({"models", "list", "--store", store.string()}).out, "sound"));
    const auto network =
        nlohmann::json::parse(run_program({"summary", "--store", store.string(), "--json"}).out);
    CHECK(network["total_parameters"] == shown["total_parameters"]);

    const std::filesystem::path weights =
        store / "versions" / "00000000000000000001" / "enhanced_dual_branch_model_weights";
    std::string bytes = read_text(weights);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::filesystem::permissions(weights, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    write_text(weights, bytes);
    for (const char* action : {"list", "show"}) {
      const ProgramResult damaged = run_program({"models", action, "--store", store.string()});
      CHECK(damaged.exit_code == 4);
      CHECK(contains(damaged.err, "enhanced_dual_branch_model_weights"));
    }
    CHECK(run_program({"summary", "--store", store.string()}).exit_code == 4);
  }
}

TEST_CASE("--json prints the metadata of what was published and nothing else; --quiet silences the rest") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program(train_arguments(folder / "m", {"--epochs", "1", "--json", "--quiet"}));
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["model_id"].get<std::string>().size() == 32);
  CHECK(json["metrics"].contains("test"));
  CHECK(json["baselines"].contains("rules"));
  CHECK(json["data"]["static_rows"] == 10);
}

TEST_CASE("on a terminal a bar is drawn in place and a line an epoch stays") {
  if (!deepmine::test::terminals_are_available()) {
    MESSAGE("skipped: this system has no pseudo-terminals");
    return;
  }
  const TemporaryFolder folder;
  ProgramOptions options;
  options.terminal = true;
  const ProgramResult result =
      run_program(train_arguments(folder / "m", {"--epochs", "2", "--batch-size", "8"}), options);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "\r\x1b[Kepoch 1/2 ["));
  CHECK(contains(result.err, "samples/s"));
  CHECK(contains(result.err, "\x1b[Kepoch 1/2  loss "));
  CHECK(contains(result.err, "\x1b[Kepoch 2/2  loss "));
}

TEST_CASE("a rejected stope stops a training with its place, unless --skip-rejected") {
  const TemporaryFolder folder;
  const std::string series = (folder / "t.csv").string();
  write_text(series, damaged_series("12,5"));
  const ProgramResult columns = run_program(train_with_series(series, folder / "m"));
  CHECK(columns.exit_code == 3);
  CHECK(contains(columns.err, series + ":2:"));

  write_text(series, damaged_series("fast"));
  const ProgramResult refused = run_program(train_with_series(series, folder / "m"));
  CHECK(refused.exit_code == 3);
  CHECK(contains(refused.err, series + ":2:"));
  CHECK(contains(refused.err, "--skip-rejected"));
  CHECK(refused.out.empty());
  CHECK_FALSE(std::filesystem::exists(folder / "m"));

  const ProgramResult skipped =
      run_program(train_with_series(series, folder / "m", {"--skip-rejected", "--json"}));
  CAPTURE(skipped.err);
  REQUIRE(skipped.exit_code == 0);
  CHECK(contains(skipped.err, series + ":2:"));
  CHECK(contains(skipped.err, "without 1 rejected stopes: " + first_stope()));
  const auto split = nlohmann::json::parse(skipped.out)["split"];
  for (const char* part : {"training_stopes", "validation_stopes", "test_stopes"})
    for (const auto& name : split[part]) CHECK(name != first_stope());
}

TEST_CASE("disorder stops a training, unless --sort") {
  const TemporaryFolder folder;
  const std::string series = (folder / "t.csv").string();
  std::vector<std::string> lines = lines_of(read_text(small_mine() / "timeseries.csv"));
  std::swap(lines[1], lines[2]);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  write_text(series, text);
  CHECK(run_program(train_with_series(series, folder / "m")).exit_code == 3);
  CHECK(run_program(train_with_series(series, folder / "m", {"--sort"})).exit_code == 0);
}

TEST_CASE("files that are not there or have no label are exit code 3") {
  const TemporaryFolder folder;
  const ProgramResult missing = run_program(train_with_series("/nowhere.csv", folder / "m"));
  CHECK(missing.exit_code == 3);
  CHECK(contains(missing.err, "/nowhere.csv"));

  std::string statics;
  for (const std::string& line : lines_of(read_text(small_mine() / "static.csv")))
    statics += line.substr(0, line.rfind(',')) + "\n";
  write_text(folder / "s.csv", statics);
  const ProgramResult unlabelled =
      run_program({"train", "--static", (folder / "s.csv").string(), "--timeseries",
                   (small_mine() / "timeseries.csv").string(), "--store", (folder / "m").string()});
  CHECK(unlabelled.exit_code == 3);
  CHECK(contains(unlabelled.err, "stability"));
}

TEST_CASE("models list and show without a model") {
  const TemporaryFolder folder;
  for (const char* action : {"list", "show"}) {
    const ProgramResult result = run_program({"models", action, "--store", (folder / "none").string()});
    CHECK(result.exit_code == 4);
    CHECK(result.out.empty());
    CHECK(contains(result.err, "there is no model"));
  }
}
