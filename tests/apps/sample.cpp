#include "tests/apps/sample.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace deepmine::test {

const std::filesystem::path& small_mine() {
  static const TemporaryFolder folder;
  static const bool is_made = [] {
    const ProgramResult made =
        run_program({"simulate", "--stopes", "10", "--days", "33", "--no-sensor-faults", "--seed", "3",
                     "--out", folder.path().string()});
    if (made.exit_code != 0) throw std::runtime_error("simulate failed: " + made.err);
    return true;
  }();
  static_cast<void>(is_made);
  return folder.path();
}

std::vector<std::string> train_arguments(const std::filesystem::path& store,
                                         const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"train",
                                     "--static",
                                     (small_mine() / "static.csv").string(),
                                     "--timeseries",
                                     (small_mine() / "timeseries.csv").string(),
                                     "--store",
                                     store.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("can't open " + file.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  if (!(out << text).flush()) throw std::runtime_error("can't write " + file.string());
}

}  // namespace deepmine::test
