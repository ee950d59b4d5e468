#pragma once
// The rules that the repository keeps about itself, as functions of a path and a text, so that they can be
// tested on small examples; and the few lines that read the repository. Paths are relative to the source
// root, with '/' between folders.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::repository {

// An #include line: "path" or <path>.
struct Include {
  std::string path;
  bool quoted = true;
  int line = 0;
};
std::vector<Include> read_includes(std::string_view text);

// The layer that a path belongs to: "engine/nn", "engine/train", "engine/stope", "io", "lifecycle", "apps",
// "tests" or "benchmarks"; empty for everything else.
std::string layer_of(std::string_view path);

// May a file of one layer include a file of the other?
//     engine/nn <- engine/train, engine/stope <- io <- lifecycle <- apps
bool may_include(std::string_view layer, std::string_view included_layer);

// Each problem reads "path:line: what is wrong".
std::vector<std::string> include_problems(const std::string& path, std::string_view text);
std::vector<std::string> word_problems(const std::string& path, std::string_view text);
std::vector<std::string> flag_problems(const std::string& path, std::string_view text);
std::vector<std::string> length_problems(const std::string& path, std::string_view text);

// The first "Eigen/..." header that a text, or a project file it includes, directly or not, includes; empty
// if none.
std::string find_eigen(const std::filesystem::path& root, std::string_view text);

// Compiler arguments that let a compiler use instructions which not every CPU has.
std::vector<std::string> instruction_set_flags(std::string_view command);

// Reads a whole file; throws std::runtime_error if it cannot.
std::string read_text(const std::filesystem::path& file);
bool looks_binary(std::string_view text);

// All source files of the layers on disk, and all files that git tracks (or, without git, all files outside
// hidden and build folders).
std::vector<std::string> source_files(const std::filesystem::path& root);
std::vector<std::string> tracked_files(const std::filesystem::path& root);

// One problem a line, for a test's message.
std::string join(const std::vector<std::string>& problems);

}  // namespace deepmine::repository
