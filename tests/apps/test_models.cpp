// `deepmine models`: the verbs that keep a store in order, and the publishing gate of `train`.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine::test;
using nlohmann::json;

namespace {

/// A store with three versions of the same quick training, copied for each test.
const std::filesystem::path& three_versions() {
  static const TemporaryFolder folder;
  static const std::filesystem::path store = [] {
    for (const char* seed : {"1", "2", "3"}) {
      const ProgramResult result = run_program(
          train_arguments(folder / "models", {"--epochs", "1", "--gate", "off", "--seed", seed, "--quiet"}));
      REQUIRE_MESSAGE(result.exit_code == 0, result.err);
    }
    return folder / "models";
  }();
  return store;
}

class Store {
 public:
  Store() { std::filesystem::copy(three_versions(), path(), std::filesystem::copy_options::recursive); }
  std::filesystem::path path() const { return folder_ / "models"; }
  ProgramResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "models");
    arguments.insert(arguments.end(), {"--store", path().string()});
    return run_program(arguments);
  }
  json run_json(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.push_back("--json");
    const ProgramResult result = run(std::move(arguments));
    CHECK_MESSAGE(result.exit_code == exit_code, result.err);
    return json::parse(result.out);
  }
  std::filesystem::path version(int number) const {
    return path() / "versions" / ("0000000000000000000" + std::to_string(number));
  }
  void damage(int number) const {
    const std::filesystem::path weights = version(number) / "enhanced_dual_branch_model_weights";
    std::string bytes = read_text(weights);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_text(weights, bytes);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("models path is one line") {
  const Store store;
  CHECK(store.run({"path"}).out == store.version(3).string() + "\n");
  CHECK(store.run({"path", "2"}).out == store.version(2).string() + "\n");
  CHECK(store.run_json({"path"})["version"] == 3);
  CHECK(store.run({"path", "9"}).exit_code == 4);
  CHECK(store.run({"path", "nine"}).exit_code == 2);
  CHECK(store.run({"path", "0"}).exit_code == 2);
}

TEST_CASE("models verify reads, decodes and replays; the exit code says the worst") {
  const Store store;
  const ProgramResult sound = store.run({"verify"});
  CHECK(sound.exit_code == 0);
  CHECK(sound.out == "version 3 (in service): good, verified bit for bit\n");
  store.damage(2);
  CHECK(store.run({"verify"}).exit_code == 0);
  CHECK(store.run({"verify", "2"}).exit_code == 4);
  const json all = store.run_json({"verify", "--all"}, 4);
  REQUIRE(all["versions"].size() == 3);
  CHECK(all["versions"][0]["state"] == "good");
  CHECK(all["versions"][0]["test_cases"] == "verified bit for bit");
  CHECK(all["versions"][1]["state"] == "damaged");
  CHECK(contains(all["versions"][1]["problem"], "enhanced_dual_branch_model_weights"));
  CHECK(store.run({"verify", "2", "--all"}).exit_code == 2);
  CHECK(std::filesystem::exists(store.version(2)));

  CHECK(store.run_json({"verify", "--all", "--quarantine"}, 4)["versions"][1]["quarantined"] == true);
  CHECK_FALSE(std::filesystem::exists(store.version(2)));
  CHECK(store.run({"verify", "--all"}).exit_code == 0);
  const ProgramResult gone = store.run({"verify", "2"});
  CHECK(gone.exit_code == 4);
  CHECK(contains(gone.err, "was moved to quarantine"));
  write_text(store.path() / "CURRENT", "rubbish");
  CHECK(store.run({"verify", "--all"}).exit_code == 4);
}

TEST_CASE("models rollback, and the log says who and why") {
  const Store store;
  CHECK(store.run({"rollback", "--reason", "false alarms"}).out ==
        "version 2 is in service in place of version 3\n");
  store.damage(1);
  const ProgramResult none = store.run({"rollback"});
  CHECK(none.exit_code == 4);
  CHECK(contains(none.err, "no older good version"));
  CHECK(contains(none.err, "version 1") == false);
  CHECK(store.run({"rollback", "1"}).exit_code == 4);
  CHECK(store.run({"rollback", "2"}).exit_code == 2);
  const json back = store.run_json({"rollback", "3"});
  CHECK(back["from"] == 2);
  CHECK(back["to"] == 3);
  const json log = store.run_json({"log"});
  const json& event = log["events"][3];
  CHECK(event["event"] == "rolled-back");
  CHECK(event["version"] == 2);
  CHECK(event["before"] == 3);
  CHECK(event["why"] == "false alarms");
  CHECK(contains(event["who"], "@"));
  CHECK(contains(store.run({"log"}).out, "false alarms"));
}

TEST_CASE("a pinned version in service stays; the new one is kept, and the user is told") {
  const Store store;
  CHECK(store.run({"pin", "--reason", "accepted"}).out == "version 3 is now pinned\n");
  CHECK(store.run_json({"pin", "3"})["changed"] == false);
  const ProgramResult trained =
      run_program(train_arguments(store.path(), {"--epochs", "1", "--gate", "off"}));
  CHECK(trained.exit_code == 0);
  CHECK(contains(trained.out, "kept but not in service: version 3 is in service and pinned"));
  CHECK(contains(trained.err, "version 4 is kept but not in service"));
  CHECK(store.run_json({"path"})["version"] == 3);
  const json list = store.run_json({"list"});
  CHECK(list["models"][2]["pinned"] == true);
  CHECK(list["models"][3]["in_service"] == false);
  CHECK(store.run({"unpin"}).out == "version 3 is now not pinned\n");
  CHECK(store.run({"rollback", "4"}).exit_code == 0);
}

TEST_CASE("models gc says what goes before it goes") {
  const Store store;
  const json plan = store.run_json({"gc", "--keep", "1", "--dry-run"});
  CHECK(plan["dry_run"] == true);
  REQUIRE(plan["collect"].size() == 1);
  CHECK(plan["collect"][0]["version"] == 1);
  CHECK(std::filesystem::exists(store.version(1)));
  CHECK(contains(store.run({"gc", "--keep", "1", "--dry-run"}).out, "version 1 would be removed: older"));
  CHECK(contains(store.run({"gc", "--keep", "1"}).out, "version 1 removed: older than the newest 1"));
  CHECK_FALSE(std::filesystem::exists(store.version(1)));
  CHECK(store.run({"gc", "--keep", "0"}).exit_code == 2);
  CHECK(store.run({"verify", "--all"}).exit_code == 0);
}

TEST_CASE("while somebody writes, writing verbs fail at once and name the holder; reading ones work") {
  const Store store;
  const std::string lock = (store.path() / "LOCK").string();
  const int file = ::open(lock.c_str(), O_RDWR | O_CREAT, 0666);
  REQUIRE(::flock(file, LOCK_EX) == 0);
  char host[256];
  REQUIRE(::gethostname(host, sizeof host) == 0);
  const std::string holder = "process " + std::to_string(::getpid()) + " on host " + host + ", since now";
  REQUIRE(::pwrite(file, holder.data(), holder.size(), 0) > 0);
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"rollback"}, {"pin"}, {"unpin"}, {"gc"}, {"verify", "--quarantine"}}) {
    const ProgramResult result = store.run(verb);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.err, holder));
  }
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"list"},
                                               {"show"},
                                               {"path"},
                                               {"verify", "--all"},
                                               {"log"},
                                               {"gc", "--dry-run"}})
    CHECK(store.run(verb).exit_code == 0);
  ::close(file);
}

