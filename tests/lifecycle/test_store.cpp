#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "io/atomic_file.h"
#include "lifecycle/store_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/marked_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t ample = 1 << 20;

void publish(const ModelStore& store, const std::string& mark) {
  publish_marked(store, mark);
}

}  // namespace

TEST_CASE("no store and an empty store are no model, not an error") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  CHECK(!store.current());
  CHECK(!store.read_current());
  CHECK(store.list().versions.empty());
  CHECK(!fs::exists(store.root()));  // looking creates nothing
  { const StoreWriter writer = store.lock_for_writing(); }
  CHECK(!store.read_current());
  expect_error(ErrorCode::model_missing, "no version 1", [&] { store.read(1); });
}

TEST_CASE("what was published is read back, and the one before is still there") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  {
    StoreWriter writer = store.lock_for_writing();
    CHECK(writer.next_sequence() == 1);
    const Publication publication = writer.publish(marked_model("first"));
    CHECK(publication.sequence == 1);
    CHECK(publication.in_service);
    check_is_model(publication.version, "first");
    CHECK(writer.publish(marked_model("second")).sequence == 2);
  }
  CHECK(store.current()->sequence == 2);
  CHECK(store.current()->previous == 1);
  check_is_model(*store.read_current(), "second");
  check_is_model(store.read(1), "first");

  const VersionList list = store.list();
  REQUIRE(list.versions.size() == 2);
  CHECK(!list.versions[0].in_service);
  CHECK(list.versions[1].in_service);
  CHECK(list.versions[1].sequence == 2);
  CHECK(list.versions[1].manifest.size() == 2);
  CHECK(fs::is_empty(store.root() / "staging"));
  expect_error(ErrorCode::model_damaged, "no file components", [&] { store.read(1).bytes("components"); });
}

TEST_CASE("a second writer fails at once and names the holder") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  {
    const StoreWriter writer = store.lock_for_writing();
    expect_error(ErrorCode::failure, "process " + std::to_string(::getpid()),
                 [&] { store.lock_for_writing(); });
    CHECK(!store.read_current());  // readers are not held up
  }
  publish(store, "after");
  CHECK(store.read_current());
}

TEST_CASE("a folder that is used for something else is left alone") {
  TemporaryFolder folder;
  io::write_file_atomically(folder / "thesis.tex", "precious");
  const ModelStore store(folder.path());
  CHECK(!store.read_current());
  expect_error(ErrorCode::usage, "is not a model store", [&] { store.lock_for_writing(); });
  CHECK(folder.entries() == 1);
  expect_error(ErrorCode::failure, "thesis.tex",
               [&] { ModelStore(folder / "thesis.tex").lock_for_writing(); });
}

TEST_CASE("any flipped bit of any file is found, and the file is named") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "the model");
  const fs::path version = store.version_folder(1);
  for (const fs::path& path : {store.root() / "STORE", store.root() / "CURRENT", version / "MANIFEST",
                               version / "weights", version / "metadata.json"}) {
    CAPTURE(path);
    const std::size_t bits = 8 * io::read_file(path, ample).size();
    for (std::size_t bit = 0; bit < bits; ++bit) {
      flip_bit(path, bit);
      expect_error(ErrorCode::model_damaged, path.filename().string(), [&] { store.read_current(); });
      flip_bit(path, bit);
    }
  }
  check_is_model(*store.read_current(), "the model");
}

TEST_CASE("truncated, lengthened and missing files are found") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "the model");
  const fs::path weights = store.version_folder(1) / "weights";
  const std::string bytes = io::read_file(weights, ample);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    io::write_file_atomically(weights, bytes.substr(0, size));
    expect_error(ErrorCode::model_damaged, "truncated", [&] { store.read_current(); });
  }
  io::write_file_atomically(weights, bytes + "x");
  expect_error(ErrorCode::model_damaged, "expected at most", [&] { store.read_current(); });
  fs::remove(weights);
  expect_error(ErrorCode::model_damaged, "No such file", [&] { store.read_current(); });
  fs::create_directory(weights);
  expect_error(ErrorCode::model_damaged, "regular file", [&] { store.read_current(); });
  fs::remove_all(store.version_folder(1));
  expect_error(ErrorCode::model_damaged, "MANIFEST", [&] { store.read_current(); });
}

