// What an audit log finds: every changed bit, every record taken away, put in, moved or doubled, every joint
// of two logs; and what it takes for the trace of a killed writer instead.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "lifecycle/audit_log.h"
#include "lifecycle/audit_verify.h"
#include "tests/io/expect_error.h"
#include "tests/io/system_call_faults.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;

namespace {

AuditEntry entry(int number) {
  return {"answer", "{\"position\":" + std::to_string(number) + "}"};
}

std::vector<AuditEntry> entries(int count) {
  std::vector<AuditEntry> made;
  for (int i = 1; i <= count; ++i) made.push_back(entry(i));
  return made;
}

std::string text_of(const std::filesystem::path& file) {
  return io::read_file(file, 1 << 24);
}

void put(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

void add(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::app) << text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

/// The report on a log of these bytes.
AuditReport report_on(const std::string& text, const std::string& known_head = {}) {
  static const TemporaryFolder folder;
  put(folder / "log", text);
  return verify_audit_log(folder / "log", known_head);
}

/// A log of `count` records.
std::string log_text(int count) {
  const TemporaryFolder folder;
  AuditLog(folder / "log").append(entries(count));
  return text_of(folder / "log");
}

/// Four records, a torn line with its recovery in the middle.
std::string log_with_recovery() {
  const TemporaryFolder folder;
  AuditLog(folder / "log").append(entries(2));
  add(folder / "log", "{\"record\":3,\"previous\":\"0123");
  AuditLog(folder / "log").append(entries(1));
  return text_of(folder / "log");
}

}  // namespace

TEST_CASE("records are chained, a line each, over any number of openings") {
  const TemporaryFolder folder;
  const AuditHead first = AuditLog(folder / "log").append(entries(2));
  CHECK(first.records == 2);
  AuditLog log(folder / "log");
  log.append(entries(1));
  const AuditHead last = log.append(entries(3));
  CHECK(last.records == 6);
  const std::vector<std::string> lines = lines_of(text_of(folder / "log"));
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].starts_with("{\"record\":1,\"previous\":\"" + std::string(64, '0') +
                             "\",\"kind\":\"answer\",\"content\":{\"position\":1},\"check\":\""));
  CHECK(lines[1].find(first.check) != std::string::npos);
  CHECK(lines[2].find("\"previous\":\"" + first.check) != std::string::npos);
  const AuditReport report = verify_audit_log(folder / "log", first.check);
  CHECK(report.state == AuditState::sound);
  CHECK(report.records == 6);
  CHECK(report.answers == 6);
  CHECK(report.head.check == last.check);
  CHECK(report.record_of_known_head == 2);
  CHECK(report.problems.empty());
}

TEST_CASE("every flipped bit is found, at its line") {
  for (const std::string& text : {log_text(4), log_with_recovery()}) {
    REQUIRE(report_on(text).state == AuditState::sound);
    std::size_t missed = 0, misplaced = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto line = static_cast<std::uint64_t>(
                            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
                        1;
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const AuditReport report = report_on(damaged);
        // Without the last line feed, the last record is what a killed writer leaves.
        const AuditState expected = at + 1 == text.size() ? AuditState::torn : AuditState::changed;
        missed += report.state != expected;
        if (expected == AuditState::changed) misplaced += report.problems.at(0).line != line;
      }
    }
    CHECK(missed == 0);
    CHECK(misplaced == 0);
  }
}

TEST_CASE("every byte that is put in or taken out is found") {
  const std::string text = log_with_recovery();
  std::size_t missed = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char put_in : {'0', '"', '}', '\n', '\0'}) {
      std::string longer = text;
      longer.insert(at, 1, put_in);
      missed += report_on(longer).state != AuditState::changed;
    }
    std::string shorter = text;
    shorter.erase(at, 1);
    const AuditState expected = at + 1 == text.size() ? AuditState::torn : AuditState::changed;
    missed += report_on(shorter).state != expected;
  }
  CHECK(missed == 0);
}

