// Every system call of every scenario that changes something on disk, times every way in which it can go
// wrong: afterwards the store is in order and the next publication works.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "engine/nn/error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/store_scenarios.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

/// What happens to the n-th call, and to those after it.
struct FaultMode {
  const char* name;
  int error_number;  ///< 0: none
  bool for_ever;
  enum class Exit { no, before, after } exit;
  std::size_t write_limit;
};
using Exit = FaultMode::Exit;
constexpr FaultMode fault_modes[] = {
    {"exit before", 0, false, Exit::before, 0},     {"exit after", 0, false, Exit::after, 0},
    {"no space, once", ENOSPC, false, Exit::no, 0}, {"no space, for ever", ENOSPC, true, Exit::no, 0},
    {"I/O error, once", EIO, false, Exit::no, 0},   {"I/O error, for ever", EIO, true, Exit::no, 0},
    {"short write", 0, false, Exit::no, 3},         {"short write, then no space", ENOSPC, true, Exit::no, 3},
};

Verdict verdict_on(const FaultMode& mode, const SystemCall& call, std::size_t failing) {
  const bool is_write = call.name == "write" || call.name == "pwrite";
  if (call.number == failing) {
    if (mode.exit == Exit::before) ::_exit(exit_of_faults);
    if (mode.exit == Exit::after) return {.error_number = 0, .write_limit = 0, .exit_after = true};
    if (mode.write_limit != 0 && is_write) return {.error_number = 0, .write_limit = mode.write_limit};
    return {.error_number = mode.error_number};
  }
  return {.error_number = call.number > failing && mode.for_ever ? mode.error_number : 0};
}

enum class Outcome { acknowledged, refused, ended };

/// The exit code of a process that did it: 0 acknowledged, 1 refused, 2 an error of another kind, 3 there was
/// no such call.
int act(const Scenario& scenario, const ModelStore& store, const FaultMode& mode, std::size_t failing) {
  int status = 0;
  const SystemCallWatch watch([&](const SystemCall& call) { return verdict_on(mode, call, failing); },
                              CallSet::every);
  try {
    scenario.act(store);
  } catch (const Error&) {
    status = 1;
  } catch (...) {
    status = 2;
  }
  return status != 0 ? status : watch.calls() < failing ? 3 : 0;
}

/// In a process of its own where it is to be ended. `calls` is how many calls were judged, if it went to its
/// end.
Outcome act_with_fault(const Scenario& scenario, const ModelStore& store, const FaultMode& mode,
                       std::size_t failing, std::size_t& calls) {
  int code = 0;
  if (mode.exit == Exit::no) {
    code = act(scenario, store, mode, failing);
  } else {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(act(scenario, store, mode, failing));
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    code = WEXITSTATUS(status);
  }
  CHECK(code != 2);
  if (code == 3) calls = failing - 1;
  return code == exit_of_faults ? Outcome::ended : code == 1 ? Outcome::refused : Outcome::acknowledged;
}

}  // namespace

TEST_CASE("whatever goes wrong with any system call, the store is in order and the next publication works") {
  std::size_t runs = 0, ended = 0, refused = 0, acknowledged = 0;
  for (const Scenario& scenario : store_scenarios())
    for (const FaultMode& mode : fault_modes) {
      std::size_t calls = 0;
      for (std::size_t failing = 1; calls == 0; ++failing) {
        REQUIRE(failing < 200);
        TemporaryFolder folder;
        const ModelStore store(folder / "models");
        scenario.prepare(store);
        const Outcome outcome = act_with_fault(scenario, store, mode, failing, calls);
        ++(outcome == Outcome::ended ? ended : outcome == Outcome::refused ? refused : acknowledged);
        ++runs;
        const std::string fault = fault_of(store, scenario.expected, outcome == Outcome::acknowledged);
        CHECK_MESSAGE(fault.empty(),
                      scenario.name << ", " << mode.name << " at call " << failing << ": " << fault);
      }
      CHECK_MESSAGE(calls >= 5, scenario.name);
    }
  CHECK(ended > 400);
  CHECK(refused > 400);
  MESSAGE(runs << " runs: " << ended << " ended, " << refused << " refused, " << acknowledged
               << " acknowledged");
}
