// A small simulated mine as two tables of cells that a test may spoil, and a store with a small model that
// was trained on it, once for all tests.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "io/components_file.h"
#include "tests/apps/run_program.h"
#include "tests/io/temporary_folder.h"

namespace deepmine::test {

using Cells = std::vector<std::string>;

struct Table {
  std::vector<Cells> rows;  ///< the header first
  std::size_t column(const std::string& name) const;
  std::string text() const;
};

std::string file_text(const std::filesystem::path& path);

class SmallMine {
 public:
  static constexpr int days = 66;
  SmallMine();  ///< every call gives the same mine

  Table statics, readings;

  /// A cell of the static row of a stope.
  std::string& property(const std::string& stope, const std::string& column);
  /// Row numbers of a stope in `readings`, in the order of the file.
  std::vector<std::size_t> rows_of(const std::string& stope) const;
  /// A cell of the reading of a stope, `days_ago` readings before its last.
  std::string& reading(const std::string& stope, std::size_t days_ago, const std::string& column);
  std::vector<std::string> names() const;
};

/// A store with the model; trained at the first call.
const std::filesystem::path& trained_store();
/// A copy of that store whose components were changed.
void publish_variant(const std::filesystem::path& store, const std::function<void(io::Components&)>& change);

/// `deepmine predict` on a mine.
ProgramResult predict(const SmallMine& mine, const std::vector<std::string>& arguments,
                      const std::filesystem::path& store = trained_store());

/// The same with --json; the document is parsed (discarded if stdout is empty).
struct Predictions {
  int exit_code = -1;
  nlohmann::ordered_json document() const;
  nlohmann::ordered_json predictions() const;  ///< the list in the document
  nlohmann::ordered_json of(const std::string& stope) const;
  std::string out, err;
};
Predictions predict_json(const SmallMine& mine, std::vector<std::string> arguments = {},
                         const std::filesystem::path& store = trained_store());

/// Names of stopes that the model answers with status ok, in the order of the file.
const std::vector<std::string>& good_stopes();

}  // namespace deepmine::test
