// Rolling back, pins, quarantine, collecting, and who stands in for a damaged version.
#include <doctest/doctest.h>

#include "io/sha256.h"
#include "lifecycle/store_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

struct StoreOf {
  TemporaryFolder folder;
  ModelStore store{folder / "models"};
  explicit StoreOf(int versions) {
    for (int n = 1; n <= versions; ++n) publish_marked(store, "v" + std::to_string(n));
  }
  void damage(Sequence sequence) const { flip_bit(store.version_folder(sequence) / "weights", 5); }
  Rollback roll_back(std::optional<Sequence> to = {}, const ContentCheck& check = {}) const {
    return store.lock_for_maintenance().roll_back(
        {.to = to, .check = check, .even_if_rejected = false, .reason = {}});
  }
  std::string in_service() const { return mark_of(*store.read_current()); }
};

using Sequences = std::vector<Sequence>;

}  // namespace

TEST_CASE("roll back goes to the version before, again and again, and deletes nothing") {
  const StoreOf s(3);
  const Rollback first = s.roll_back();
  CHECK(first.from == 3);
  CHECK(first.to == 2);
  CHECK(s.in_service() == "v2");
  CHECK(s.store.current()->previous == 3);
  CHECK(s.roll_back().to == 1);
  expect_error(ErrorCode::model_missing, "no older good version", [&] { s.roll_back(); });
  CHECK(s.in_service() == "v1");
  CHECK(s.store.sequences() == Sequences{1, 2, 3});
  CHECK(s.store.list().versions[1].withdrawn);
  // The next publication gets a new number, and the withdrawn ones don't stand in for it.
  CHECK(publish_marked(s.store, "v4").sequence == 4);
  CHECK(s.store.stand_ins() == Sequences{1});
  CHECK(s.roll_back().to == 1);
}

TEST_CASE("roll back to a named version, newer ones too; never to a damaged or missing one") {
  const StoreOf s(4);
  CHECK(s.roll_back(2).to == 2);
  CHECK(s.roll_back(4).to == 4);
  expect_error(ErrorCode::usage, "in service already", [&] { s.roll_back(4); });
  expect_error(ErrorCode::model_missing, "no version 9", [&] { s.roll_back(9); });
  s.damage(3);
  expect_error(ErrorCode::model_damaged, "version 3 can't go into service", [&] { s.roll_back(3); });
  CHECK(s.in_service() == "v4");
}

TEST_CASE("roll back passes over damaged versions, and those whose content is wrong") {
  const StoreOf s(1);
  publish_marked(s.store, "bad 2");
  publish_marked(s.store, "v3");
  publish_marked(s.store, "v4");
  s.damage(3);
  const Rollback result = s.roll_back({}, &refuse_bad);
  CHECK(result.to == 1);
  REQUIRE(result.passed_over.size() == 2);
  CHECK(result.passed_over[0].sequence == 3);
  CHECK(result.passed_over[1].problem == "the content is bad");
}

TEST_CASE("roll back mends a damaged CURRENT with what the log says was in service") {
  for (const char* text : {"rubbish", ""}) {
    const StoreOf s(3);
    s.roll_back(2);
    if (*text == '\0')
      fs::remove(s.store.root() / "CURRENT");
    else
      io::write_file_atomically(s.store.root() / "CURRENT", text);
    expect_error(ErrorCode::model_damaged, "CURRENT", [&] { s.store.lock_for_writing(); });
    CHECK(!s.store.list().problem.empty());
    CHECK(s.store.examine(1).state == VersionState::good);  // no fault of the versions
    CHECK(s.roll_back().to == 2);
    CHECK(s.in_service() == "v2");
    CHECK(publish_marked(s.store, "v4").sequence == 4);
  }
}

TEST_CASE("a rejected version is kept, never in service, and says why; force puts it into service") {
  const StoreOf s(2);
  const Publication rejected =
      publish_marked(s.store, "v3", {.check = {}, .rejection = "accuracy 0.4", .reason = {}});
  CHECK(rejected.rejected);
  CHECK(!rejected.in_service);
  CHECK(rejected.refusal == "accuracy 0.4");
  CHECK(s.in_service() == "v2");
  CHECK(io::read_file(s.store.version_folder(3) / "REJECTED", 100) == "accuracy 0.4\n");
  CHECK(*s.store.list().versions[2].rejected == "accuracy 0.4");
  CHECK(s.store.examine(3).state == VersionState::rejected);
  expect_error(ErrorCode::usage, "was rejected: accuracy 0.4", [&] { s.roll_back(3); });

  const Publication bad =
      publish_marked(s.store, "bad 4", {.check = &refuse_bad, .rejection = {}, .reason = {}});
  CHECK(bad.rejected);
  CHECK(bad.refusal == "the content is bad");
  CHECK(publish_marked(s.store, "v5", {.check = &refuse_bad, .rejection = {}, .reason = {}}).in_service);
  CHECK(s.store.stand_ins() == Sequences{2, 1});
  const Rollback forced = s.store.lock_for_maintenance().roll_back(
      {.to = 3, .check = {}, .even_if_rejected = true, .reason = "we know better"});
  CHECK(forced.to == 3);
}

