// The power goes after any system call of any scenario, and the disk has kept any part of what was not
// synced: the store is in order, what was acknowledged is there, and the next publication works. And the
// proof that this test can fail: without any one of the syncs, it does.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/simulated_disk.h"
#include "tests/lifecycle/store_scenarios.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

std::size_t states_per_cut() {
  return std::getenv("DEEPMINE_SOAK") != nullptr    ? 20000
         : std::getenv("DEEPMINE_QUICK") != nullptr ? 40
                                                    : 200;
}

SimulatedDisk recording_of(const Scenario& scenario) {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  scenario.prepare(store);
  SimulatedDisk disk(folder.path());
  SystemCallWatch watch(
      [&](const SystemCall& call) {
        disk.record(call);
        return Verdict{};
      },
      CallSet::every);
  scenario.act(store);
  return disk;
}

/// Every text of a tree, to see each state once.
std::string text_of(const DiskTree& tree) {
  std::ostringstream text;
  for (const auto& [path, content] : tree)
    text << path.size() << ' ' << path << ' ' << (content ? static_cast<long>(content->size()) : -1L) << ' '
         << content.value_or("");
  return text.str();
}

/// Looks at states of a recording.
class PowerLoss {
 public:
  explicit PowerLoss(const Scenario& scenario) : scenario_(scenario), disk_(recording_of(scenario)) {}

  const SimulatedDisk& disk() const { return disk_; }
  std::size_t states() const { return states_; }

  /// The first bad state, in words; empty: there is none.
  std::string first_fault(std::optional<std::size_t> without_sync, std::size_t limit) {
    std::set<std::string> seen;
    std::string fault;
    // From the end: what was acknowledged is most easily lost.
    for (std::size_t cut = disk_.calls() + 1; cut-- > 0 && fault.empty();) {
      const bool acknowledged = cut == disk_.calls();
      if (acknowledged || cut + 1 == disk_.calls()) seen.clear();
      disk_.visit_states(cut, without_sync, limit, [&](const DiskTree& tree) {
        if (!seen.insert(text_of(tree)).second) return true;
        ++states_;
        fault = fault_of_state(tree, acknowledged);
        if (!fault.empty()) fault = "after call " + std::to_string(cut) + ": " + fault;
        return fault.empty();
      });
    }
    return fault;
  }

 private:
  std::string fault_of_state(const DiskTree& tree, bool acknowledged) {
    materialise(tree, folder_.path() / "disk");
    return fault_of(ModelStore(folder_.path() / "disk" / "models"), scenario_.expected, acknowledged);
  }

  const Scenario& scenario_;
  SimulatedDisk disk_;
  TemporaryFolder folder_;
  std::size_t states_ = 0;
};

}  // namespace

TEST_CASE("whenever the power goes, what was acknowledged is there and the store is in order") {
  std::size_t cuts = 0, states = 0;
  for (const Scenario& scenario : store_scenarios()) {
    PowerLoss loss(scenario);
    const std::string fault = loss.first_fault({}, states_per_cut());
    CHECK_MESSAGE(fault.empty(), scenario.name << " " << fault);
    cuts += loss.disk().calls() + 1;
    states += loss.states();
  }
  CHECK(states > 10 * cuts / 2);
  MESSAGE(cuts << " cuts, " << states << " different states of the disk");
}

/// Moving several versions to quarantine syncs versions/ for each: every one of them is acknowledged by
/// itself (the scenario "quarantine" needs the sync). Where collecting follows, its sync would do.
bool is_needed_elsewhere(const Scenario& scenario, const std::vector<std::string>& syncs, std::size_t sync) {
  const auto later = syncs.begin() + static_cast<std::ptrdiff_t>(sync) + 1;
  return scenario.name == "clean-up" && syncs[sync] == "models/versions" &&
         std::find(later, syncs.end(), "models/versions") != syncs.end();
}

TEST_CASE("without any one of the syncs, some loss of power leaves a bad state") {
  std::size_t syncs = 0, states = 0;
  for (const Scenario& scenario : store_scenarios()) {
    PowerLoss loss(scenario);
    for (std::size_t sync = 0; sync < loss.disk().syncs().size(); ++sync) {
      if (is_needed_elsewhere(scenario, loss.disk().syncs(), sync)) continue;
      const std::string fault = loss.first_fault(sync, states_per_cut());
      CHECK_MESSAGE(!fault.empty(), scenario.name << ": nothing is lost without sync " << sync << " of "
                                                  << loss.disk().syncs()[sync]);
      ++syncs;
    }
    states += loss.states();
  }
  MESSAGE(syncs << " syncs left out one by one, " << states << " states of the disk");
}
