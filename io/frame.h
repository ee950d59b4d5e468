// The frame around every binary file of a model: what it is, how long, of which run, and a hash over all of
// it, so that bytes are checked before they are parsed. Layout in docs/file_format.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/nn/error.h"

namespace deepmine::io {

/// What a frame holds. The numbers stand on disk.
enum class FrameKind : std::uint32_t { weights = 1, components = 2, metadata = 3, checkpoint = 4 };
std::string_view frame_kind_name(FrameKind kind);

/// What a reader throws (as Error{model_damaged}) for a file of a later format: it is not damaged, another
/// program can read it.
class NewerFormatError : public Error {
 public:
  explicit NewerFormatError(const std::string& message) : Error(ErrorCode::model_damaged, message) {}
};

/// Says which training run a file comes from: the files of one saved model carry the same.
using RunId = std::array<std::uint8_t, 16>;

inline constexpr std::uint32_t newest_frame_version = 1;
inline constexpr std::size_t frame_header_size = 64, frame_hash_size = 32;

/// The bytes of a file: header, payload, SHA-256 of both.
std::string make_frame(FrameKind kind, std::uint32_t schema_version, const RunId& run_id,
                       std::string_view payload);

struct Frame {
  std::uint32_t schema_version = 0;  ///< of the payload
  RunId run_id{};
  std::string_view payload;  ///< points into the bytes that were parsed
};

/// Checks everything about a frame but its payload's meaning: magic, frame version, exact length, hash, kind,
/// flags, schema version 1 to `newest_schema_version`. Throws Error{model_damaged} that names `source`.
Frame parse_frame(std::string_view bytes, FrameKind kind, std::uint32_t newest_schema_version,
                  const std::string& source);

/// Reads a regular file, capped at the largest size of the kind. Throws Error{model_missing} where it is not
/// there, Error{model_damaged} where it can't be read.
std::string read_frame_file(const std::filesystem::path& path, FrameKind kind);

}  // namespace deepmine::io