TEST_CASE("every line that is taken away, doubled, moved or emptied is found and named") {
  const std::vector<std::string> lines = lines_of(log_text(5));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i);
    std::vector<std::string> without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    const AuditReport report = report_on(joined(without));
    if (i + 1 < lines.size()) {
      CHECK(report.state == AuditState::changed);
      REQUIRE(report.problems.size() == 1);
      CHECK(describe(report.problems[0]) == "line " + std::to_string(i + 1) + " (record " +
                                                std::to_string(i + 2) + "): record " + std::to_string(i + 1) +
                                                " is missing before it");
    } else {
      CHECK(report.state == AuditState::sound);  // a chain can't know its end: see the next test
    }
    for (std::size_t j = 0; j < lines.size(); ++j) {
      std::vector<std::string> doubled = lines, swapped = lines, emptied = lines;
      doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(j), lines[i]);
      CHECK(report_on(joined(doubled)).state == AuditState::changed);
      std::swap(swapped[i], swapped[j]);
      CHECK((report_on(joined(swapped)).state == AuditState::changed) == (i != j));
      emptied.insert(emptied.begin() + static_cast<std::ptrdiff_t>(j), "\n");
      CHECK(report_on(joined(emptied)).problem_count == 1);
    }
  }
  std::vector<std::string> two_less = lines;
  two_less.erase(two_less.begin() + 1, two_less.begin() + 3);
  CHECK(report_on(joined(two_less)).problems.at(0).message == "records 2 to 3 are missing before it");
}

TEST_CASE("an end that was cut off is found by whoever kept a head") {
  const std::string text = log_text(5);
  const std::vector<std::string> lines = lines_of(text);
  const std::string head = report_on(text).head.check;
  CHECK(report_on(text, head).record_of_known_head == 5);
  const std::string shorter = joined({lines.begin(), lines.end() - 1});
  CHECK(report_on(shorter).state == AuditState::sound);
  CHECK(!report_on(shorter, head).record_of_known_head);
  // Written anew, with hashes that fit: the chain is sound, the head is another.
  const TemporaryFolder folder;
  std::vector<AuditEntry> other = entries(5);
  other[2].content = "{\"position\":7}";
  AuditLog(folder / "log").append(other);
  const AuditReport forged = verify_audit_log(folder / "log", head);
  CHECK(forged.state == AuditState::sound);
  CHECK(!forged.record_of_known_head);
}

TEST_CASE("two logs that are joined, and a record that was written anew, are found") {
  const TemporaryFolder folder;
  std::vector<AuditEntry> others = entries(4);
  for (AuditEntry& other : others) other.content = "{\"other\":true}";
  AuditLog(folder / "log").append(others);
  const std::vector<std::string> one = lines_of(log_text(4)), two = lines_of(text_of(folder / "log"));
  const AuditReport behind = report_on(joined(one) + joined(two));
  CHECK(behind.problem_count == 1);
  CHECK(behind.problems.at(0).line == 5);
  // In the middle, where the numbers go on.
  const AuditReport middle = report_on(one[0] + one[1] + two[2] + two[3]);
  REQUIRE(middle.problem_count == 1);
  CHECK(describe(middle.problems[0]).starts_with("line 3 (record 3): does not follow the record before it"));
}

TEST_CASE("a torn last line is reported as torn, and the next writer goes on behind it") {
  const TemporaryFolder folder;
  const std::string whole = log_text(3);
  const std::size_t second_end = whole.find('\n', whole.find('\n') + 1) + 1;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (whole[size - 1] == '\n') continue;
    CAPTURE(size);
    put(folder / "log", whole.substr(0, size));
    const AuditReport torn = verify_audit_log(folder / "log");
    CHECK(torn.state == AuditState::torn);
    CHECK(torn.problems.empty());
    CHECK(torn.notes.size() == 1);

    AuditLog log(folder / "log");
    log.append(entries(1));
    const AuditReport mended = verify_audit_log(folder / "log");
    CHECK(mended.state == AuditState::sound);
    CHECK(mended.recoveries == 1);
    CHECK(mended.records == torn.records + 2);
    CHECK(text_of(folder / "log").starts_with(whole.substr(0, size)));  // nothing was taken away
  }
  // The recovery torn in its turn, anywhere.
  put(folder / "log", whole.substr(0, second_end + 40));
  AuditLog(folder / "log").append(entries(1));
  const std::string mended = text_of(folder / "log");
  for (std::size_t size = second_end + 41; size < mended.size(); ++size) {
    if (mended[size - 1] == '\n') continue;
    put(folder / "log", mended.substr(0, size));
    CHECK(verify_audit_log(folder / "log").state == AuditState::torn);
    AuditLog(folder / "log").append(entries(1));
    CHECK(verify_audit_log(folder / "log").state == AuditState::sound);
  }
}

