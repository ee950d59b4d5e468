// What stream_benchmark asks: the stopes of a simulated mine as lines of JSON, a store with a model for them,
// and what each line has to be answered with.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/temporary_folder.h"

namespace deepmine::benchmarks {

/// A store and cases in a folder that goes away with the object. Not thread-safe.
class StreamCases {
 public:
  /// `count` lines of `days` readings each, all of them answered by the network. Trains a model for one
  /// epoch, of the full network or of the default one: some seconds.
  StreamCases(std::size_t count, int days, bool full_network);

  std::filesystem::path store() const { return folder_ / "models"; }
  /// Each ends with a line feed.
  const std::vector<std::string>& lines() const { return lines_; }
  /// Of one line, in the mean.
  std::size_t bytes_a_line() const;
  /// Throws Error{failure} unless `answer` is, but for the time of the prediction, what the service of this
  /// program says about that line.
  void check(std::size_t line, std::string_view answer) const;

 private:
  void make(std::size_t count, int days, bool full_network);

  TemporaryFolder folder_{"stream_benchmark"};
  std::vector<std::string> lines_, expected_;
};

}  // namespace deepmine::benchmarks
