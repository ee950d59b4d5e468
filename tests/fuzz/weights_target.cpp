#include "io/stored_enumerations.h"
#include "io/weights_file.h"
#include "tests/fuzz/frame_target.h"

using namespace deepmine;

namespace {

struct Format {
  using Payload = std::vector<io::NamedTensor>;
  static constexpr io::FrameKind kind = io::FrameKind::weights;
  static constexpr std::uint32_t schema_version = io::weights_schema_version;
  static constexpr auto parse = io::parse_weights_file;
  static constexpr auto write = io::write_weights_file;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::fuzz_frame<Format>(fuzz::as_text(data, size));
}
