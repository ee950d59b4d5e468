// Random numbers without state: a value is a function of (key, counter), so the order in which threads ask
// for them changes nothing. The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011), which passes BigCrush.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace deepmine {

using RandomKey = std::uint64_t;

/// Philox4x32-10: four independent 32-bit words for one 128-bit counter under a 64-bit key.
std::array<std::uint32_t, 4> philox(RandomKey key, std::uint64_t counter_low,
                                    std::uint64_t counter_high = 0) noexcept;

/// A key for a purpose: equal inputs give equal keys, different inputs give unrelated ones.
RandomKey derive_key(RandomKey key, std::uint64_t purpose) noexcept;
RandomKey derive_key(RandomKey key, std::string_view purpose) noexcept;

/// A sequence of random numbers under one key: for initialisers, shuffles and the simulator.
/// Not thread-safe; every user makes its own from a derived key.
class RandomStream {
 public:
  explicit RandomStream(RandomKey key) noexcept : key_(key) {}

  std::uint32_t next_word() noexcept;
  /// Uniform in [0, 1), 53 random bits.
  double uniform() noexcept;
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
  /// Standard normal (Box and Muller).
  double normal() noexcept;
  /// Uniform whole number in [0, bound), without bias. `bound` > 0.
  std::uint64_t below(std::uint64_t bound) noexcept;

  /// Fisher and Yates; the order depends on the key alone, not on the standard library.
  template <class Value>
  void shuffle(std::vector<Value>& values) noexcept {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  RandomKey key_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> words_{};
  int words_left_ = 0;
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace deepmine
