#include "engine/nn/random.h"

#include <cmath>
#include <numbers>

namespace deepmine {
namespace {

struct Product {
  std::uint32_t high, low;
};

Product multiply(std::uint32_t a, std::uint32_t b) noexcept {
  const std::uint64_t product = static_cast<std::uint64_t>(a) * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

}  // namespace

std::array<std::uint32_t, 4> philox(RandomKey key, std::uint64_t counter_low,
                                    std::uint64_t counter_high) noexcept {
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  std::array<std::uint32_t, 4> x{
      static_cast<std::uint32_t>(counter_low), static_cast<std::uint32_t>(counter_low >> 32),
      static_cast<std::uint32_t>(counter_high), static_cast<std::uint32_t>(counter_high >> 32)};
  for (int round = 0; round < 10; ++round) {
    const Product p0 = multiply(0xD2511F53u, x[0]), p1 = multiply(0xCD9E8D57u, x[2]);
    x = {p1.high ^ x[1] ^ k0, p1.low, p0.high ^ x[3] ^ k1, p0.low};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return x;
}

RandomKey derive_key(RandomKey key, std::uint64_t purpose) noexcept {
  const auto words = philox(key, purpose, 0x6b65795f64657269ull);  // a counter plane that no stream uses
  return static_cast<std::uint64_t>(words[1]) << 32 | words[0];
}

RandomKey derive_key(RandomKey key, std::string_view purpose) noexcept {
  std::uint64_t hash = 1469598103934665603ull;  // FNV-1a
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return derive_key(key, hash);
}

std::uint32_t RandomStream::next_word() noexcept {
  if (words_left_ == 0) {
    words_ = philox(key_, counter_++);
    words_left_ = 4;
  }
  return words_[static_cast<std::size_t>(4 - words_left_--)];
}

double RandomStream::uniform() noexcept {
  const std::uint64_t high = next_word() >> 5, low = next_word() >> 6;  // 27 + 26 bits
  return static_cast<double>(high << 26 | low) * 0x1p-53;
}

double RandomStream::normal() noexcept {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

std::uint64_t RandomStream::below(std::uint64_t bound) noexcept {
  const std::uint64_t reject_from = ~std::uint64_t{0} - (~std::uint64_t{0} % bound + 1) % bound;
  while (true) {
    const std::uint64_t high = next_word();
    const std::uint64_t value = high << 32 | next_word();
    if (value <= reject_from) return value % bound;
  }
}

}  // namespace deepmine