TEST_CASE("torn text can't be taken away or put in later") {
  const std::string text = log_with_recovery();
  const std::size_t torn = text.find("{\"record\":3,\"previous\":\"0123{");
  REQUIRE(torn != std::string::npos);
  std::string without = text;
  without.erase(torn, std::string("{\"record\":3,\"previous\":\"0123").size());
  CHECK(report_on(without).state == AuditState::changed);
  const std::vector<std::string> lines = lines_of(log_text(2));
  CHECK(report_on(lines[0] + "{\"record\":2" + lines[1]).state == AuditState::changed);
}

TEST_CASE("what is no log is left alone") {
  const TemporaryFolder folder;
  const std::string stope = "stope_name,rqd\nA,50\n";
  for (const std::string& text : {stope, std::string("A"), std::string("\n"), std::string("{\"a\":1}\n"),
                                  log_text(2) + "x\n", std::string(3, '\0')}) {
    put(folder / "file", text);
    expect_error(ErrorCode::failure, "nothing is added to it", [&] { AuditLog log(folder / "file"); });
    CHECK(text_of(folder / "file") == text);
  }
  std::string edited = log_text(2);
  edited[edited.size() - 100] ^= 1;
  put(folder / "file", edited);
  expect_error(ErrorCode::failure, "its last record is not as it was written",
               [&] { AuditLog log(folder / "file"); });
  CHECK(report_on("stope_name,rqd").state == AuditState::changed);
  expect_error(ErrorCode::failure, "", [&] { AuditLog log(folder.path()); });
  expect_error(ErrorCode::failure, "No such file", [&] { AuditLog log(folder / "no" / "log"); });
  expect_error(ErrorCode::failure, "No such file", [&] { verify_audit_log(folder / "none"); });
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  expect_error(ErrorCode::failure, "regular file", [&] { AuditLog log(folder / "pipe"); });
  expect_error(ErrorCode::failure, "regular file", [&] { verify_audit_log(folder / "pipe"); });
}

TEST_CASE("an empty log is sound; a line without end is not read into memory") {
  CHECK(report_on("").state == AuditState::sound);
  CHECK(report_on("", std::string(io::no_audit_record)).record_of_known_head == 0);
  const std::string huge(3 * io::longest_audit_line, 'x');
  CHECK(report_on(log_text(1) + huge + "\n").problem_count == 1);
  CHECK(report_on(log_text(1) + huge).state == AuditState::torn);
  expect_error(ErrorCode::failure, "at most", [&] {
    const TemporaryFolder folder;
    const AuditEntry large{"answer", "{\"a\":\"" + huge + "\"}"};
    AuditLog(folder / "log").append({&large, 1});
  });
}

TEST_CASE("a lock that is held is waited for, then named") {
  const TemporaryFolder folder;
  AuditLog log(folder / "log", std::chrono::milliseconds(30));
  const int other = ::open((folder / "log").c_str(), O_RDONLY);
  REQUIRE(::flock(other, LOCK_EX) == 0);
  const std::vector<AuditEntry> one = entries(1);
  expect_error(ErrorCode::failure, "another process holds the lock", [&] { log.append(one); });
  CHECK(text_of(folder / "log").empty());
  ::close(other);
  CHECK(log.append(one).records == 1);
}

