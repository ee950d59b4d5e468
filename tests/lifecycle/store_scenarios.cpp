#include "tests/lifecycle/store_scenarios.h"

#include <algorithm>

#include "io/atomic_file.h"
#include "lifecycle/retention.h"
#include "tests/lifecycle/marked_model.h"

namespace deepmine::test {

using namespace lifecycle;
namespace fs = std::filesystem;

namespace {

void no_preparation(const ModelStore&) {}

void publish_n(const ModelStore& store, int count) {
  StoreWriter writer = store.lock_for_writing();
  for (int n = 1; n <= count; ++n) writer.publish(marked_model("v" + std::to_string(n)));
}
void publish_two(const ModelStore& store) {
  publish_n(store, 2);
}
void publish_new(const ModelStore& store) {
  publish_marked(store, "new");
}
void publish_rejected(const ModelStore& store) {
  publish_marked(store, "new", {.check = {}, .rejection = "worse", .reason = {}});
}
void publish_two_and_pin(const ModelStore& store) {
  publish_two(store);
  store.lock_for_maintenance().pin(2, "accepted");
}
void roll_back(const ModelStore& store) {
  store.lock_for_maintenance().roll_back(
      {.to = {}, .check = {}, .even_if_rejected = false, .reason = "alarms"});
}
void pin(const ModelStore& store) {
  store.lock_for_maintenance().pin(1, "accepted");
}
void unpin(const ModelStore& store) {
  store.lock_for_maintenance().unpin(2, "done");
}

/// Five versions, the third damaged; leftovers of killed writers and something strange.
void prepare_for_clean_up(const ModelStore& store) {
  publish_n(store, 5);
  flip_bit(store.version_folder(3) / "weights", 2);
  for (const char* name : {"staging/4711.0", "trash/00000000000000000009.0"}) {
    fs::create_directory(store.root() / name);
    io::write_new_file(store.root() / name / "weights", "half");
  }
  io::write_new_file(store.root() / ".CURRENT.tmp.4711.0", "x");
}
void clean_up(const ModelStore& store) {
  StoreWriter writer = store.lock_for_maintenance();
  const RetentionPolicy policy{.keep = 1, .leftover_age = std::chrono::seconds(0)};
  carry_out(writer, plan_retention(store, policy, {}), {});
}
void quarantine(const ModelStore& store) {
  store.lock_for_maintenance().quarantine_if_damaged(3, {});
}
void damage_third(const ModelStore& store) {
  publish_n(store, 4);
  flip_bit(store.version_folder(3) / "weights", 2);
}

std::string number(Sequence sequence) {
  return std::to_string(sequence);
}

/// Collects what is wrong.
class Inspection {
 public:
  Inspection(const ModelStore& store, const Expectation& expected, bool acknowledged)
      : store_(store), expected_(expected), acknowledged_(acknowledged) {}

  std::string run() {
    try {
      in_service();
      versions();
      pins();
      quarantine();
      events();
      next_publication();
    } catch (const std::exception& error) {
      complain(std::string("unexpected error: ") + error.what());
    }
    return complaints_;
  }

 private:
  void complain(const std::string& text) { complaints_ += text + "\n"; }

  void in_service() {
    const auto version = store_.read_current();
    found_ = version ? mark_of(*version) : "";
    if (found_ != expected_.after && (acknowledged_ || found_ != expected_.before))
      complain("in service is '" + found_ + "'");
  }

  void must_be_whole(Sequence sequence, const std::string& mark) {
    const VersionReport report = store_.examine(sequence);
    if (report.state != VersionState::good && report.state != VersionState::rejected)
      complain("version " + number(sequence) + " is " + std::string(name(report.state)) + ": " +
               report.problem);
    else if (!mark.empty() && mark_of(store_.read(sequence)) != mark)
      complain("version " + number(sequence) + " has the files of another");
  }

  void versions() {
    for (const auto& [sequence, mark] : expected_.kept) must_be_whole(sequence, mark);
    const std::vector<Sequence> present = store_.sequences();
    const auto is_present = [&](Sequence s) { return std::binary_search(present.begin(), present.end(), s); };
    for (const Sequence sequence : present) {
      if (expected_.damaged.contains(sequence)) continue;
      must_be_whole(sequence, "");
      if (expected_.rejected_after.contains(sequence) && !store_.rejection(sequence))
        complain("version " + number(sequence) + " lost its mark: rejected");
    }
    if (!acknowledged_) return;
    for (const auto& [sequence, mark] : expected_.kept_after) must_be_whole(sequence, mark);
    for (const Sequence sequence : expected_.rejected_after)
      if (!is_present(sequence) || store_.rejection(sequence) != "worse")
        complain("the rejected version " + number(sequence) + " or its reason is lost");
    for (const Sequence sequence : expected_.gone_after)
      if (is_present(sequence)) complain("version " + number(sequence) + " is still there");
  }

  void pins() {
    const std::set<Sequence>& after = expected_.pinned_after;
    for (Sequence sequence = 1; sequence <= 5; ++sequence) {
      const bool is = store_.is_pinned(sequence), was = expected_.pinned.contains(sequence),
                 shall = after.contains(sequence);
      if (is != shall && (acknowledged_ || is != was)) complain("pin of version " + number(sequence));
      const fs::path file = store_.root() / "pins" / version_folder_name(sequence);
      if (is && shall && acknowledged_ && !io::read_file(file, 1000).starts_with("pinned 20"))
        complain("the pin of version " + number(sequence) + " does not say whose it is");
    }
  }

