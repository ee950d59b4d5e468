// Where the time of a training step goes: the kernels of a step, timed one call at a time and told apart by
// the layer whose parameters they read or whose gradients they write. The engine knows nothing of it: it is
// handed kernels that look at the clock.
#pragma once

#include <string>
#include <vector>

#include "engine/nn/kernels/kernels.h"
#include "engine/nn/parameter_layout.h"

namespace deepmine::benchmarks {

/// One kind of work of one layer, summed over all threads.
struct ProfileEntry {
  std::string layer, work;
  long calls = 0;
  double seconds = 0, operations = 0;  ///< operations: floating-point, of products only
};

/// Records what goes through its kernels. There may be one at a time; not while another thread runs a step.
class Profile {
 public:
  Profile(const nn::Kernels<float>& kernels, const nn::ParameterLayout& layout);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// The kernels to train with, before parameters and gradients are known.
  const nn::Kernels<float>& kernels() const;
  /// Where the parameters and their gradients stand: what a product reads and writes says whose it is.
  void watch(const nn::ParameterView<float>& parameters, const nn::Gradients<float>& gradients, int lanes);
  /// Forgets what was recorded so far.
  void clear();
  /// Most time first.
  std::vector<ProfileEntry> entries() const;
};

/// A table: layer, work, milliseconds and share of a step, GFLOP/s and their share of `ceiling` (GFLOP/s of
/// all threads). `seconds` is the time of all steps on the clock of the wall, `cpu_seconds` what the cores
/// worked in it; work that no kernel did is one line, entries below half a per cent another.
std::string profile_text(const std::vector<ProfileEntry>& entries, int steps, int threads, double cpu_seconds,
                         double ceiling);

}  // namespace deepmine::benchmarks
