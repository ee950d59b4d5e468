#include "lifecycle/audit_verify.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/nn/error.h"

namespace deepmine::lifecycle {
namespace {

constexpr auto failure = ErrorCode::failure;

/// The lines of a file up to a fixed size, one after the other.
class LineReader {
 public:
  LineReader(const std::filesystem::path& path) : path_(path) {
    file_ = io::open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file_.is_open()) io::throw_system_error(failure, path, "open", errno);
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) io::throw_system_error(failure, path, "examine", errno);
    if (!S_ISREG(status.st_mode)) throw Error(failure, path.string() + ": expected a regular file");
    size_ = settled_size(file_, path);
  }

  std::uint64_t size() const { return size_; }

  struct Line {
    std::string_view text;  ///< without its line feed, until the next call
    bool has_end = false;
    bool too_long = false;  ///< its text is only a part
  };
  /// False at the end.
  bool next(Line& line) {
    line = {};
    std::size_t searched = begin_;
    for (;;) {
      const std::size_t at = buffer_.find('\n', searched);
      line.has_end = at != std::string::npos;
      if (line.has_end) return take(line, at, at + 1);
      searched = buffer_.size() - begin_;
      if (searched > io::longest_audit_line) {  // what can be no record need not be kept
        line.too_long = true;
        begin_ = buffer_.size();
        searched = 0;
      }
      buffer_.erase(0, begin_);
      begin_ = 0;
      if (!fill()) return take(line, buffer_.size(), buffer_.size()) || line.too_long;
    }
  }

 private:
  bool take(Line& line, std::size_t end, std::size_t next) {
    line.text = std::string_view(buffer_).substr(begin_, end - begin_);
    const bool any = next > begin_;
    begin_ = next;
    return any;
  }

  bool fill() {
    constexpr std::uint64_t chunk = 256 * 1024;
    const auto wanted = static_cast<std::size_t>(std::min(chunk, size_ - position_));
    const std::size_t before = buffer_.size();
    buffer_.resize(before + wanted);
    ssize_t got = 0;
    if (wanted > 0) do
        got = ::pread(file_.number(), buffer_.data() + before, wanted, static_cast<off_t>(position_));
      while (got < 0 && errno == EINTR);
    if (got < 0) io::throw_system_error(failure, path_, "read", errno);
    if (got == 0 && wanted > 0) throw Error(failure, path_.string() + ": became shorter while it was read");
    buffer_.resize(before + static_cast<std::size_t>(got));
    position_ += static_cast<std::uint64_t>(got);
    return got > 0;
  }

  const std::filesystem::path& path_;
  io::FileDescriptor file_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the line that comes next
  std::uint64_t size_ = 0, position_ = 0;
};

std::string records_text(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "record " + std::to_string(first) + " is";
  return "records " + std::to_string(first) + " to " + std::to_string(last) + " are";
}

class Verification {
 public:
  Verification(const std::filesystem::path& path, std::string_view known_head, const AuditVisitor& visit)
      : reader_(path), known_head_(known_head), visit_(visit) {}

  AuditReport run() {
    report_.bytes = reader_.size();
    if (known_head_ == io::no_audit_record) report_.record_of_known_head = 0;
    LineReader::Line line;
    while (reader_.next(line)) {
      ++line_number_;
      if (line.has_end)
        check(line);
      else
        note_torn(line);
    }
    end_run();
    if (report_.problem_count > 0) report_.state = AuditState::changed;
    return std::move(report_);
  }

 private:
  void check(const LineReader::Line& line) {
    const io::ParsedAuditLine parsed =
        line.too_long ? io::ParsedAuditLine{} : io::parse_audit_line(line.text);
    const io::AuditLine& record = parsed.line;
    if (parsed.fault == io::AuditLineFault::not_a_record) {
      ++unreadable_;
      ++report_.changed_lines;
      return problem(0, "is no record: it was edited, or put here, or a part of it was cut out");
    }
    if (parsed.fault == io::AuditLineFault::edited) {
      ++unreadable_;
      ++report_.changed_lines;
      return problem(record.number, "was edited: its bytes are not those that its SHA-256 was made of");
    }
    check_place(record);
    expected_ = record.number + 1;
    unreadable_ = 0;
    report_.head = {record.number, record.check};
    ++report_.records;
    if (record.check == known_head_) report_.record_of_known_head = record.number;
    count(record);
    if (visit_) visit_(record, run_ ? &*run_ : nullptr);
  }

