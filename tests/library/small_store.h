// A store with a small trained model, and the cases of a simulated mine, for tests that see the library only
// as its users do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "library/deepmine.hpp"

namespace deepmine::test {

/// A store in a folder of its own; version 1 is in service. Models are trained at the first call.
class SmallStore {
 public:
  SmallStore();
  ~SmallStore();

  std::string path() const;
  /// Puts model 0 or 1 into service as the next version.
  void publish(int number);
  /// Makes the version in service another file than was written.
  void damage_current();

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

/// Twelve stopes; most get an answer of the network.
std::vector<dm::Case> simulated_cases();
/// The clock of all tests.
dm::Request fixed_request();

/// What lifecycle::predict() says about the cases, as the document of `predict --json`: model 0 or 1. Of the
/// request count draws, seed, coverage and attributions.
std::string expected_json(int number, const dm::Request& asked = {});

/// The whole of stdout and stderr while `work` runs.
std::string printed_while(const std::function<void()>& work);

}  // namespace deepmine::test
