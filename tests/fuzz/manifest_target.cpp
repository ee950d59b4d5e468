// The texts of a store that say what is there: MANIFEST, CURRENT and STORE.
#include "io/sha256.h"
#include "lifecycle/store_format.h"
#include "tests/fuzz/target.h"

using namespace deepmine;
using namespace deepmine::lifecycle;

namespace {

std::string digest_of(std::string_view text) {
  return io::to_hexadecimal(io::sha256(text));
}

bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

void read_manifest(std::string_view text) {
  Manifest manifest;
  if (!fuzz::accepts([&] { manifest = parse_manifest(text, "fuzz"); })) return;
  fuzz::require(format_manifest(manifest) == text, "a manifest has one form only");
  for (const ManifestEntry& entry : manifest)
    fuzz::require(is_plain(entry.name), "a manifest names files of its own folder only");
}

void read_current(std::string_view text) {
  CurrentRecord record;
  if (fuzz::accepts([&] { record = parse_current(text, "fuzz"); }))
    fuzz::require(format_current(record) == text, "CURRENT has one form only");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  read_manifest(text);
  // As its writer would end it.
  read_manifest(std::string(text) + "sha256 " + digest_of(text) + "\n");
  read_current(text);
  read_current(std::string(text) + " " + digest_of(text).substr(0, 16) + "\n");
  if (fuzz::accepts([&] { check_store_text(text, "fuzz"); }))
    fuzz::require(text == store_text(), "STORE has one form only");
  if (const auto sequence = parse_version_folder_name(text))
    fuzz::require(version_folder_name(*sequence) == text, "a version's folder has one name only");
  return 0;
}
