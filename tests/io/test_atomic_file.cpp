#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/atomic_file.h"
#include "tests/io/expect_error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

namespace {
constexpr std::uint64_t ample = 1 << 20;
}

TEST_CASE("a file appears under its name only when it is committed") {
  TemporaryFolder folder;
  const auto path = folder / "report.csv";
  {
    AtomicFile file(path);
    file.write("first ");
    CHECK(!std::filesystem::exists(path));
    file.write("second");
    file.commit();
    CHECK(read_file(path, ample) == "first second");
  }
  CHECK(read_file(path, ample) == "first second");
  CHECK(folder.entries() == 1);
}

TEST_CASE("what is not committed leaves nothing, and the old file as it was") {
  TemporaryFolder folder;
  const auto path = folder / "report.csv";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  CHECK(read_file(path, ample) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("pieces larger and smaller than the buffer arrive in order") {
  TemporaryFolder folder;
  const auto path = folder / "large";
  std::string expected;
  AtomicFile file(path);
  for (const std::size_t size : {1u, 70000u, 3u, 65535u, 2u, 200000u, 0u, 7u}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    file.write(piece);
    expected += piece;
  }
  file.commit();
  CHECK(read_file(path, ample) == expected);
}

TEST_CASE("short and interrupted writes are carried on with") {
  TemporaryFolder folder;
  const auto path = folder / "slow";
  const std::string text = "0123456789abcdefghij";
  {
    SystemCallWatch watch([](const SystemCall& call) {
      if (call.name != "write") return Verdict{};
      return call.number % 2 == 0 ? Verdict{EINTR, 0} : Verdict{0, 3};
    });
    write_file_atomically(path, text);
    CHECK(watch.calls() > 7);
  }
  CHECK(read_file(path, ample) == text);
}

TEST_CASE("any call that fails is reported, leaves the old file and no rubbish") {
  TemporaryFolder folder;
  const auto path = folder / "kept";
  write_file_atomically(path, "old");
  struct Fault {
    std::string call;
    int error_number;
    std::string text;
  };
  for (const Fault& fault :
       {Fault{"open", EACCES, "Permission denied"}, Fault{"write", ENOSPC, "No space left"},
        Fault{"fsync", EIO, "Input/output error"}, Fault{"rename", EROFS, "Read-only"}}) {
    CAPTURE(fault.call);
    SystemCallWatch watch([&](const SystemCall& call) {
      return call.name == fault.call ? Verdict{fault.error_number, 0} : Verdict{};
    });
    expect_error(ErrorCode::failure, path.string(), [&] { write_file_atomically(path, "new"); });
    expect_error(ErrorCode::failure, fault.text, [&] { write_file_atomically(path, "new"); });
    CHECK(read_file(path, ample) == "old");
    CHECK(folder.entries() == 1);
  }
}

TEST_CASE("a failed fsync is not tried again") {
  TemporaryFolder folder;
  std::size_t syncs = 0;
  SystemCallWatch watch([&](const SystemCall& call) {
    if (call.name != "fsync") return Verdict{};
    return ++syncs == 1 ? Verdict{EIO, 0} : Verdict{};  // a second one would "succeed"
  });
  expect_error(ErrorCode::failure, "fsync", [&] { write_file_atomically(folder / "lost", "bytes"); });
  CHECK(syncs == 1);
  expect_error(ErrorCode::failure, "lost", [&] { read_file(folder / "lost", ample); });
}

TEST_CASE("the file is synced before its name is given, and the folder after") {
  TemporaryFolder folder;
  std::string order;
  {
    SystemCallWatch watch([&](const SystemCall& call) {
      order += call.name + (call.path == folder.path().string() ? "(folder) " : " ");
      return Verdict{};
    });
    write_file_atomically(folder / "ordered", "bytes");
  }
  CHECK(order == "open write fsync rename fsync(folder) ");
}

TEST_CASE("what cannot be written to says so") {
  TemporaryFolder folder;
  expect_error(ErrorCode::failure, "No such file or directory",
               [&] { AtomicFile file(folder.path() / "missing" / "file"); });
  expect_error(ErrorCode::failure, "not a regular file", [] { AtomicFile file("/dev/full"); });
  expect_error(ErrorCode::failure, "not a regular file", [&] { AtomicFile file(folder.path()); });
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may write to a folder without write permission");
  } else {
    ::chmod(folder.path().c_str(), 0500);
    expect_error(ErrorCode::failure, "Permission denied", [&] { AtomicFile file(folder / "file"); });
    ::chmod(folder.path().c_str(), 0700);
  }
}

TEST_CASE("a symbolic link stays, the file that it names is replaced") {
  TemporaryFolder folder;
  write_file_atomically(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file_atomically(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "real", ample) == "new");
  std::filesystem::create_symlink("/dev/null", folder / "device");
  expect_error(ErrorCode::failure, "not a regular file", [&] { AtomicFile file(folder / "device"); });
}

TEST_CASE("write_new_file never writes over a file") {
  TemporaryFolder folder;
  write_new_file(folder / "new", "first");
  expect_error(ErrorCode::failure, "File exists", [&] { write_new_file(folder / "new", "second"); });
  CHECK(read_file(folder / "new", ample) == "first");
  SystemCallWatch watch([](const SystemCall& call) {
    return call.name == "write" ? Verdict{ENOSPC, 0} : Verdict{};
  });
  expect_error(ErrorCode::failure, "No space left", [&] { write_new_file(folder / "other", "bytes"); });
  CHECK(folder.entries() == 1);
}

TEST_CASE("only regular files up to a size are read") {
  TemporaryFolder folder;
  write_file_atomically(folder / "ten", "0123456789");
  CHECK(read_file(folder / "ten", 10) == "0123456789");
  expect_error(ErrorCode::data_invalid, "10 bytes, expected at most 9",
               [&] { read_file(folder / "ten", 9, ErrorCode::data_invalid); });
  write_file_atomically(folder / "empty", "");
  CHECK(read_file(folder / "empty", 0).empty());

  expect_error(ErrorCode::failure, "regular file", [&] { read_file(folder.path(), ample); });
  expect_error(ErrorCode::failure, "regular file", [] { read_file("/dev/zero", ample); });
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  expect_error(ErrorCode::failure, "regular file",
               [&] { read_file(folder / "pipe", ample); });  // must not wait

  std::string bytes = "untouched";
  CHECK(!read_file_if_there(folder / "missing", ample, ErrorCode::failure, bytes));
  CHECK(bytes == "untouched");
  expect_error(ErrorCode::model_damaged, "No such file",
               [&] { read_file(folder / "missing", ample, ErrorCode::model_damaged); });
}

TEST_CASE("syncing a folder that is not there is an error") {
  TemporaryFolder folder;
  sync_directory(folder.path());
  expect_error(ErrorCode::failure, "No such file", [&] { sync_directory(folder / "missing"); });
}
