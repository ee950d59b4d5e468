#include "io/frame.h"

#include <algorithm>
#include <cstring>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/sha256.h"

namespace deepmine::io {

namespace {

// As PNG's: a byte with its high bit set (lost by 7-bit transfers), CR LF and LF (changed by text-mode
// transfers), ^Z (stops a listing).
constexpr std::string_view magic{
    "\x89"
    "DMS\r\n\x1a\n",
    8};

// Where each field of the header begins.
constexpr std::size_t frame_version_at = 8, kind_at = 12, schema_version_at = 16, flags_at = 20,
                      payload_size_at = 24, run_id_at = 32, reserved_at = 48;

template <class Number>
void put(std::string& bytes, std::size_t at, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[at + i] = static_cast<char>((value >> (8 * i)) & 0xff);
}

template <class Number>
Number get(std::string_view bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value =
        static_cast<Number>(value | static_cast<Number>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i));
  return value;
}

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::model_damaged, source + ": " + what);
}

[[noreturn]] void refuse_newer(const std::string& source, const std::string& what) {
  throw NewerFormatError(source + ": made by a newer version of deepmine (" + what + ")");
}

std::string text(std::uint64_t number) {
  return std::to_string(number);
}

/// Bytes of our magic with each CR LF made LF, each LF made CR LF, or the high bits gone.
bool looks_mangled(std::string_view bytes) {
  return bytes.starts_with(
             "\x89"
             "DMS\n\x1a\n") ||
         bytes.starts_with(
             "\x89"
             "DMS\r\r\n\x1a") ||
         bytes.starts_with(
             "\x89"
             "DMS\r\n\x1a\r") ||
         bytes.starts_with(
             "\x09"
             "DMS\r\n\x1a\n") ||
         bytes.starts_with(
             "\xc2\x89"
             "DMS");  // taken for Latin-1 and rewritten as UTF-8
}

void check_magic(std::string_view bytes, const std::string& source) {
  if (looks_mangled(bytes)) refuse(source, "was changed by a transfer in text mode; copy it again as binary");
  const std::size_t length = std::min(bytes.size(), magic.size());
  if (bytes.substr(0, length) != magic.substr(0, length))
    refuse(source, "is not a file of deepmine (its first bytes are wrong)");
  if (bytes.size() < frame_header_size + frame_hash_size)
    refuse(source, "truncated: " + text(bytes.size()) + " bytes, expected at least " +
                       text(frame_header_size + frame_hash_size));
}

void check_frame_version(std::string_view bytes, const std::string& source) {
  const auto version = get<std::uint32_t>(bytes, frame_version_at);
  if (version > newest_frame_version)
    refuse_newer(source,
                 "frame version " + text(version) + ", this program reads " + text(newest_frame_version));
  if (version == 0) refuse(source, "damaged: frame version 0");
}

void check_length(std::string_view bytes, const std::string& source) {
  const auto promised = get<std::uint64_t>(bytes, payload_size_at);
  const std::uint64_t present = bytes.size() - frame_header_size - frame_hash_size;
  if (present < promised)
    refuse(source, "truncated: a payload of " + text(present) + " bytes, expected " + text(promised));
  if (present > promised)
    refuse(source, text(present - promised) + " bytes stand behind the end, expected none");
}

void check_hash(std::string_view bytes, const std::string& source) {
  const std::size_t hashed = bytes.size() - frame_hash_size;
  const Sha256Digest digest = sha256(bytes.substr(0, hashed));
  if (std::memcmp(digest.data(), bytes.data() + hashed, frame_hash_size) != 0)
    refuse(source, "damaged: its SHA-256 does not fit its bytes");
}

std::uint64_t largest_payload(FrameKind kind) {
  constexpr std::uint64_t mebibyte = 1 << 20;
  switch (kind) {
    case FrameKind::weights:
      return 1024 * mebibyte;
    case FrameKind::components:
    case FrameKind::metadata:
      return 64 * mebibyte;
    case FrameKind::checkpoint:
      return 4096 * mebibyte;  // four slabs of the size of the weights
  }
  return 0;
}

}  // namespace

std::string_view frame_kind_name(FrameKind kind) {
  switch (kind) {
    case FrameKind::weights:
      return "weights";
    case FrameKind::components:
      return "components";
    case FrameKind::metadata:
      return "metadata";
    case FrameKind::checkpoint:
      return "checkpoint";
  }
  return "unknown";
}

std::string make_frame(FrameKind kind, std::uint32_t schema_version, const RunId& run_id,
                       std::string_view payload) {
  std::string bytes;
  bytes.reserve(frame_header_size + payload.size() + frame_hash_size);
  bytes.resize(frame_header_size, '\0');
  magic.copy(bytes.data(), magic.size());
  put(bytes, frame_version_at, newest_frame_version);
  put(bytes, kind_at, static_cast<std::uint32_t>(kind));
  put(bytes, schema_version_at, schema_version);
  put(bytes, flags_at, std::uint32_t{0});
  put(bytes, payload_size_at, static_cast<std::uint64_t>(payload.size()));
  std::memcpy(bytes.data() + run_id_at, run_id.data(), run_id.size());
  bytes += payload;
  const Sha256Digest digest = sha256(bytes);
  bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return bytes;
}

Frame parse_frame(std::string_view bytes, FrameKind kind, std::uint32_t newest_schema_version,
                  const std::string& source) {
  check_magic(bytes, source);
  check_frame_version(bytes, source);  // before the length: a newer frame may be laid out otherwise
  check_length(bytes, source);
  check_hash(bytes, source);
  // From here on the header says what its writer meant.
  if (const auto found = get<std::uint32_t>(bytes, kind_at); found != static_cast<std::uint32_t>(kind))
    refuse(source, "expected a file of " + std::string(frame_kind_name(kind)) + ", found one of " +
                       std::string(frame_kind_name(static_cast<FrameKind>(found))) + " (kind " + text(found) +
                       ")");
  const auto schema_version = get<std::uint32_t>(bytes, schema_version_at);
  if (schema_version > newest_schema_version)
    refuse_newer(source, std::string(frame_kind_name(kind)) + " version " + text(schema_version) +
                             ", this program reads up to " + text(newest_schema_version));
  if (schema_version == 0) refuse(source, "damaged: " + std::string(frame_kind_name(kind)) + " version 0");
  if (get<std::uint32_t>(bytes, flags_at) != 0) refuse_newer(source, "unknown flags");
  if (bytes.substr(reserved_at, frame_header_size - reserved_at).find_first_not_of('\0') !=
      std::string_view::npos)
    refuse(source, "damaged: reserved bytes of the header are not 0");

  Frame frame;
  frame.schema_version = schema_version;
  std::memcpy(frame.run_id.data(), bytes.data() + run_id_at, frame.run_id.size());
  frame.payload = bytes.substr(frame_header_size, bytes.size() - frame_header_size - frame_hash_size);
  return frame;
}

std::string read_frame_file(const std::filesystem::path& path, FrameKind kind) {
  std::string bytes;
  const std::uint64_t largest = largest_payload(kind) + frame_header_size + frame_hash_size;
  if (!read_file_if_there(path, largest, ErrorCode::model_damaged, bytes))
    throw Error(ErrorCode::model_missing, path.string() + ": is not there");
  return bytes;
}

}  // namespace deepmine::io
