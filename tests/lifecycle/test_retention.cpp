#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lifecycle/retention.h"
#include "tests/io/expect_error.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::vector<VersionNote>& versions) {
  std::string text;
  for (const VersionNote& version : versions)
    text += (text.empty() ? "" : ", ") + std::to_string(version.sequence) + " " + version.why;
  return text;
}

RetentionPlan clean_up(const ModelStore& store, const RetentionPolicy& policy) {
  StoreWriter writer = store.lock_for_maintenance();
  RetentionPlan plan = plan_retention(store, policy, &refuse_bad);
  carry_out(writer, plan, &refuse_bad);
  return plan;
}

/// Ages can't be set (ctime is the kernel's), so the tests set the limit.
RetentionPolicy policy(std::size_t keep, int leftover_seconds = 3600) {
  return {keep, std::chrono::seconds(leftover_seconds)};
}

using Sequences = std::vector<Sequence>;

}  // namespace

TEST_CASE("the newest good ones, the one in service, the pinned and the stand-in are kept") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  for (int n = 1; n <= 9; ++n) publish_marked(store, std::to_string(n));
  {
    StoreWriter writer = store.lock_for_maintenance();
    writer.pin(1, "");
    writer.roll_back({.to = 4, .check = {}, .even_if_rejected = false, .reason = {}});
  }
  const RetentionPlan plan = plan_retention(store, policy(2), &refuse_bad);
  CHECK(text_of(plan.keep) ==
        "9 among the newest 2 good ones, 8 among the newest 2 good ones, 4 in service, 3 stands in for the "
        "version in service, 1 pinned");
  CHECK(text_of(plan.collect).starts_with("7 older than the newest 2 good ones, 6 "));
  CHECK(store.sequences().size() == 9);  // a plan changes nothing
  clean_up(store, policy(2));
  CHECK(store.sequences() == Sequences{1, 3, 4, 8, 9});
  CHECK(mark_of(*store.read_current()) == "4");
  CHECK(fs::is_empty(store.root() / "trash"));
  CHECK(clean_up(store, policy(2)).collect.empty());
  CHECK(publish_marked(store, "10").sequence == 10);
}

TEST_CASE("rejected ones are kept until a newer version is in service") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish_marked(store, "1");
  publish_marked(store, "2", {.check = {}, .rejection = "worse", .reason = {}});
  CHECK(clean_up(store, policy(5)).collect.empty());
  publish_marked(store, "3");
  CHECK(text_of(clean_up(store, policy(5)).collect) == "2 rejected");
  CHECK(store.sequences() == Sequences{1, 3});
}

TEST_CASE("damaged versions don't count, and go to quarantine; those of a newer program stay") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  for (const char* mark : {"1", "2", "bad", "4", "5"}) publish_marked(store, mark);
  flip_bit(store.version_folder(4) / "weights", 1);
  std::string manifest = io::read_file(store.version_folder(1) / "MANIFEST", 10000);
  manifest.replace(manifest.find("manifest 1"), 10, "manifest 7");
  io::write_file_atomically(store.version_folder(1) / "MANIFEST", manifest);
  const RetentionPlan plan = clean_up(store, policy(1));
  REQUIRE(plan.quarantine.size() == 2);
  CHECK(plan.quarantine[0].sequence == 4);
  CHECK(plan.quarantine[1].why == "the content is bad");
  REQUIRE(plan.leave.size() == 1);
  CHECK(plan.leave[0].sequence == 1);
  CHECK(text_of(plan.keep) == "5 in service, 2 stands in for the version in service");
  CHECK(store.sequences() == Sequences{1, 2, 5});
  CHECK(!store.quarantine_note(3).empty());
}

TEST_CASE("without knowing what is in service nothing goes; a damaged one in service stays") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  for (const char* mark : {"1", "2", "3"}) publish_marked(store, mark);
  flip_bit(store.version_folder(3) / "weights", 1);
  const RetentionPlan plan = clean_up(store, policy(1));
  CHECK(plan.quarantine.empty());
  CHECK(store.sequences() == Sequences{2, 3});
  io::write_file_atomically(store.root() / "CURRENT", "rubbish");
  expect_error(ErrorCode::model_damaged, "CURRENT", [&] { clean_up(store, policy(1)); });
  expect_error(ErrorCode::usage, "at least one", [&] { clean_up(store, policy(0)); });
}

TEST_CASE("leftovers of dead writers go when they are old, what is not recognised stays") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish_marked(store, "1");
  const fs::path root = store.root();
  for (const char* name : {"staging/4711.0", "trash/00000000000000000007.0"}) {
    fs::create_directory(root / name);
    io::write_file_atomically(root / name / "weights", "half");
  }
  const std::vector<std::string> leftovers{"staging/4711.0", "trash/00000000000000000007.0",
                                           ".CURRENT.tmp.4711.0", "pins/.00000000000000000001.tmp.4711.3",
                                           "quarantine/00000000000000000002.0.reason"};
  const std::vector<std::string> strange{"thesis.tex",         "staging/notes",      "trash/old",
                                         "versions/copy of 1", "quarantine/why.txt", "pins/1"};
  for (std::size_t i = 2; i < leftovers.size(); ++i) io::write_file_atomically(root / leftovers[i], "x");
  for (const std::string& name : strange) io::write_file_atomically(root / name, "precious");
  CHECK(clean_up(store, policy(5)).leftovers.empty());  // too young
  for (const std::string& name : leftovers) CHECK(fs::exists(root / name));
  const RetentionPlan plan = clean_up(store, policy(5, 0));
  CHECK(plan.leftovers.size() == leftovers.size());
  CHECK(plan.unrecognised.size() == strange.size());
  for (const std::string& name : leftovers) CHECK_MESSAGE(!fs::exists(root / name), name);
  for (const std::string& name : strange) CHECK_MESSAGE(fs::exists(root / name), name);
  CHECK(fs::is_empty(root / "staging") == false);  // notes
  CHECK(mark_of(*store.read_current()) == "1");
}