TEST_CASE("a pinned version in service is not replaced by publishing") {
  const StoreOf s(2);
  {
    StoreWriter writer = s.store.lock_for_maintenance();
    CHECK(writer.pin(2, "accepted"));
    CHECK(!writer.pin(2, "again"));
    expect_error(ErrorCode::model_missing, "no version 7", [&] { writer.pin(7, ""); });
  }
  CHECK(s.store.list().versions[1].pinned);
  const Publication kept = publish_marked(s.store, "v3");
  CHECK(!kept.in_service);
  CHECK(!kept.rejected);
  CHECK(kept.refusal == "version 2 is in service and pinned");
  CHECK(s.in_service() == "v2");
  CHECK(s.store.examine(3).state == VersionState::good);
  {
    StoreWriter writer = s.store.lock_for_maintenance();
    CHECK(writer.unpin(2, ""));
    CHECK(!writer.unpin(2, ""));
  }
  CHECK(publish_marked(s.store, "v4").in_service);
  CHECK(s.store.stand_ins() == Sequences{2, 1});  // 3 was never in service, 2 came before 4
}

TEST_CASE("a damaged version is moved aside with its reason, a sound one is not") {
  const StoreOf s(3);
  s.damage(3);
  StoreWriter writer = s.store.lock_for_maintenance();
  CHECK(writer.quarantine_if_damaged(2, {}).state == VersionState::good);
  CHECK(s.store.sequences() == Sequences{1, 2, 3});
  CHECK(writer.quarantine_if_damaged(3, {}).state == VersionState::damaged);
  CHECK(s.store.sequences() == Sequences{1, 2});
  const fs::path aside = s.store.root() / "quarantine" / "00000000000000000003.0";
  CHECK(fs::is_regular_file(aside / "weights"));
  CHECK(io::read_file(aside.string() + ".reason", 1000).find("its SHA-256") != std::string::npos);
  // Its readers are told where it went, and the next one gets another number.
  expect_error(ErrorCode::model_missing, "was moved to quarantine", [&] { s.store.read(3); });
  expect_error(ErrorCode::model_damaged, "MANIFEST", [&] { s.store.read_current(); });
  CHECK(writer.next_sequence() == 4);
  CHECK(writer.roll_back({.to = {}, .check = {}, .even_if_rejected = false, .reason = {}}).to == 2);
}

TEST_CASE("what can't be read now, and what a newer program wrote, is not damaged") {
  const StoreOf s(2);
  const fs::path manifest = s.store.version_folder(1) / "MANIFEST";
  std::string text = io::read_file(manifest, 10000);
  text.replace(text.find("manifest 1"), 10, "manifest 9");
  io::write_file_atomically(manifest, text);
  StoreWriter writer = s.store.lock_for_maintenance();
  const VersionReport report = writer.quarantine_if_damaged(1, {});
  CHECK(report.state == VersionState::newer);
  CHECK(report.problem.find("made by a newer version") != std::string::npos);
  CHECK(s.store.sequences().size() == 2);

  const VersionReport failing = s.store.examine(
      2, [](const StoredVersion&) { throw Error(ErrorCode::failure, "too many open files"); });
  CHECK(failing.state == VersionState::unreadable);
}

TEST_CASE("collecting takes versions away for good") {
  const StoreOf s(3);
  s.store.lock_for_maintenance().collect({{1, "old"}, {2, "old"}});
  CHECK(s.store.sequences() == Sequences{3});
  CHECK(fs::is_empty(s.store.root() / "trash"));
  CHECK(s.in_service() == "v3");
}

TEST_CASE("maintenance needs a store and creates none") {
  TemporaryFolder folder;
  expect_error(ErrorCode::model_missing, "there is no model store",
               [&] { ModelStore(folder / "typo").lock_for_maintenance(); });
  CHECK(folder.entries() == 0);
}

TEST_CASE("the stamp changes with every change of service and with nothing else") {
  const StoreOf s(2);
  const std::string stamp = s.store.current_stamp();
  CHECK(!stamp.empty());
  publish_marked(s.store, "v3", {.check = {}, .rejection = "no", .reason = {}});
  s.store.lock_for_maintenance().pin(1, "");
  CHECK(s.store.current_stamp() == stamp);
  s.roll_back();
  CHECK(s.store.current_stamp() != stamp);
  CHECK(ModelStore(s.folder / "none").current_stamp().empty());
}

TEST_CASE("a store of the first layout, without log and folders, is taken over as it is") {
  const StoreOf s(2);
  for (const char* name : {"trash", "quarantine", "pins"}) fs::remove(s.store.root() / name);
  fs::remove(s.store.root() / "EVENTS.log");
  CHECK(s.in_service() == "v2");
  CHECK(s.store.list().versions.size() == 2);
  CHECK(s.store.stand_ins() == Sequences{1});
  CHECK(s.roll_back().to == 1);
  CHECK(publish_marked(s.store, "v3").sequence == 3);
}
