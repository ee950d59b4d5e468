// A folder for what a benchmark makes, gone when the benchmark is.
#pragma once

#include <filesystem>
#include <string>

namespace deepmine::benchmarks {

class TemporaryFolder {
 public:
  /// `name` stands in its name. Throws Error{failure} if it can't be made.
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& file) const { return path_ / file; }

 private:
  std::filesystem::path path_;
};

}  // namespace deepmine::benchmarks
