#include "io/metadata_file.h"
#include "io/stored_enumerations.h"
#include "tests/fuzz/frame_target.h"

using namespace deepmine;

namespace {

struct Format {
  using Payload = io::ModelMetadata;
  static constexpr io::FrameKind kind = io::FrameKind::metadata;
  static constexpr std::uint32_t schema_version = io::metadata_schema_version;
  static constexpr auto parse = io::parse_metadata_file;
  static constexpr auto write = io::write_metadata_file;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::fuzz_frame<Format>(fuzz::as_text(data, size));
}
