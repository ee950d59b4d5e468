// Runs a benchmark program as somebody at a shell does.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/texts.h"

namespace deepmine::test {

struct Outcome {
  int exit_code = -1;
  std::string output;
  std::vector<nlohmann::json> lines() const {
    std::vector<nlohmann::json> parsed;
    for (const std::string& line : lines_of(output)) parsed.push_back(nlohmann::json::parse(line));
    return parsed;
  }
};

/// A command of the shell; standard output only.
inline Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    outcome.output.append(buffer, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

}  // namespace deepmine::test
