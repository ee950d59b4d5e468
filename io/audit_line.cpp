#include "io/audit_line.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/nn/error.h"
#include "io/field_json.h"
#include "io/sha256.h"

namespace deepmine::io {
namespace {

constexpr std::string_view record_mark = R"({"record":)", previous_mark = R"(,"previous":")",
                           kind_mark = R"(","kind":")", content_mark = R"(","content":)",
                           check_mark = R"(,"check":")", end_mark = R"("})";
constexpr std::size_t hash_digits = 64;
constexpr std::size_t check_size = check_mark.size() + hash_digits + end_mark.size();

std::string hash_of(std::string_view bytes) {
  return to_hexadecimal(sha256(bytes));
}

std::string body_of(const AuditLine& line) {
  std::string body(record_mark);
  body += std::to_string(line.number);
  body.append(previous_mark).append(line.previous).append(kind_mark).append(line.kind);
  body.append(content_mark).append(line.content);
  return body;
}

bool is_hash(std::string_view text) {
  return text.size() == hash_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool take(std::string_view& text, std::string_view mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(mark.size());
  return true;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || number == 0 || std::to_string(number).size() != digits) return false;
  text.remove_prefix(digits);
  return true;
}

/// The parts of a record's text before its check.
bool take_body(std::string_view body, AuditLine& line) {
  if (!take(body, record_mark) || !take_number(body, line.number) || !take(body, previous_mark)) return false;
  line.previous = body.substr(0, hash_digits);
  if (!is_hash(line.previous)) return false;
  body.remove_prefix(hash_digits);
  if (!take(body, kind_mark)) return false;
  line.kind = body.substr(0, body.find('"'));
  body.remove_prefix(line.kind.size());
  if (line.kind.empty() || !take(body, content_mark)) return false;
  line.content = body;
  return line.content.starts_with('{') && line.content.ends_with('}');
}

struct TornText {
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// What a record `recovered` says about the text before it.
std::optional<TornText> torn_text_of(const std::string& content) {
  const OrderedJson json = OrderedJson::parse(content, nullptr, false);
  if (!json.is_object() || !json.contains("torn_bytes") || !json.contains("torn_sha256")) return std::nullopt;
  if (!json["torn_bytes"].is_number_unsigned() || !json["torn_sha256"].is_string()) return std::nullopt;
  return TornText{json["torn_bytes"].get<std::uint64_t>(), json["torn_sha256"].get<std::string>()};
}

/// Text before a record is there if, and only if, the record names it.
bool names_its_torn_text(const AuditLine& line, std::string_view torn) {
  if (line.kind != audit_kind::recovered) return torn.empty();
  const std::optional<TornText> named = torn_text_of(line.content);
  return named && !torn.empty() && named->bytes == torn.size() && named->sha256 == hash_of(torn);
}

}  // namespace

std::string format_audit_line(AuditLine& line) {
  std::string text = body_of(line);
  line.check = hash_of(text);
  text.append(check_mark).append(line.check).append(end_mark);
  if (text.size() > longest_audit_line)
    throw Error(ErrorCode::failure, "a record of the audit log would have " + std::to_string(text.size()) +
                                        " bytes, at most " + std::to_string(longest_audit_line) +
                                        " are allowed");
  return text + "\n";
}

std::string recovery_content(std::string_view torn, std::string_view time, std::string_view who) {
  const OrderedJson json{
      {"time", time}, {"who", who}, {"torn_bytes", torn.size()}, {"torn_sha256", hash_of(torn)}};
  return ascii_json(json);
}

ParsedAuditLine parse_audit_line(std::string_view text) {
  ParsedAuditLine parsed;
  // Quotes inside texts are escaped, so the mark can only stand where a record begins.
  const std::size_t start = text.rfind(record_mark);
  if (start == std::string_view::npos) return parsed;
  const std::string_view torn = text.substr(0, start), record = text.substr(start);
  if (record.size() < check_size || !record.ends_with(end_mark)) return parsed;
  const std::string_view body = record.substr(0, record.size() - check_size);
  std::string_view tail = record.substr(body.size());
  if (!take(tail, check_mark)) return parsed;
  parsed.line.check = tail.substr(0, hash_digits);
  if (!is_hash(parsed.line.check) || !take_body(body, parsed.line)) return parsed;
  parsed.line.torn_bytes = torn.size();
  const bool is_whole = parsed.line.check == hash_of(body) && names_its_torn_text(parsed.line, torn);
  parsed.fault = is_whole ? AuditLineFault::none : AuditLineFault::edited;
  return parsed;
}

bool is_torn_beginning(std::string_view text) {
  const std::string expected = std::string(record_mark) + "1" + std::string(previous_mark);
  // A first writer may have been killed, and the one that recovered from that, too.
  while (!text.empty()) {
    const auto [at, ignored] = std::mismatch(expected.begin(), expected.end(), text.begin(), text.end());
    const auto common = static_cast<std::size_t>(at - expected.begin());
    if (common == expected.size()) return true;
    if (common == 0) return false;
    text.remove_prefix(common);
  }
  return true;
}

}  // namespace deepmine::io
