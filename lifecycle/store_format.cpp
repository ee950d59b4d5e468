#include "lifecycle/store_format.h"

#include <algorithm>
#include <charconv>

#include "engine/nn/error.h"
#include "io/frame.h"
#include "io/sha256.h"

namespace deepmine::lifecycle {

namespace {

constexpr std::size_t sequence_digits = 20;
constexpr std::string_view store_title = "deepmine store ";
constexpr std::string_view manifest_title = "deepmine manifest ";
constexpr std::string_view digest_title = "sha256 ";
constexpr std::uint64_t newest_version = 1;  // of STORE and of MANIFEST

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::model_damaged, source + ": " + what);
}

std::string digest_of(std::string_view text) {
  return io::to_hexadecimal(io::sha256(text));
}

/// A whole number in decimal digits without leading zeros.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes the text up to the next `separator`, and the separator; everything if there is none.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

/// The version number behind the title in the first line; refuses another title and a newer version.
void check_title(std::string_view text, std::string_view title, const std::string& source) {
  const std::string_view line = take(text, '\n');
  const auto version = line.starts_with(title) ? parse_number(line.substr(title.size())) : std::nullopt;
  if (!version || *version == 0)
    refuse(source,
           "damaged: the first line is not '" + std::string(title) + std::to_string(newest_version) + "'");
  if (*version > newest_version)
    throw io::NewerFormatError(source + ": made by a newer version of deepmine (version " +
                               std::to_string(*version) + ", this program reads up to " +
                               std::to_string(newest_version) + ")");
}

bool is_plain_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

// ---- names of versions

std::string version_folder_name(Sequence sequence) {
  const std::string digits = std::to_string(sequence);
  return std::string(sequence_digits - digits.size(), '0') + digits;
}

std::optional<Sequence> parse_version_folder_name(std::string_view name) {
  if (name.size() != sequence_digits) return std::nullopt;
  const auto sequence = parse_number(name);
  if (!sequence || *sequence == 0) return std::nullopt;
  return sequence;
}

// ---- STORE

std::string store_text() {
  return std::string(store_title) + std::to_string(newest_version) + "\n";
}

void check_store_text(std::string_view text, const std::string& source) {
  check_title(text, store_title, source);
  if (text != store_text()) refuse(source, "damaged: expected the one line '" + store_text() + "'");
}

// ---- CURRENT

std::string format_current(const CurrentRecord& record) {
  const std::string line = version_folder_name(record.sequence) + " " + record.manifest_sha256 + " " +
                           version_folder_name(record.previous);
  return line + " " + digest_of(line).substr(0, 16) + "\n";
}

CurrentRecord parse_current(std::string_view text, const std::string& source) {
  std::string_view rest = text;
  CurrentRecord record;
  record.sequence = parse_version_folder_name(take(rest, ' ')).value_or(0);
  record.manifest_sha256 = take(rest, ' ');
  record.previous = parse_version_folder_name(take(rest, ' ')).value_or(0);
  if (format_current(record) != text)
    refuse(source, "damaged: expected one line of sequence, SHA-256, previous sequence and its check digits");
  return record;
}

// ---- MANIFEST

std::string format_manifest(Manifest manifest) {
  std::sort(manifest.begin(), manifest.end(),
            [](const ManifestEntry& a, const ManifestEntry& b) { return a.name < b.name; });
  std::string text = std::string(manifest_title) + std::to_string(newest_version) + "\n";
  for (std::size_t i = 0; i < manifest.size(); ++i) {
    const ManifestEntry& entry = manifest[i];
    if (!is_plain_name(entry.name) || !is_plain_name(entry.kind) || entry.name == store_names::manifest ||
        entry.name == store_names::rejected)
      throw Error(ErrorCode::usage, "a version can't hold a file named '" + entry.name + "' of kind '" +
                                        entry.kind + "': expected letters, digits, '_', '-' and '.'");
    if (i > 0 && manifest[i - 1].name == entry.name)
      throw Error(ErrorCode::usage, "a version can't hold two files named '" + entry.name + "'");
    text += entry.kind + " " + std::to_string(entry.size) + " " + entry.sha256 + " " + entry.name + "\n";
  }
  return text + std::string(digest_title) + digest_of(text) + "\n";
}

Manifest parse_manifest(std::string_view text, const std::string& source) {
  check_title(text, manifest_title, source);
  std::string_view rest = text;
  take(rest, '\n');
  Manifest manifest;
  while (!rest.empty() && !rest.starts_with(digest_title)) {
    std::string_view line = take(rest, '\n');
    ManifestEntry entry;
    entry.kind = take(line, ' ');
    entry.size = parse_number(take(line, ' ')).value_or(0);
    entry.sha256 = take(line, ' ');
    entry.name = line;
    manifest.push_back(std::move(entry));
  }
  std::string again;
  try {
    again = format_manifest(manifest);
  } catch (const Error& error) {
    refuse(source, std::string("damaged: ") + error.what());
  }
  if (again != text) refuse(source, "damaged: its lines or its SHA-256 are not as they were written");
  return manifest;
}

}  // namespace deepmine::lifecycle
