// The text files of a model store, written and read strictly: what does not come out again as exactly the
// same bytes is damaged. Formats in docs/file_format.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::lifecycle {

/// Versions are ordered by this number alone, never by a clock. The first is 1; 0 is "none".
using Sequence = std::uint64_t;

namespace store_names {
inline constexpr const char* store = "STORE";
inline constexpr const char* lock = "LOCK";
inline constexpr const char* training = "TRAINING";
inline constexpr const char* current = "CURRENT";
inline constexpr const char* manifest = "MANIFEST";
inline constexpr const char* versions = "versions";
inline constexpr const char* staging = "staging";
inline constexpr const char* trash = "trash";
inline constexpr const char* quarantine = "quarantine";
inline constexpr const char* pins = "pins";
inline constexpr const char* events = "EVENTS.log";
/// In the folder of a version that the publishing gate refused; its text is the reason.
inline constexpr const char* rejected = "REJECTED";
}  // namespace store_names

/// The folder of a version: its sequence in 20 digits.
std::string version_folder_name(Sequence sequence);
/// The sequence that a folder's name means, or nothing if it is not the name of a version.
std::optional<Sequence> parse_version_folder_name(std::string_view name);

/// STORE: what this folder is, and in which version of the layout.
std::string store_text();
void check_store_text(std::string_view text, const std::string& source);

/// CURRENT: the version in service and the SHA-256 (hexadecimal) of its manifest; the version before it (0:
/// none).
struct CurrentRecord {
  Sequence sequence = 0;
  std::string manifest_sha256;
  Sequence previous = 0;
  bool operator==(const CurrentRecord&) const = default;
};
std::string format_current(const CurrentRecord& record);
CurrentRecord parse_current(std::string_view text, const std::string& source);

/// MANIFEST: the files of a version, in ascending order of their names.
struct ManifestEntry {
  std::string name;  ///< letters, digits, `_`, `-` and `.` (not first): never a path
  std::string kind;  ///< `weights`, `components`, `metadata`, ... (the same letters)
  std::uint64_t size = 0;
  std::string sha256;  ///< hexadecimal
  bool operator==(const ManifestEntry&) const = default;
};
using Manifest = std::vector<ManifestEntry>;
/// Sorts the entries. Throws Error{usage} for a name or kind that may not stand there.
std::string format_manifest(Manifest manifest);
/// Throws Error{model_damaged} that names `source`, as the other parsers do.
Manifest parse_manifest(std::string_view text, const std::string& source);

/// Largest size of any of these text files.
inline constexpr std::uint64_t largest_text_file = 64 * 1024;

}  // namespace deepmine::lifecycle
