#include "io/checkpoint_file.h"
#include "io/stored_enumerations.h"
#include "tests/fuzz/frame_target.h"

using namespace deepmine;

namespace {

struct Format {
  using Payload = io::Checkpoint;
  static constexpr io::FrameKind kind = io::FrameKind::checkpoint;
  static constexpr std::uint32_t schema_version = io::checkpoint_schema_version;
  static constexpr auto parse = io::parse_checkpoint_file;
  static constexpr auto write = io::write_checkpoint_file;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::fuzz_frame<Format>(fuzz::as_text(data, size));
}