TEST_CASE("a lost CURRENT or STORE is damage, not an empty store") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "the model");
  for (const char* name : {"CURRENT", "STORE"}) {
    CAPTURE(name);
    fs::rename(store.root() / name, folder / "aside");
    expect_error(ErrorCode::model_damaged, name, [&] { store.read_current(); });
    fs::rename(folder / "aside", store.root() / name);
  }
  io::write_file_atomically(store.root() / "CURRENT", "rubbish");
  expect_error(ErrorCode::model_damaged, "CURRENT", [&] { store.lock_for_writing(); });
}

TEST_CASE("a manifest of another version is not taken for the one in service") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "first");
  publish(store, "second");
  fs::remove_all(store.version_folder(2));
  fs::copy(store.version_folder(1), store.version_folder(2), fs::copy_options::recursive);
  expect_error(ErrorCode::model_damaged, "not the manifest that CURRENT names",
               [&] { store.read_current(); });
}

TEST_CASE("rubbish in staging and strange names in versions hinder nothing") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "first");
  fs::create_directory(store.root() / "staging" / (std::to_string(::getpid()) + ".0"));
  io::write_file_atomically(store.root() / "staging" / "half", "written");
  fs::create_directory(store.root() / "versions" / "backup of 1");
  fs::create_directory(store.root() / "versions" /
                       "00000000000000000009");  // killed before anything was in it
  CHECK(store.lock_for_writing().publish(marked_model("second")).sequence == 10);
  check_is_model(*store.read_current(), "second");
  const VersionList list = store.list();
  CHECK(list.unrecognised == std::vector<std::string>{"backup of 1"});
  REQUIRE(list.versions.size() == 3);
  CHECK(list.versions[1].problem.find("MANIFEST") != std::string::npos);
  CHECK(fs::exists(store.root() / "staging" / "half"));  // not ours to delete
}

TEST_CASE("a version needs files with plain names") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  expect_error(ErrorCode::usage, "at least one file", [&] { store.lock_for_writing().publish({}); });
  expect_error(ErrorCode::usage, "can't hold a file", [&] {
    store.lock_for_writing().publish({{"../CURRENT", "weights", "x"}});
  });
  CHECK(!store.read_current());
}

// ---- faults

namespace {

/// After a fault: the store answers with one whole model, the old or the new one, and can be published to
/// again.
void check_recovered(const ModelStore& store, const std::set<std::string>& allowed) {
  std::string found = "none";
  if (const auto version = store.read_current()) {
    found = version->bytes("weights").substr(std::string("weights of ").size());
    check_is_model(*version, found);
  }
  CHECK_MESSAGE(allowed.count(found) == 1, "found " << found);
  publish(store, "recovered");
  check_is_model(*store.read_current(), "recovered");
}

}  // namespace

TEST_CASE("whichever system call fails, one whole version is in service") {
  for (const int error_number : {EIO, ENOSPC, EROFS, EDQUOT, EINTR})
    for (const bool first : {true, false}) {
      std::size_t calls = 0;
      for (std::size_t failing = 1; failing <= calls + 1; ++failing) {
        TemporaryFolder folder;
        const ModelStore store(folder / "models");
        if (!first) publish(store, "old");
        bool failed = false;
        {
          // This call and all after it fail, as on a disk that is full or gone.
          SystemCallWatch watch([&](const SystemCall& call) {
            if (error_number == EINTR && (call.name == "open" || call.name == "write") &&
                call.number != failing)
              return Verdict{};  // interrupted once; for ever would never end
            return call.number >= failing ? Verdict{error_number, 0} : Verdict{};
          });
          try {
            publish(store, "new");
          } catch (const Error& error) {
            failed = true;
            CHECK(error.code() == ErrorCode::failure);
          }
          calls = std::max(calls, watch.calls());
        }
        CAPTURE(failing);
        CAPTURE(error_number);
        if (!failed)
          check_recovered(store, {"new"});
        else
          check_recovered(store, {first ? "none" : "old", "new"});
      }
      CHECK(calls >= 12);
    }
}

