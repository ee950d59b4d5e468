// Trainings killed (SIGKILL) at random moments and resumed until they are finished: every model is that of an
// undisturbed training, bit for bit. DEEPMINE_KILLS: how many kills (default 20). DEEPMINE_TINY_TRAINER comes
// from the build.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>

#include "engine/nn/random.h"
#include "lifecycle/checkpoint.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/published_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

constexpr int killed = -1;

/// Runs the trainer; after `microseconds` (negative: never) it is killed. Its exit code, or `killed`.
int run_trainer(const std::filesystem::path& store, int threads, bool resume, int microseconds) {
  const pid_t process = ::fork();
  if (process == 0) {
    ::execl(DEEPMINE_TINY_TRAINER, DEEPMINE_TINY_TRAINER, store.c_str(), std::to_string(threads).c_str(),
            resume ? "resume" : nullptr, nullptr);
    ::_exit(127);
  }
  REQUIRE(process > 0);
  if (microseconds >= 0) {
    ::usleep(static_cast<useconds_t>(microseconds));
    ::kill(process, SIGKILL);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : killed;
}

int kills_wanted() {
  const char* text = std::getenv("DEEPMINE_KILLS");
  return text == nullptr ? 20 : std::atoi(text);
}

/// What a kill found: how far the run had come.
std::string state_of(const std::filesystem::path& store) {
  const auto runs = checkpointed_runs(store);
  const bool published = ModelStore(store).current().has_value();
  if (runs.empty()) return published ? "after clearing up" : "before the first checkpoint";
  return published ? "between publishing and clearing up" : "while training or publishing";
}

}  // namespace

TEST_CASE("killed at random moments and resumed: no model differs from that of an undisturbed training") {
  const TemporaryFolder folder;
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(run_trainer(folder / "whole", 1, false, -1) == 0);
  const auto microseconds = static_cast<int>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin)
          .count());

  RandomStream random(static_cast<RandomKey>(
      std::chrono::system_clock::now().time_since_epoch().count()));  // other moments every time
  const int wanted = kills_wanted();
  REQUIRE(wanted > 0);
  std::map<std::string, int> found;
  int kills = 0, models = 0;
  const std::filesystem::path store = folder / "killed";
  while (kills < wanted) {
    std::filesystem::remove_all(store);
    for (bool finished = false; !finished;) {
      const bool can_resume = !checkpointed_runs(store).empty();
      const int threads = 1 + static_cast<int>(random.below(3));
      const int patience =
          kills < wanted ? static_cast<int>(random.below(static_cast<std::uint64_t>(microseconds))) : -1;
      const int code = run_trainer(store, threads, can_resume, patience);
      REQUIRE((code == 0 || code == killed));
      if (code == killed) {
        ++kills;
        ++found[state_of(store)];
      }
      finished = checkpointed_runs(store).empty() && ModelStore(store).current().has_value();
    }
    ++models;
    check_same_model(store, folder / "whole");
  }
  CHECK(found["while training or publishing"] > kills / 10);
  std::string text;
  for (const auto& [state, count] : found) text += "; " + std::to_string(count) + " " + state;
  MESSAGE(kills << " kills, " << models << " models, all the same" << text);
}
