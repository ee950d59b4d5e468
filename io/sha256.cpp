#include "io/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "engine/nn/error.h"

namespace deepmine::io {

struct Sha256::Context {
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(state); }
};

namespace {
void require(bool succeeded) {
  if (!succeeded) throw Error(ErrorCode::failure, "libcrypto can't compute SHA-256");
}
}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  // Without the configuration file of the system, which takes longer to read than most of what is hashed.
  require(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1);
  require(context_->state != nullptr && EVP_DigestInit_ex(context_->state, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  require(EVP_DigestFinal_ex(context_->state, digest.data(), nullptr) == 1);
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string to_hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace deepmine::io