TEST_CASE("a publication that fails before CURRENT leaves the old one and no rubbish") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "old");
  StoreWriter writer = store.lock_for_writing();
  {
    SystemCallWatch watch([&](const SystemCall& call) {
      return call.name == "fsync" && call.path.ends_with("versions") ? Verdict{EIO, 0} : Verdict{};
    });
    expect_error(ErrorCode::failure, "versions", [&] { writer.publish(marked_model("new")); });
  }
  CHECK(store.list().versions.size() == 1);
  CHECK(fs::is_empty(store.root() / "staging"));
  CHECK(writer.publish(marked_model("newer")).sequence == 2);
}

TEST_CASE("killed at any system call, one whole version is in service") {
  for (const bool first : {true, false}) {
    bool finished = false;
    std::size_t killed_at = 0;
    while (!finished) {
      ++killed_at;
      REQUIRE(killed_at < 100);
      TemporaryFolder folder;
      const ModelStore store(folder / "models");
      if (!first) publish(store, "old");
      const pid_t child = ::fork();
      if (child == 0) {
        SystemCallWatch watch([&](const SystemCall& call) {
          if (call.number == killed_at) ::_exit(77);
          return Verdict{};
        });
        try {
          publish(store, "new");
        } catch (...) {
          ::_exit(1);
        }
        ::_exit(0);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      REQUIRE(WIFEXITED(status));
      finished = WEXITSTATUS(status) == 0;
      CAPTURE(killed_at);
      CHECK((finished || WEXITSTATUS(status) == 77));
      check_recovered(store, finished ? std::set<std::string>{"new"}
                                      : std::set<std::string>{first ? "none" : "old", "new"});
    }
    CHECK(killed_at > 12);
  }
}

TEST_CASE("every step that makes the publication safe is taken, in order") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  publish(store, "old");
  StoreWriter writer = store.lock_for_writing();
  std::string steps;
  const std::string root = fs::canonical(store.root()).string();
  {
    SystemCallWatch watch([&](const SystemCall& call) {
      if (call.name == "write") return Verdict{};
      std::string path = call.path.size() > root.size() ? call.path.substr(root.size() + 1) : "root";
      const std::string own = std::to_string(::getpid());
      for (std::size_t at; (at = path.find(own)) != std::string::npos;) path.replace(at, own.size(), "P");
      steps += call.name + " " + path + "\n";
      return Verdict{};
    });
    writer.publish(marked_model("new"));
  }
  const auto position = [&](const std::string& step) {
    const std::size_t at = ("\n" + steps).find("\n" + step + "\n");
    CHECK_MESSAGE(at != std::string::npos, step << " is not among\n" << steps);
    return at;
  };
  const std::size_t order[] = {position("mkdir staging/P.0"),
                               position("fsync staging/P.0/weights"),
                               position("fsync staging/P.0/metadata.json"),
                               position("fsync staging/P.0/MANIFEST"),
                               position("fsync staging/P.0"),
                               position("rename staging/P.0"),
                               position("fsync versions"),
                               steps.find("fsync .CURRENT.tmp"),
                               steps.find("rename .CURRENT.tmp"),
                               position("fsync root")};
  for (std::size_t i = 1; i < std::size(order); ++i) CHECK_MESSAGE(order[i - 1] < order[i], steps);
}
