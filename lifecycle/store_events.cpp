#include "lifecycle/store_events.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/sha256.h"

namespace deepmine::lifecycle {

namespace {

constexpr std::size_t check_digits = 16, longest_reason = 2000;
constexpr std::uint64_t largest_log = std::uint64_t{256} << 20;

constexpr std::array<std::string_view, 9> kind_names{"published",   "kept",        "rejected",
                                                     "rolled-back", "recovered",   "pinned",
                                                     "unpinned",    "quarantined", "collected"};

std::string check_of(std::string_view line) {
  return io::to_hexadecimal(io::sha256(line)).substr(0, check_digits);
}

/// One line: whoever reads the log with cat must not be shown control characters.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, longest_reason));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

std::string one_word(std::string_view text) {
  std::string word = one_line(text);
  std::replace(word.begin(), word.end(), ' ', '_');
  return word.empty() ? "?" : word;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t at = text.find(' ');
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return word;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

std::optional<EventKind> kind_of(std::string_view text) {
  const auto* const found = std::find(kind_names.begin(), kind_names.end(), text);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<EventKind>(found - kind_names.begin());
}

/// The event of a line without its line feed, or nothing if the line is not as it was written.
std::optional<StoreEvent> parse_event(std::string_view line) {
  std::string_view rest = line;
  StoreEvent event;
  event.number = number_of(take_word(rest));
  event.time = take_word(rest);
  const auto kind = kind_of(take_word(rest));
  event.version = number_of(take_word(rest));
  event.before = number_of(take_word(rest));
  event.who = take_word(rest);
  if (!kind || rest.size() < check_digits + 1) return std::nullopt;
  event.kind = *kind;
  event.why = rest.substr(0, rest.size() - check_digits - 1);
  if (format_event(event) != std::string(line) + "\n") return std::nullopt;
  return event;
}

std::string host_name() {
  char host[256] = "?";
  if (::gethostname(host, sizeof host) == 0) host[sizeof host - 1] = '\0';
  return host;
}

std::string user_name() {
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(::geteuid());
}

}  // namespace

std::string_view name(EventKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::string format_event(const StoreEvent& event) {
  const std::string line = std::to_string(event.number) + " " + one_word(event.time) + " " +
                           std::string(name(event.kind)) + " " + std::to_string(event.version) + " " +
                           std::to_string(event.before) + " " + one_word(event.who) + " " +
                           one_line(event.why);
  return line + " " + check_of(line) + "\n";
}

EventLog parse_events(std::string_view text) {
  EventLog log;
  std::uint64_t expected = 1;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    log.ends_with_line_feed = end != std::string_view::npos;
    text.remove_prefix(log.ends_with_line_feed ? end + 1 : text.size());
    const std::optional<StoreEvent> event = log.ends_with_line_feed ? parse_event(line) : std::nullopt;
    const std::string place = "line " + std::to_string(line_number) + ": ";
    if (!event) {
      log.problems.push_back(place + (log.ends_with_line_feed ? "torn or damaged" : "torn: it has no end"));
      continue;
    }
    if (event->number != expected)
      log.problems.push_back(place + "event " + std::to_string(event->number) + ", expected event " +
                             std::to_string(expected) + ": lines are missing");
    expected = event->number + 1;
    log.events.push_back(*event);
  }
  return log;
}

EventLog read_events(const std::filesystem::path& file) {
  std::string text;
  if (!io::read_file_if_there(file, largest_log, ErrorCode::failure, text)) return {};
  return parse_events(text);
}

ServiceHistory service_history(const EventLog& log) {
  ServiceHistory history;
  for (const StoreEvent& event : log.events) {
    history.newest = std::max({history.newest, event.version, event.before});
    const bool changes_service = event.kind == EventKind::published || event.kind == EventKind::rolled_back ||
                                 event.kind == EventKind::recovered;
    if (!changes_service) continue;
    if (event.kind == EventKind::rolled_back && event.version < event.before)
      history.withdrawn.insert(event.before);
    history.withdrawn.erase(event.version);
    history.in_service = event.version;
  }
  return history;
}

std::string this_user() {
  return one_word(user_name()) + "@" + one_word(host_name()) + ":" + std::to_string(::getpid());
}

}  // namespace deepmine::lifecycle
