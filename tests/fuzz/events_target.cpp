// The event log of a store: whatever stands there, what can be read is read and the rest is reported.
#include "io/sha256.h"
#include "lifecycle/store_events.h"
#include "tests/fuzz/target.h"

using namespace deepmine;
using namespace deepmine::lifecycle;

namespace {

void read(const std::string& text) {
  const EventLog log = parse_events(text);
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  if (!text.empty() && text.back() != '\n') ++lines;
  fuzz::require(log.events.size() <= lines && log.events.size() + log.problems.size() >= lines,
                "every line is an event or a problem");
  for (const StoreEvent& event : log.events)
    fuzz::require(text.find(format_event(event)) != std::string::npos,
                  "an event stands there as it is written");
  const ServiceHistory history = service_history(log);
  fuzz::require(history.in_service <= history.newest, "what is in service is one of the versions");
}

/// Every line with the check digits that fit it.
std::string with_checks(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    result += std::string(line) + " " + io::to_hexadecimal(io::sha256(line)).substr(0, 16) + "\n";
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  read(std::string(text));
  read(with_checks(text));
  return 0;
}
