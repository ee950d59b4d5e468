// Everything that a writer does to a store, as short scenarios: a store is prepared, one thing is done to it,
// and whatever then stopped it half way (a kill, a full disk, a loss of power), the store must be in order.
// Used by the tests of faults, kills and power loss.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lifecycle/store_writer.h"

namespace deepmine::test {

/// What a store must look like. Marks are those of marked_model.h; "" is "none in service".
struct Expectation {
  std::string before, after;                        ///< in service before and, once acknowledged, after
  std::map<lifecycle::Sequence, std::string> kept;  ///< acknowledged versions: whole, whatever happened
  std::set<lifecycle::Sequence> may_go;             ///< whole, or not in versions/ at all
  std::set<lifecycle::Sequence> damaged;            ///< damaged from the beginning: in versions/ or not
  /// Once acknowledged.
  std::map<lifecycle::Sequence, std::string> kept_after;
  std::set<lifecycle::Sequence> gone_after;
  std::set<lifecycle::Sequence> rejected_after;  ///< and never without the mark if they are there at all
  std::set<lifecycle::Sequence> pinned, pinned_after;
  std::set<lifecycle::Sequence> quarantined_after;
  std::set<lifecycle::Sequence> beside_after;  ///< kept beside a pinned one
};

struct Scenario {
  std::string name;
  void (*prepare)(const lifecycle::ModelStore&);
  void (*act)(const lifecycle::ModelStore&);
  Expectation expected;
};
const std::vector<Scenario>& store_scenarios();

/// What is wrong with the store, or nothing. `acknowledged`: the act returned. Changes the store: the last
/// check is that the next publication works.
std::string fault_of(const lifecycle::ModelStore& store, const Expectation& expected, bool acknowledged);

}  // namespace deepmine::test