  void quarantine() {
    for (const Sequence sequence : expected_.quarantined_after) {
      const fs::path aside = store_.root() / "quarantine" / (version_folder_name(sequence) + ".0");
      const bool moved = fs::exists(aside / "weights");
      if (moved && store_.quarantine_note(sequence).empty()) complain("quarantine without a reason");
      if (acknowledged_ && !moved) complain("version " + number(sequence) + " is not in quarantine");
    }
  }

  /// Nothing changes without a record.
  void events() {
    const EventLog log = store_.events();
    const auto is_recorded = [&](EventKind kind, Sequence sequence) {
      return std::any_of(log.events.begin(), log.events.end(), [&](const StoreEvent& event) {
        return event.kind == kind && event.version == sequence;
      });
    };
    if (const auto current = store_.current())
      if (!is_recorded(EventKind::published, current->sequence))
        complain("nothing is recorded about the version in service");
    if (found_ == expected_.after && expected_.after != expected_.before &&
        service_history(log).in_service != store_.current()->sequence)
      complain("the last change of service is not recorded");
    for (const Sequence sequence : expected_.may_go)
      if (!fs::exists(store_.version_folder(sequence)) && !is_recorded(EventKind::collected, sequence))
        complain("version " + number(sequence) + " went without a record");
    for (const Sequence sequence : expected_.quarantined_after)
      if ((acknowledged_ || !store_.quarantine_note(sequence).empty()) &&
          !is_recorded(EventKind::quarantined, sequence))
        complain("the quarantine is not recorded");
    if (!acknowledged_) return;
    for (const Sequence sequence : expected_.beside_after)
      if (!is_recorded(EventKind::kept, sequence)) complain("that it was kept is not recorded");
    for (const Sequence sequence : expected_.rejected_after)
      if (!is_recorded(EventKind::rejected, sequence)) complain("the rejection is not recorded");
    for (const Sequence sequence : expected_.pinned_after)
      if (!is_recorded(EventKind::pinned, sequence)) complain("the pin is not recorded");
    if (expected_.pinned.size() > expected_.pinned_after.size() && !is_recorded(EventKind::unpinned, 2))
      complain("the unpinning is not recorded");
  }

  void next_publication() {
    Sequence newest = 0;
    for (const Sequence sequence : store_.sequences()) newest = std::max(newest, sequence);
    StoreWriter writer = store_.lock_for_writing();
    if (const auto current = store_.current()) writer.unpin(current->sequence, "");
    const Publication publication = writer.publish(marked_model("next"));
    if (publication.sequence <= newest) complain("a number was given twice");
    const auto version = store_.read_current();
    if (!publication.in_service || !version || mark_of(*version) != "next")
      complain("the next publication did not work");
  }

  const ModelStore& store_;
  const Expectation& expected_;
  bool acknowledged_;
  std::string found_, complaints_;
};

}  // namespace

const std::vector<Scenario>& store_scenarios() {
  static const std::vector<Scenario> scenarios = [] {
    std::vector<Scenario> list;
    Expectation first;
    first.after = "new";
    first.kept_after = {{1, "new"}};
    list.push_back({"the first publication", &no_preparation, &publish_new, first});

    Expectation second;
    second.before = "v2";
    second.after = "new";
    second.kept = {{1, "v1"}, {2, "v2"}};
    second.kept_after = {{3, "new"}};
    list.push_back({"a publication", &publish_two, &publish_new, second});

    Expectation rejected = second;
    rejected.after = "v2";
    rejected.rejected_after = {3};
    list.push_back({"a rejected publication", &publish_two, &publish_rejected, rejected});

    Expectation beside_pinned = second;
    beside_pinned.after = "v2";
    beside_pinned.pinned = beside_pinned.pinned_after = {2};
    beside_pinned.beside_after = {3};
    list.push_back(
        {"a publication beside a pinned version", &publish_two_and_pin, &publish_new, beside_pinned});

    Expectation back = second;
    back.after = "v1";
    back.kept_after = {};
    list.push_back({"a roll-back", &publish_two, &roll_back, back});

    Expectation pinning = back;
    pinning.after = "v2";
    pinning.pinned_after = {1};
    list.push_back({"pinning", &publish_two, &pin, pinning});

    Expectation unpinning = back;
    unpinning.after = "v2";
    unpinning.pinned = {2};
    list.push_back({"unpinning", &publish_two_and_pin, &unpin, unpinning});

    Expectation aside;
    aside.before = aside.after = "v4";
    aside.kept = {{1, "v1"}, {2, "v2"}, {4, "v4"}};
    aside.damaged = aside.quarantined_after = aside.gone_after = {3};
    list.push_back({"quarantine", &damage_third, &quarantine, aside});

    Expectation cleaned;
    cleaned.before = cleaned.after = "v5";
    cleaned.kept = {{4, "v4"}, {5, "v5"}};
    cleaned.may_go = {1, 2};
    cleaned.damaged = cleaned.quarantined_after = {3};
    cleaned.gone_after = {1, 2, 3};
    list.push_back({"clean-up", &prepare_for_clean_up, &clean_up, cleaned});
    return list;
  }();
  return scenarios;
}

std::string fault_of(const ModelStore& store, const Expectation& expected, bool acknowledged) {
  return Inspection(store, expected, acknowledged).run();
}

}  // namespace deepmine::test
