#include "tests/repository/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace deepmine::repository {

namespace fs = std::filesystem;

namespace {

constexpr std::array layers = {"engine/nn", "engine/train", "engine/stope", "io",        "lifecycle",
                               "library",   "apps",         "tests",        "benchmarks"};

// Written in two parts: this file is read by the test as well.
const std::array forbidden_words = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                    std::string("XX") + "X", std::string("HA") + "CK"};
const std::array forbidden_flags = {std::string("-ffast") + "-math", std::string("-O") + "fast",
                                    std::string("-funsafe-math") + "-optimizations",
                                    std::string("-ffinite-math") + "-only",
                                    std::string("-fassociative") + "-math"};

constexpr int longest_file = 350;

bool starts_with_folder(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

bool is_source(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".h") || path.ends_with(".hpp") || path.ends_with(".inc");
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string problem(const std::string& path, int line, const std::string& message) {
  return path + ":" + std::to_string(line) + ": " + message;
}

template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  int number = 1;
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(number++, text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

void find_words(const std::string& path, std::string_view text, const std::string& word, bool whole,
                std::vector<std::string>& problems) {
  for_each_line(text, [&](int number, std::string_view line) {
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
      const auto end = at + word.size();
      const bool stands_alone = (at == 0 || !is_word_character(line[at - 1])) &&
                                (end == line.size() || !is_word_character(line[end]));
      if (whole && !stands_alone) continue;
      problems.push_back(problem(path, number, "'" + word + "' must not stand in the repository"));
      return;
    }
  });
}

std::string find_eigen(const fs::path& root, std::string_view text, std::set<std::string>& seen) {
  for (const Include& include : read_includes(text)) {
    if (include.path.starts_with("Eigen/") || include.path.starts_with("unsupported/Eigen/"))
      return include.path;
    if (!include.quoted || !seen.insert(include.path).second) continue;
    const fs::path file = root / include.path;
    if (!fs::is_regular_file(file)) continue;
    if (std::string found = find_eigen(root, read_text(file), seen); !found.empty())
      return found + " (through " + include.path + ")";
  }
  return {};
}

}  // namespace

std::vector<Include> read_includes(std::string_view text) {
  std::vector<Include> includes;
  for_each_line(text, [&](int number, std::string_view line) {
    line = trimmed(line);
    if (!line.starts_with('#')) return;
    line = trimmed(line.substr(1));
    if (!line.starts_with("include")) return;
    line = trimmed(line.substr(7));
    if (line.empty() || (line.front() != '"' && line.front() != '<')) return;
    const bool quoted = line.front() == '"';
    const auto end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) return;
    includes.push_back({std::string(line.substr(1, end - 1)), quoted, number});
  });
  return includes;
}

std::string layer_of(std::string_view path) {
  for (const char* layer : layers)
    if (starts_with_folder(path, layer)) return layer;
  return {};
}

bool may_include(std::string_view layer, std::string_view included_layer) {
  if (layer == included_layer || layer == "tests" || layer == "benchmarks") return true;
  const auto height = [](std::string_view name) {
    if (name == "engine/nn") return 0;
    if (name == "engine/train" || name == "engine/stope") return 1;
    if (name == "io") return 2;
    if (name == "lifecycle") return 3;
    if (name == "library" || name == "apps") return 4;
    return 5;  // tests and benchmarks: nobody below may see them
  };
  return height(included_layer) < height(layer);
}

std::vector<std::string> include_problems(const std::string& path, std::string_view text) {
  std::vector<std::string> problems;
  const std::string layer = layer_of(path);
  for (const Include& include : read_includes(text)) {
    const std::string included_layer = layer_of(include.path);
    if (included_layer.empty()) {
      // The installed C++ header stands beside the C header wherever it is installed.
      const bool installed_pair = path.ends_with("/deepmine.hpp") && include.path == "deepmine.h";
      if (include.quoted && !installed_pair)
        problems.push_back(problem(
            path, include.line, "\"" + include.path + "\" is not written from the root of the repository"));
      continue;
    }
    if (!include.quoted)
      problems.push_back(
          problem(path, include.line, "<" + include.path + "> is a project file: include it in quotes"));
    if (!may_include(layer, included_layer))
      problems.push_back(problem(path, include.line,
                                 layer + " must not include " + included_layer + " (" + include.path + ")"));
  }
  return problems;
}

std::vector<std::string> word_problems(const std::string& path, std::string_view text) {
  std::vector<std::string> problems;
  for (const std::string& word : forbidden_words) find_words(path, text, word, true, problems);
  return problems;
}

std::vector<std::string> flag_problems(const std::string& path, std::string_view text) {
  std::vector<std::string> problems;
  if (path.ends_with(".md")) return problems;  // a document may say why a flag is not used
  for (const std::string& flag : forbidden_flags) find_words(path, text, flag, false, problems);
  return problems;
}

std::vector<std::string> length_problems(const std::string& path, std::string_view text) {
  const std::string layer = layer_of(path);
  if (path == "library/deepmine.h") return {};  // one header for its users, most of it documentation
  if (layer.empty() || layer == "tests" || layer == "benchmarks" || !is_source(path)) return {};
  const auto lines = std::count(text.begin(), text.end(), '\n');
  if (lines <= longest_file) return {};
  return {problem(path, longest_file + 1,
                  "the file has " + std::to_string(lines) + " lines; more than " +
                      std::to_string(longest_file) + " is more than one job")};
}

std::string find_eigen(const fs::path& root, std::string_view text) {
  std::set<std::string> seen;
  return find_eigen(root, text, seen);
}

std::vector<std::string> instruction_set_flags(std::string_view command) {
  std::vector<std::string> flags;
  std::istringstream arguments{std::string(command)};
  for (std::string argument; arguments >> argument;) {
    const bool selects = argument.starts_with("-march=") || argument.starts_with("-mavx") ||
                         argument.starts_with("-mfma") || argument.starts_with("-msse4") ||
                         argument.starts_with("-mf16c") || argument.starts_with("-mamx") ||
                         argument.starts_with("-mcpu=") || argument.starts_with("-mbmi");
    if (selects) flags.push_back(std::move(argument));
  }
  return flags;
}

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + file.string());
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw std::runtime_error("cannot read " + file.string());
  return text;
}

bool looks_binary(std::string_view text) {
  return text.substr(0, 8192).find('\0') != std::string_view::npos;
}

std::vector<std::string> source_files(const fs::path& root) {
  std::set<std::string> top_folders;
  for (std::string layer : layers) top_folders.insert(layer.substr(0, layer.find('/')));
  std::vector<std::string> files;
  for (const std::string& folder : top_folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (entry.is_regular_file() && is_source(path)) files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> tracked_files(const fs::path& root) {
  std::vector<std::string> files;
  const std::string command = "git -C '" + root.string() + "' ls-files -z 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe) {
    std::string name;
    for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
      if (c != '\0') {
        name.push_back(static_cast<char>(c));
      } else {
        if (fs::is_regular_file(root / name)) files.push_back(name);
        name.clear();
      }
    }
  }
  if (!files.empty()) return files;

  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator();
       ++entry) {
    const std::string name = entry->path().filename().string();
    const bool is_top = entry.depth() == 0;
    if (entry->is_directory() && (name.starts_with('.') || (is_top && name.starts_with("build"))))
      entry.disable_recursion_pending();
    else if (entry->is_regular_file())
      files.push_back(entry->path().lexically_relative(root).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string join(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& line : problems) text += "\n  " + line;
  return text;
}

}  // namespace deepmine::repository
