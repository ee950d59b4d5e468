// Calls a fuzz target, in builds without a fuzzer, with every file of its corpus and then with hostile inputs
// of at most 1 KiB that are made from them: cut short, with large numbers at every place, with one byte over
// and over, and at random. Each of these must be dealt with in 10 ms of processor time, and all of them in 16
// MiB more memory than the process had before them, which the system enforces.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "engine/nn/random.h"
#include "tests/fuzz/target.h"

namespace fs = std::filesystem;

namespace {

constexpr std::size_t largest_hostile = 1024;
constexpr double longest_milliseconds = 10;
constexpr rlim_t most_memory = rlim_t{16} << 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer = true;  // its own memory and time are not what is measured
#else
constexpr bool has_sanitizer = false;
#endif

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

double processor_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

struct Measured {
  std::size_t inputs = 0;
  double slowest = 0;
  std::string slowest_input;

  void operator()(const std::string& input) {
    const double before = processor_milliseconds();
    run(input);
    const double took = processor_milliseconds() - before;
    ++inputs;
    if (took <= slowest) return;
    slowest = took;
    slowest_input = input;
  }
};

/// Bytes of address space, now or at most so far (`VmSize`, `VmPeak`).
rlim_t address_space(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":"))
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
  deepmine::fuzz::require(false, "the system says how much memory there is in use");
  return 0;
}

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  deepmine::fuzz::require(stream.good() || stream.eof(), "a file of the corpus can be read");
  return bytes;
}

/// `number` in place of eight bytes.
std::string with_number(std::string bytes, std::size_t at, std::uint64_t number) {
  for (std::size_t i = 0; i < 8 && at + i < bytes.size(); ++i)
    bytes[at + i] = static_cast<char>((number >> (8 * i)) & 0xff);
  return bytes;
}

void spoil(const std::string& file, std::size_t step, Measured& measured) {
  const std::string bytes = file.substr(0, largest_hostile);
  constexpr std::array numbers{~std::uint64_t{0},       std::uint64_t{1} << 63, std::uint64_t{1} << 40,
                               std::uint64_t{1} << 32,  std::uint64_t{1} << 20, std::uint64_t{1000},
                               std::uint64_t{0x2c2c2c}, std::uint64_t{0}};
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    measured(bytes.substr(0, at));
    for (const std::uint64_t number : numbers) measured(with_number(bytes, at, number));
  }
}

void repeat(Measured& measured) {
  for (int byte = 0; byte < 256; ++byte) measured(std::string(largest_hostile, static_cast<char>(byte)));
  for (const std::string pattern : {"{\"a\":", "[[1],", "\"\",", "a,\r\n", "\xef\xbb\xbf", "\xf0\x9f\x92\xa9",
                                    "-999,", "1e999,", "[a]\n", "a=[", "\\u0000", "\"\"\""}) {
    std::string bytes;
    while (bytes.size() + pattern.size() <= largest_hostile) bytes += pattern;
    measured(bytes);
  }
}

void guess(std::size_t count, Measured& measured) {
  deepmine::RandomStream random(7);
  for (std::size_t i = 0; i < count; ++i) {
    std::string bytes(1 + random.below(largest_hostile), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    measured(bytes);
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::vector<fs::path> files;
  for (int i = 1; i < argument_count; ++i)
    for (const auto& entry : fs::directory_iterator(arguments[i])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  deepmine::fuzz::require(!files.empty(), "there is a corpus");
  std::vector<std::string> corpus;
  for (const fs::path& file : files) corpus.push_back(read(file));
  for (const std::string& input : corpus) run(input);
  std::printf("%zu inputs of the corpus: every promise kept\n", corpus.size());

  const rlim_t before = address_space("VmSize");
  if (!has_sanitizer) {
    const rlimit limit{before + most_memory, before + most_memory};
    deepmine::fuzz::require(::setrlimit(RLIMIT_AS, &limit) == 0, "the memory can be limited");
  }
  Measured measured;
  // So that every corpus takes about as long.
  const std::size_t step = 1 + corpus.size() / (has_sanitizer ? 2 : 16);
  for (const std::string& input : corpus) spoil(input, step, measured);
  repeat(measured);
  guess(has_sanitizer ? 200 : 2000, measured);
  const rlim_t peak = address_space("VmPeak");
  std::printf("%zu hostile inputs: slowest %.2f ms, %.1f MiB more memory at most\n", measured.inputs,
              measured.slowest, static_cast<double>(peak > before ? peak - before : 0) / (1 << 20));
  if (has_sanitizer || measured.slowest <= longest_milliseconds) return 0;
  // Something else may have been at work: it counts if it is so every time.
  double fastest = measured.slowest;
  for (int i = 0; i < 5; ++i) {
    Measured again;
    again(measured.slowest_input);
    fastest = std::min(fastest, again.slowest);
  }
  deepmine::fuzz::require(fastest <= longest_milliseconds, "a hostile input takes 10 ms at most");
}