  /// Does the record follow the one before it?
  void check_place(const io::AuditLine& record) {
    // A line that can't be read stands for a record, or was put there.
    if (record.number > expected_ + unreadable_)
      return problem(record.number, records_text(expected_, record.number - 1) + " missing before it");
    if (record.number < expected_)
      return problem(record.number, "stands out of order: record " + std::to_string(expected_) +
                                        " was expected; it was moved, doubled, or is of another log");
    const bool follows_directly = record.number == report_.head.records + 1;
    if (follows_directly && record.previous != report_.head.check)
      problem(record.number,
              "does not follow the record before it, whose SHA-256 is another than the one named here: that "
              "one was written anew, or two logs were joined here");
  }

  void count(const io::AuditLine& record) {
    if (record.kind == io::audit_kind::answer) {
      ++report_.answers;
      ++answers_of_run_;
    } else if (record.kind == io::audit_kind::run) {
      end_run();
      begin_run(record);
    } else if (record.kind == io::audit_kind::failure) {
      end_run();
      ++report_.failures;
    } else if (record.kind == io::audit_kind::recovered) {
      ++report_.recoveries;
      note(record.number, std::to_string(record.torn_bytes) +
                              " bytes stand before it that have no end: their writer was killed before it "
                              "handed out any answer of its run, or an end was cut off before this run");
      end_run();
    }
  }

  void begin_run(const io::AuditLine& record) {
    ++report_.runs;
    try {
      run_ = AuditRunOnRecord{record.number, io::parse_audit_run(record.content, "run")};
    } catch (const Error& error) {
      return note(record.number,
                  std::string("not a run that this version of the program can read: ") + error.what());
    }
    run_line_ = line_number_;
    problems_before_run_ = report_.problem_count;
    if (report_.first_time.empty()) report_.first_time = run_->run.time;
    report_.last_time = run_->run.time;
  }

  void end_run() {
    // Where lines were changed, the count says nothing about who was killed.
    const bool is_whole = report_.problem_count == problems_before_run_;
    if (run_ && is_whole && answers_of_run_ != run_->run.answers)
      report_.notes.push_back(
          {run_line_, run_->record,
           "the run announces " + std::to_string(run_->run.answers) + " answers, " +
               std::to_string(answers_of_run_) +
               " follow: its writer was killed before it handed out any of them, or the end was cut off"});
    run_.reset();
    answers_of_run_ = 0;
  }

  void note_torn(const LineReader::Line& line) {
    const bool could_be = line_number_ > 1 || line.too_long || io::is_torn_beginning(line.text);
    if (!could_be) return problem(0, "this is no audit log");
    report_.state = AuditState::torn;
    note(0, "torn: the line has no end (" + std::to_string(line.text.size()) +
                " bytes): its writer was killed before it handed out any answer of its run, or the end was "
                "cut off. The next run goes on behind it");
  }

  void problem(std::uint64_t record, std::string message) {
    constexpr std::size_t most = 100;
    ++report_.problem_count;
    if (report_.problems.size() < most)
      report_.problems.push_back({line_number_, record, std::move(message)});
  }
  void note(std::uint64_t record, std::string message) {
    report_.notes.push_back({line_number_, record, std::move(message)});
  }

  LineReader reader_;
  std::string_view known_head_;
  const AuditVisitor& visit_;
  AuditReport report_;
  std::uint64_t line_number_ = 0, run_line_ = 0, answers_of_run_ = 0, problems_before_run_ = 0;
  std::uint64_t expected_ = 1;    // number of the record that should come next
  std::uint64_t unreadable_ = 0;  // lines since the last sound record
  std::optional<AuditRunOnRecord> run_;
};

}  // namespace

std::string describe(const AuditFinding& finding) {
  std::string place = "line " + std::to_string(finding.line);
  if (finding.record != 0) place += " (record " + std::to_string(finding.record) + ")";
  return place + ": " + finding.message;
}

std::string_view name(AuditState state) {
  switch (state) {
    case AuditState::sound:
      return "sound";
    case AuditState::torn:
      return "torn";
    case AuditState::changed:
      return "changed";
  }
  return "changed";
}

AuditReport verify_audit_log(const std::filesystem::path& file, std::string_view known_head,
                             const AuditVisitor& visit) {
  return Verification(file, known_head, visit).run();
}

}  // namespace deepmine::lifecycle
