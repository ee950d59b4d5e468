// SHA-256 (FIPS 180-4) by libcrypto.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace deepmine::io {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// A hash that is fed piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  /// The digest of all that was fed; call once.
  Sha256Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Sha256Digest sha256(std::string_view bytes);

/// Two lower-case hexadecimal digits a byte, as sha256sum prints them.
std::string to_hexadecimal(std::span<const std::uint8_t> bytes);

}  // namespace deepmine::io
