// What happened to a store: who did what, when and why, one line an event, only ever appended to
// (docs/file_format.md has the format). A line that was torn by a crash costs itself and is reported; the
// lines around it are read all the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/store_format.h"

namespace deepmine::lifecycle {

/// An event stands in the log before it happens: nothing changes without a record. Where it then did not
/// happen (a crash, a full disk), the next writer says so with `recovered`.
enum class EventKind : std::uint8_t {
  published,    ///< a new version goes into service
  kept,         ///< a new version does not, because the one in service is pinned
  rejected,     ///< a new version does not, because the publishing gate refused it
  rolled_back,  ///< an older version goes back into service
  recovered,    ///< the version that was found in service is another than the log says
  pinned,
  unpinned,
  quarantined,  ///< damaged, moved aside
  collected,    ///< removed by retention
};
/// As it stands in the log: `published`, `rolled-back`, …
std::string_view name(EventKind kind);

struct StoreEvent {
  std::uint64_t number = 0;  ///< consecutive from 1
  std::string time;          ///< UTC, `2024-03-30T12:00:00Z`
  EventKind kind{};
  Sequence version = 0;  ///< the one that it is about
  Sequence before = 0;   ///< in service before it; 0: none
  std::string who;       ///< `user@host:process`
  std::string why;       ///< one line
  bool operator==(const StoreEvent&) const = default;
};

/// One line with its line feed. Control characters in the texts become spaces, and `why` is cut at 2000
/// bytes.
std::string format_event(const StoreEvent& event);

struct EventLog {
  std::vector<StoreEvent> events;
  std::vector<std::string> problems;  ///< lines that are torn or damaged, numbers that are missing
  bool ends_with_line_feed = true;    ///< false: the last line is torn
};
/// Never throws for what the text says.
EventLog parse_events(std::string_view text);
/// The log of a store; a file that is not there is an empty log. Throws Error{failure} if it can't be read.
EventLog read_events(const std::filesystem::path& file);

/// What the log says about which version is in service.
struct ServiceHistory {
  Sequence in_service = 0;       ///< 0: the log does not say
  Sequence newest = 0;           ///< largest number that it mentions
  std::set<Sequence> withdrawn;  ///< rolled back from to an older one, and not in service again since
};
ServiceHistory service_history(const EventLog& log);

/// `user@host:process` of this process.
std::string this_user();

}  // namespace deepmine::lifecycle