TEST_CASE("no verb creates a store where there is none") {
  const TemporaryFolder folder;
  const std::string store = (folder / "none").string();
  for (const char* verb : {"list", "show", "path", "verify", "rollback", "pin", "unpin", "gc", "log"}) {
    const ProgramResult result = run_program({"models", verb, "--store", store});
    CAPTURE(verb);
    CHECK(result.exit_code == 4);
    CHECK(result.out.empty());
  }
  CHECK_FALSE(std::filesystem::exists(store));
}

TEST_CASE("the folder of a version is not taken for a store") {
  const Store store;
  const std::string folder = store.version(1).string();
  for (const char* verb : {"list", "show", "path", "verify", "rollback", "pin", "gc", "log"}) {
    const ProgramResult result = run_program({"models", verb, "--store", folder + "/"});
    CAPTURE(verb);
    CHECK(result.exit_code == 4);
    CHECK(
        contains(result.err, "is the folder of one version, not a store; give the store's folder: --store " +
                                 store.path().string() + "\n"));
  }
  CHECK(contains(run_program({"health", "--store", folder}).out, "give the store's folder"));
}

TEST_CASE("the rule below a table's header is no longer than the page") {
  const Store store;
  ProgramOptions narrow;
  narrow.environment["COLUMNS"] = "60";
  for (const char* verb : {"list", "log"}) {
    const std::vector<std::string> arguments{"models", verb, "--store", store.path().string()};
    CHECK(lines_of(run_program(arguments, narrow).out).at(1) == std::string(60, '-'));
    CHECK(lines_of(run_program(arguments).out).at(1).size() <= 100);
  }
}

TEST_CASE("show takes a version") {
  const Store store;
  CHECK(store.run_json({"show", "1"})["plan"]["seed"] == 1);
  CHECK(store.run_json({"show"})["plan"]["seed"] == 3);
  CHECK(store.run({"show", "8"}).exit_code == 4);
}

TEST_CASE("a model that the gate refuses is kept, marked, reported with its figures, and exit code 1") {
  const Store store;
  const std::vector<std::string> strict{"--epochs", "1", "--gate-floor", "1",  "--gate", "floor",
                                        "--seed",   "4", "--test-split", "0.4"};
  const ProgramResult refused = run_program(train_arguments(store.path(), strict));
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out, "REJECTED: not in service"));
  CHECK(contains(refused.err, "balanced accuracy of the current head"));
  CHECK(store.run_json({"path"})["version"] == 3);
  const json list = store.run_json({"list"});
  CHECK(contains(list["models"][3]["rejected"], "below the floor 1.000"));
  CHECK(contains(store.run({"list"}).out, "\nversion 4 was rejected: on the test part"));
  CHECK(store.run({"rollback", "4"}).exit_code == 2);

  std::vector<std::string> forced = strict;
  forced.insert(forced.end(), {"--force-publish", "a trial", "--json"});
  const ProgramResult published = run_program(train_arguments(store.path(), forced));
  CHECK(published.exit_code == 0);
  CHECK(json::parse(published.out)["publication"]["in_service"] == true);
  CHECK(contains(store.run_json({"log"})["events"].back()["why"], "forced: a trial"));
}

TEST_CASE("predict falls back to an older good version and flags every answer") {
  const Store store;
  store.damage(3);
  const ProgramResult result =
      run_program({"predict", "--static", (small_mine() / "static.csv").string(), "--timeseries",
                   (small_mine() / "timeseries.csv").string(), "--store", store.path().string(), "--json"});
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "DEGRADED: version 2 answers"));
  const json document = json::parse(result.out);
  CHECK(document["model"]["version"] == "2");
  CHECK(document["predictions"].size() == 10);
  for (const json& prediction : document["predictions"]) {
    CHECK(prediction["status"] != "ok");
    CHECK(prediction["reasons"][0]["code"] == "model_degraded");
    CHECK(contains(prediction["reasons"][0]["message"], "enhanced_dual_branch_model_weights"));
  }
}
