#include <doctest/doctest.h>
#include <unistd.h>

#include "io/atomic_file.h"
#include "lifecycle/store_events.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

StoreEvent event(std::uint64_t number, EventKind kind, Sequence version, Sequence before = 0,
                 const std::string& why = "because it is better") {
  return {number, "2024-03-30T12:00:00Z", kind, version, before, "root@mill:4711", why};
}

}  // namespace

TEST_CASE("an event is one readable line and comes back as it was") {
  const StoreEvent published = event(7, EventKind::published, 5, 4);
  const std::string line = format_event(published);
  CHECK(line.starts_with("7 2024-03-30T12:00:00Z published 5 4 root@mill:4711 because it is better "));
  CHECK(line.back() == '\n');
  for (const EventKind kind : {EventKind::published, EventKind::kept, EventKind::rejected,
                               EventKind::rolled_back, EventKind::recovered, EventKind::pinned,
                               EventKind::unpinned, EventKind::quarantined, EventKind::collected})
    for (const char* why : {"", "two  spaces ", " 0123456789abcdef"}) {
      CAPTURE(why);
      const EventLog log = parse_events(format_event(event(1, kind, 3, 2, why)));
      REQUIRE(log.events.size() == 1);
      CHECK(log.events[0] == event(1, kind, 3, 2, why));
      CHECK(log.problems.empty());
    }
}

TEST_CASE("nobody writes two lines or a colour with one event") {
  const EventLog log = parse_events(format_event(event(1, EventKind::pinned, 1, 0, "a\nb\x1b[31mc")));
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].why == "a b [31mc");
  CHECK(format_event(event(1, EventKind::pinned, 1, 0, std::string(5000, 'x'))).size() < 2200);
}

TEST_CASE("any flipped bit and any cut of the log costs the lines that it hits and is reported") {
  std::string text;
  for (std::uint64_t n = 1; n <= 3; ++n) text += format_event(event(n, EventKind::published, n, n - 1));
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const EventLog log = parse_events(damaged);
    CAPTURE(bit);
    CHECK(log.problems.size() >= 1);
    CHECK(log.events.size() >= 1);
    CHECK(log.events.size() <= 2);
  }
  const std::string two =
      format_event(event(1, EventKind::published, 1)) + format_event(event(2, EventKind::published, 2, 1));
  for (std::size_t size = two.size() + 1; size < text.size(); ++size) {
    const EventLog log = parse_events(text.substr(0, size));
    CHECK(log.events.size() == 2);
    CHECK(log.problems.size() == 1);
    CHECK(!log.ends_with_line_feed);
  }
}

TEST_CASE("a missing line is noticed by its number") {
  const EventLog log = parse_events(format_event(event(1, EventKind::published, 1)) +
                                    format_event(event(3, EventKind::pinned, 1)));
  CHECK(log.events.size() == 2);
  REQUIRE(log.problems.size() == 1);
  CHECK(log.problems[0] == "line 2: event 3, expected event 2: lines are missing");
}

TEST_CASE("the log tells what is in service and what was withdrawn") {
  EventLog log;
  const auto add = [&log](EventKind kind, Sequence version, Sequence before = 0) {
    log.events.push_back(event(log.events.size() + 1, kind, version, before));
    return service_history(log);
  };
  CHECK(add(EventKind::published, 1).in_service == 1);
  CHECK(add(EventKind::published, 2, 1).in_service == 2);
  CHECK(add(EventKind::rejected, 3, 2).in_service == 2);
  CHECK(add(EventKind::kept, 4, 2).newest == 4);
  CHECK(add(EventKind::rolled_back, 1, 2).withdrawn == std::set<Sequence>{2});
  CHECK(add(EventKind::recovered, 2, 1).withdrawn.empty());  // the roll-back did not happen
  CHECK(add(EventKind::rolled_back, 1, 2).in_service == 1);
  CHECK(add(EventKind::collected, 2).withdrawn == std::set<Sequence>{2});
  CHECK(add(EventKind::rolled_back, 2, 1).withdrawn.empty());  // going on to a newer one blames nobody
}

TEST_CASE("every change of a store stands in its log: who, when, what and why") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish_marked(store, "one", {.check = {}, .rejection = {}, .reason = "first"});
  publish_marked(store, "two", {.check = {}, .rejection = {}, .reason = "second"});
  publish_marked(store, "three", {.check = {}, .rejection = "worse", .reason = {}});
  {
    StoreWriter writer = store.lock_for_maintenance();
    writer.roll_back({.to = {}, .check = {}, .even_if_rejected = false, .reason = "false alarms"});
    writer.pin(1, "accepted");
    writer.publish(marked_model("four"));
    writer.unpin(1, "done");
    writer.collect({{3, "rejected"}});
    flip_bit(store.version_folder(4) / "weights", 3);
    writer.quarantine_if_damaged(4, {});
  }
  const EventLog log = store.events();
  CHECK(log.problems.empty());
  std::string found;
  for (const StoreEvent& e : log.events) {
    found += std::string(name(e.kind)) + " " + std::to_string(e.version) + " " + std::to_string(e.before) +
             ": " + e.why.substr(0, 30) + "\n";
    CHECK(e.who == this_user());
    CHECK(e.time.size() == 20);
  }
  CHECK(this_user().ends_with(":" + std::to_string(::getpid())));
  CHECK(
      found.starts_with("published 1 0: first\npublished 2 1: second\nrejected 3 2: worse\n"
                        "rolled-back 1 2: false alarms\npinned 1 0: accepted\n"
                        "kept 4 1: version 1 is in service and pi\nunpinned 1 0: done\n"
                        "collected 3 0: rejected\nquarantined 4 0: "));
}

TEST_CASE("a torn line is ended, not overwritten, and the log goes on") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish_marked(store, "one");
  const std::filesystem::path file = store.root() / "EVENTS.log";
  const std::string whole = io::read_file(file, 1 << 20);
  io::write_file_atomically(file, whole + "2 2024-03-30T12:00:00Z publi");
  CHECK(store.events().problems.size() == 1);
  publish_marked(store, "two");
  const EventLog log = store.events();
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[1].number == 2);
  REQUIRE(log.problems.size() == 1);
  CHECK(log.problems[0] == "line 2: torn or damaged");
  CHECK(io::read_file(file, 1 << 20).starts_with(whole + "2 2024-03-30T12:00:00Z publi\n2 "));
}

TEST_CASE("a log that says another thing than CURRENT, or nothing, is set right by the next writer") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish_marked(store, "one");
  const std::filesystem::path file = store.root() / "EVENTS.log";
  io::append_to_file(file, format_event(event(2, EventKind::published, 2, 1)));  // killed before CURRENT
  { const StoreWriter writer = store.lock_for_writing(); }
  REQUIRE(store.events().events.size() == 3);
  CHECK(store.events().events[2].kind == EventKind::recovered);
  CHECK(store.events().events[2].version == 1);
  CHECK(store.events().events[2].before == 2);
  CHECK(store.lock_for_writing().next_sequence() == 3);  // 2 was given away once

  std::filesystem::remove(file);  // or a store from before there was a log
  { const StoreWriter writer = store.lock_for_writing(); }
  REQUIRE(store.events().events.size() == 1);
  CHECK(store.events().events[0].version == 1);
}