TEST_CASE("a log that was moved away is begun anew under its name") {
  const TemporaryFolder folder;
  AuditLog log(folder / "log");
  log.append(entries(2));
  std::filesystem::rename(folder / "log", folder / "old");
  CHECK(log.append(entries(1)).records == 1);
  CHECK(verify_audit_log(folder / "log").records == 1);
  CHECK(verify_audit_log(folder / "old").records == 2);
}

TEST_CASE("a log that is moved away while its lock is waited for is not written to any more") {
  const TemporaryFolder folder;
  AuditLog log(folder / "log");
  log.append(entries(2));
  const int other = ::open((folder / "log").c_str(), O_RDONLY);
  REQUIRE(::flock(other, LOCK_EX) == 0);
  AuditHead head;
  std::thread writer([&] { head = log.append(entries(1)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // sooner or later it waits: both are right
  std::filesystem::rename(folder / "log", folder / "old");
  ::close(other);
  writer.join();
  CHECK(head.records == 1);
  CHECK(verify_audit_log(folder / "log").records == 1);
  CHECK(verify_audit_log(folder / "old").records == 2);
}

TEST_CASE("a run is one sync, behind its last byte; a new log's folder is synced first") {
  const TemporaryFolder folder;
  std::vector<std::string> calls;
  const std::vector<AuditEntry> run = entries(3);
  {
    const SystemCallWatch watch([&](const SystemCall& call) {
      calls.push_back(call.name + " " + std::filesystem::path(call.path).filename().string());
      return Verdict{};
    });
    AuditLog log(folder / "log");
    log.append(run);
    log.append(run);
  }
  const std::string name = folder.path().filename().string();
  CHECK(calls == std::vector<std::string>{"open log", "fsync " + name, "write log", "fsync log", "write log",
                                          "fsync log"});
}

TEST_CASE("whatever system call fails, append() says so and the next one works") {
  std::size_t calls = 0;
  for (std::size_t failing = 1;; ++failing) {
    const TemporaryFolder folder;
    AuditLog(folder / "log").append(entries(1));
    std::size_t seen = 0;
    bool refused = false;
    {
      const SystemCallWatch watch([&](const SystemCall& call) {
        seen = call.number;
        Verdict verdict;
        if (call.number == failing) verdict.error_number = call.name == "write" ? ENOSPC : EIO;
        if (call.name == "write" && call.number + 1 == failing) verdict.write_limit = 100;
        return verdict;
      });
      try {
        AuditLog(folder / "log").append(entries(2));
      } catch (const Error& error) {
        refused = true;
        CHECK(error.code() == ErrorCode::failure);
      }
    }
    calls = std::max(calls, seen);
    if (failing > seen) break;
    CAPTURE(failing);
    CHECK(refused);
    CHECK(AuditLog(folder / "log").append(entries(1)).records >= 2);
    CHECK(verify_audit_log(folder / "log").state == AuditState::sound);
  }
  CHECK(calls >= 2);  // write and fsync
}

TEST_CASE("the documented check in Python agrees") {
  if (std::system("python3 -c '' 2>/dev/null") != 0) {
    MESSAGE("skipped: there is no python3");
    return;
  }
  const TemporaryFolder folder;
  const std::string document = io::read_file(DEEPMINE_SOURCE_ROOT "/docs/audit.md", 1 << 20);
  const std::size_t begin = document.find("```python\n") + 10;
  put(folder / "check.py", document.substr(begin, document.find("```", begin) - begin));
  const auto check = [&](const std::string& text) {
    put(folder / "log", text);
    const std::string at = folder.path().string();
    const bool sound =
        std::system(("python3 " + at + "/check.py " + at + "/log > " + at + "/out 2> /dev/null").c_str()) ==
        0;
    return sound ? text_of(folder / "out") : "changed";
  };
  const std::string text = log_with_recovery();
  const AuditHead head = report_on(text).head;
  CHECK(check(text) == std::to_string(head.records) + " " + head.check + " sound\n");
  CHECK(check(text + "{\"rec").ends_with(" torn\n"));
  for (std::size_t at = 5; at + 1 < text.size(); at += text.size() / 23) {
    std::string damaged = text;
    damaged[at] ^= 1;
    CHECK(check(damaged) == "changed");
  }
}
