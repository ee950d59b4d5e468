// `deepmine health`: the states, their exit codes, and how long it takes.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lifecycle/store_writer.h"
#include "tests/apps/small_mine.h"

using namespace deepmine;
using nlohmann::json;

namespace {

struct Health {
  int exit_code = -1;
  json document;
};

Health health(const std::filesystem::path& store, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"health", "--store", store.string(), "--json"});
  const test::ProgramResult result = test::run_program(arguments);
  CHECK(result.err.empty());
  return {result.exit_code, json::parse(result.out)};
}

/// A store of two versions of the model.
class Store {
 public:
  Store() {
    for (int n = 0; n < 2; ++n) test::publish_variant(path(), [](io::Components&) {});
  }
  std::filesystem::path path() const { return folder_ / "models"; }
  void damage(lifecycle::Sequence version) const {
    const std::filesystem::path file =
        lifecycle::ModelStore(path()).version_folder(version) / "enhanced_dual_branch_model_weights";
    std::string bytes = test::file_text(file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(file, std::ios::binary) << bytes;
  }

 private:
  test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("healthy, degraded, unavailable: state, origin and exit code") {
  const Store store;
  const Health healthy = health(store.path());
  CHECK(healthy.exit_code == 0);
  CHECK(healthy.document["state"] == "healthy");
  CHECK(healthy.document["reason"].is_null());
  CHECK(healthy.document["answers_from"] == "model_in_service");
  CHECK(healthy.document["model"]["version"] == 2);
  CHECK(healthy.document["model"]["id"].get<std::string>().size() == 32);
  CHECK(healthy.document["model"]["test_cases"] == 8);
  CHECK(healthy.document["model"]["replay"] == "verified bit for bit");
  CHECK(healthy.document["model"]["age_days"] >= 0);
  CHECK(healthy.document["versions"]["stored"] == 2);
  CHECK(healthy.document["data"].is_null());
  CHECK(healthy.document["disk"]["free_bytes"] > 0);

  store.damage(2);
  const Health degraded = health(store.path());
  CHECK(degraded.exit_code == 1);
  CHECK(degraded.document["state"] == "degraded");
  CHECK(degraded.document["answers_from"] == "older_model");
  CHECK(degraded.document["model"]["version"] == 1);
  CHECK(degraded.document["reason"].get<std::string>().find("enhanced_dual_branch_model_weights") !=
        std::string::npos);
  CHECK(degraded.document["recommendations"][0]["code"] == "mend");

  store.damage(1);
  const Health unavailable = health(store.path());
  CHECK(unavailable.exit_code == 4);
  CHECK(unavailable.document["state"] == "unavailable");
  CHECK(unavailable.document["answers_from"] == "rule_set");
  CHECK(unavailable.document["model"].is_null());

  const test::TemporaryFolder empty;
  const Health nothing = health(empty / "none");
  CHECK(nothing.exit_code == 4);
  CHECK(nothing.document["recommendations"][0]["code"] == "train");
  CHECK_FALSE(std::filesystem::exists(empty / "none"));
}

TEST_CASE("a model that another arithmetic saved is healthy, and said to be verified to tolerance") {
  const test::TemporaryFolder folder;
  test::publish_variant(folder / "m",
                        [](io::Components& components) { components.test_cases.numerics_version += 1; });
  const Health other = health(folder / "m");
  CHECK(other.exit_code == 0);
  CHECK(other.document["model"]["replay"] == "verified to tolerance");
  CHECK(other.document["recommendations"][0]["code"] == "verified_to_tolerance");
}

TEST_CASE("a CURRENT that is damaged is degraded, not healthy") {
  const Store store;
  std::ofstream(store.path() / "CURRENT", std::ios::binary) << "nonsense\n";
  const Health degraded = health(store.path());
  CHECK(degraded.exit_code == 1);
  CHECK(degraded.document["model"]["version"] == 2);
  CHECK(degraded.document["reason"].get<std::string>().find("CURRENT") != std::string::npos);
}

TEST_CASE("the data that was named is part of the health") {
  const test::TemporaryFolder folder;
  const test::SmallMine mine;
  std::ofstream(folder / "static.csv") << mine.statics.text();
  std::ofstream(folder / "timeseries.csv") << mine.readings.text();
  const std::vector<std::string> files{"--static", folder / "static.csv", "--timeseries",
                                       folder / "timeseries.csv"};
  const Health good = health(test::trained_store(), files);
  CHECK(good.exit_code == 0);
  CHECK(good.document["data"]["usable"] == true);
  CHECK(good.document["data"]["stopes"] == mine.names().size());
  CHECK(good.document["data"]["windows"] > 100);
  CHECK(good.document["data"]["labelled_stable"].get<int>() +
            good.document["data"]["labelled_unstable"].get<int>() ==
        static_cast<int>(mine.names().size()));
  CHECK(good.document["recommendations"].back()["code"] == "data_thin");

  std::ofstream(folder / "static.csv") << "stope_name\nA\n";
  const Health bad = health(test::trained_store(), files);
  CHECK(bad.exit_code == 1);
  CHECK(bad.document["state"] == "degraded");
  CHECK(bad.document["data"]["usable"] == false);
  CHECK(bad.document["model"]["version"] == 1);
  CHECK(test::run_program({"health", "--store", test::trained_store(), "--static", "x.csv"}).exit_code == 2);
}

TEST_CASE("for people: the same in words, in 100 columns") {
  const Store store;
  const test::ProgramResult good = test::run_program({"health", "--store", store.path()});
  CHECK(good.exit_code == 0);
  CHECK(good.out.starts_with("State         HEALTHY\n"));
  CHECK(good.out.find("8 replayed: verified bit for bit") != std::string::npos);
  store.damage(2);
  const test::ProgramResult degraded = test::run_program({"health", "--store", store.path()});
  CHECK(degraded.exit_code == 1);
  CHECK(degraded.out.starts_with("State         DEGRADED\nReason "));
  CHECK(degraded.out.find("another version, in place of the model in service") != std::string::npos);
  CHECK(degraded.out.find("models rollback") != std::string::npos);
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = good.out.find('\n', begin);
    CHECK(good.out.substr(begin, end - begin).size() <= 100);
  }
}

namespace {

/// Runs `deepmine health` as a monitor would, without reading what it says.
double milliseconds_of_health(const std::string& store) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t process = ::fork();
  if (process == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execl(DEEPMINE_PROGRAM, DEEPMINE_PROGRAM, "health", "--store", store.c_str(), nullptr);
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(process, &status, 0);
  CHECK(status == 0);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("health takes less than 50 ms") {
  std::vector<double> milliseconds;
  for (int n = 0; n < 11; ++n) milliseconds.push_back(milliseconds_of_health(test::trained_store()));
  std::sort(milliseconds.begin(), milliseconds.end());
  MESSAGE("deepmine health, process and all: " << milliseconds.front() << " ms at best, "
                                               << milliseconds[milliseconds.size() / 2]
                                               << " ms in the middle of " << milliseconds.size());
  CHECK(milliseconds.front() < 500);  // a busy machine is no failure, a change for the worse by far is
}
