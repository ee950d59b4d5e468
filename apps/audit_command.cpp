#include "apps/audit_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <string>

#include "apps/common_options.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/field_json.h"
#include "lifecycle/audit_replay.h"
#include "lifecycle/audit_verify.h"

namespace deepmine::apps {
namespace {

using lifecycle::AuditFinding;
using lifecycle::AuditReplay;
using lifecycle::AuditReport;
using lifecycle::AuditState;

constexpr const char* examples =
    "deepmine audit verify answers.log                  # was anything in it changed?\n"
    "deepmine audit verify answers.log --head 5a8e...   # is all of it there that was there then?\n"
    "deepmine audit replay answers.log --store models   # does every answer come out the same?\n"
    "deepmine predict --audit answers.log ...           # this writes one";

constexpr const char* verify_description =
    "Reads an audit log from end to end and names every line that was edited, taken away, put in, moved or\n"
    "doubled, and every place where two logs were joined. That its end was cut off, or that all of it was\n"
    "written anew, can be seen only by somebody who kept a head: the SHA-256 of the last record, which\n"
    "predict and verify print. --head looks for it.\n"
    "A torn last line is what a killed process leaves behind: it is reported, and is no fault of the log.\n"
    "Exit codes: 0 nothing was changed, 1 the file can't be read, 2 usage, 3 something was changed, or the\n"
    "head is not there.";

constexpr const char* replay_description =
    "Verifies an audit log, then computes every answer again from what stands in it: with the version of "
    "the\n"
    "model that the record names, from the store, in service or not. Answers are compared bit for bit; "
    "where\n"
    "the arithmetic is another one (other kernels, another numerics version or C library) and the bits\n"
    "differ, to 1e-5, and it says so.\n"
    "Exit codes: 0 all answers came out the same, 1 one did not, or the file can't be read, 2 usage, 3 the\n"
    "log was changed, 4 an answer can't be computed again (its model is not in the store any more, or is\n"
    "damaged). Where several hold: 3, then 1, then 4.";

struct AuditOptions {
  std::string file, head, store;
};

// ---- verify

/// A head as it was printed, in lower case.
std::string checked_head(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool is_hash = head.size() == io::no_audit_record.size() &&
                       head.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash)
    throw Error(ErrorCode::usage, "--head is '" + printable(head) +
                                      "', expected the 64 hexadecimal digits that predict or verify printed");
  return head;
}

io::OrderedJson findings_json(const std::vector<AuditFinding>& findings) {
  io::OrderedJson list = io::OrderedJson::array();
  for (const AuditFinding& finding : findings)
    list.push_back({{"line", finding.line},
                    {"record", finding.record != 0 ? io::OrderedJson(finding.record) : nullptr},
                    {"message", finding.message}});
  return list;
}

io::OrderedJson report_json(const AuditOptions& options, const AuditReport& report) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(text);
  };
  io::OrderedJson json{{"file", options.file},
                       {"state", name(report.state)},
                       {"bytes", report.bytes},
                       {"records", report.records},
                       {"runs", report.runs},
                       {"answers", report.answers},
                       {"failures", report.failures},
                       {"recoveries", report.recoveries},
                       {"first_time", or_null(report.first_time)},
                       {"last_time", or_null(report.last_time)},
                       {"last_record", report.head.records},
                       {"head", report.head.check},
                       {"changed_lines", report.changed_lines},
                       {"problem_count", report.problem_count},
                       {"problems", findings_json(report.problems)},
                       {"notes", findings_json(report.notes)}};
  if (!options.head.empty())
    json["known_head"] = {
        {"check", options.head},
        {"record", report.record_of_known_head ? io::OrderedJson(*report.record_of_known_head) : nullptr}};
  return json;
}

constexpr std::size_t most_shown = 20;

/// The first of them, at most `most_shown`. Lines one behind the other of which the same is to be said are
/// one finding: a file that is no log at all says it of each.
std::string findings_text(const std::vector<AuditFinding>& findings, std::uint64_t count) {
  std::string text;
  std::size_t told = 0, shown = 0;
  while (told < findings.size() && shown < most_shown) {
    const AuditFinding& first = findings[told];
    std::size_t end = told + 1;
    while (end < findings.size() && first.record == 0 && findings[end].record == 0 &&
           findings[end].message == first.message && findings[end].line == findings[end - 1].line + 1)
      ++end;
    const std::string line = end == told + 1 ? describe(first)
                                             : fmt::format("lines {} to {}: each {}", first.line,
                                                           findings[end - 1].line, first.message);
    text += wrapped("  ", printable(line));
    told = end;
    ++shown;
  }
  return told < count ? text + fmt::format("  ... and {} more\n", with_thousands(count - told)) : text;
}

std::string counted(std::uint64_t count, const std::string& what) {
  return with_thousands(count) + " " + what + (count == 1 ? "" : "s");
}

std::string state_text(const AuditReport& report) {
  if (report.state == AuditState::changed && report.records == 0)
    return "CHANGED: not one record is as it was written, or this is no audit log";
  if (report.state == AuditState::changed) return "CHANGED: it is not as it was written";
  if (report.records == 0 && report.state == AuditState::sound) return "empty";
  return report.state == AuditState::torn ? "sound, with a torn last line" : "sound";
}

std::string report_text(const AuditOptions& options, const AuditReport& report) {
  std::string text = printable(options.file) + ": " + state_text(report) + "\n";
  text +=
      fmt::format("records  {}: {}, {}, {}\n", with_thousands(report.records), counted(report.runs, "run"),
                  counted(report.answers, "answer"), counted(report.failures, "failed run"));
  if (report.runs > 0)
    text += fmt::format("runs     {} to {}\n", printable(report.first_time), printable(report.last_time));
  text += fmt::format("head     {} (record {})\n", report.head.check, report.head.records);
  if (report.problem_count > 0) {
    text += "\n" + counted(report.problem_count, "problem") + ":\n" +
            findings_text(report.problems, report.problem_count);
  }
  if (!report.notes.empty()) text += "\nNotes:\n" + findings_text(report.notes, report.notes.size());
  return text;
}

std::string known_head_text(const AuditReport& report) {
  if (!report.record_of_known_head)
    return "\nThe head that was asked for is NOT in this log: its end was cut off, it was written anew, or "
           "it "
           "is another log.\n";
  if (report.state == AuditState::changed)
    return fmt::format("\nThe head that was asked for is that of record {}.\n", *report.record_of_known_head);
  return fmt::format(
      "\nThe head that was asked for is that of record {}: up to there, all is as it was then.\n",
      *report.record_of_known_head);
}

int run_verify(AuditOptions options, const Context& context) {
  if (!options.head.empty()) options.head = checked_head(options.head);
  const AuditReport report = lifecycle::verify_audit_log(options.file, options.head);
  if (context.json)
    print_result(io::json_text(report_json(options, report)));
  else
    print_result(report_text(options, report) + (options.head.empty() ? "" : known_head_text(report)));
  const bool is_head_there = options.head.empty() || report.record_of_known_head.has_value();
  return report.state != AuditState::changed && is_head_there ? 0 : exit_code(ErrorCode::data_invalid);
}

// ---- replay

std::string replay_json(const AuditOptions& options, const AuditReplay& replay) {
  io::OrderedJson json{{"log", report_json(options, replay.log)}, {"store", options.store},
                       {"bit_for_bit", replay.bit_for_bit},       {"to_tolerance", replay.to_tolerance},
                       {"different", replay.different},           {"not_replayed", replay.not_replayed},
                       {"exceptions", io::OrderedJson::array()}};
  for (const lifecycle::ReplayedAnswer& answer : replay.exceptions)
    json["exceptions"].push_back({{"record", answer.record},
                                  {"stope_name", answer.stope_name},
                                  {"outcome", name(answer.outcome)},
                                  {"detail", answer.detail}});
  return io::json_text(json);
}

/// What a changed log leaves open, for the last line: the answers that came out the same are no good news
/// then.
std::string changed_text(const AuditReport& log) {
  if (log.state != AuditState::changed) return "";
  const std::string changed = fmt::format(
      "{} could not be replayed, because {}", counted(log.changed_lines, "record"),
      log.changed_lines == 1 ? "it is not as it was written" : "they are not as they were written");
  const std::string_view moved = "records are missing or out of order";
  const std::string what = log.changed_lines == 0 ? std::string(moved)
                           : log.problem_count == log.changed_lines
                               ? changed
                               : fmt::format("{}, and {}", changed, moved);
  return fmt::format("\nThe log was CHANGED: {}; see the problem{} above.\n", what,
                     log.problem_count == 1 ? "" : "s");
}

std::string replay_text(const AuditOptions& options, const AuditReplay& replay) {
  std::string text = report_text(options, replay.log) + "\n";
  text += fmt::format("{} of {} answers{} came out the same, bit for bit\n",
                      with_thousands(replay.bit_for_bit), with_thousands(replay.log.answers),
                      replay.log.state == AuditState::changed ? " that are as they were written" : "");
  const auto add = [&text](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{} {}\n", with_thousands(count), what);
  };
  add(replay.to_tolerance, "came out the same to 1e-5, with other arithmetic");
  add(replay.different, "came out DIFFERENT");
  add(replay.not_replayed, "could not be computed again");
  for (std::size_t i = 0; i < std::min(most_shown, replay.exceptions.size()); ++i) {
    const lifecycle::ReplayedAnswer& answer = replay.exceptions[i];
    text += wrapped("  ", printable(fmt::format("record {}, {}: {}: {}", answer.record, answer.stope_name,
                                                name(answer.outcome), answer.detail)));
  }
  if (replay.exceptions.size() > most_shown)
    text += fmt::format("  ... and {} more (--json has up to a thousand)\n",
                        replay.exceptions.size() - most_shown);
  return text + changed_text(replay.log);
}

int run_replay(const AuditOptions& options, const Context& context) {
  const AuditReplay replay = lifecycle::replay_audit_log(options.file, lifecycle::ModelStore(options.store));
  print_result(context.json ? replay_json(options, replay) : replay_text(options, replay));
  if (replay.log.state == AuditState::changed) return exit_code(ErrorCode::data_invalid);
  if (replay.different > 0) return exit_code(ErrorCode::failure);
  return replay.not_replayed > 0 ? exit_code(ErrorCode::model_missing) : 0;
}

CLI::App* add_action(CLI::App& audit, Context& context, const char* action, const char* description,
                     const std::shared_ptr<AuditOptions>& options, int (*run)(AuditOptions, const Context&)) {
  CLI::App* verb = audit.add_subcommand(action, description);
  set_examples(*verb, examples);
  verb->add_option("FILE", options->file, "Audit log, as predict --audit writes it")->required();
  verb->callback([options, run, &context] {
    context.run = [options, run, &context] { return run(*options, context); };
  });
  return verb;
}

}  // namespace

void add_audit_command(CLI::App& program, Context& context) {
  CLI::App* verb = program.add_subcommand(
      "audit",
      "The record of every answer that was given: was it changed, and is every answer still the same.");
  set_examples(*verb, examples);
  verb->require_subcommand(1);
  const auto options = std::make_shared<AuditOptions>();
  add_action(*verb, context, "verify", verify_description, options, &run_verify)
      ->add_option("--head", options->head, "A head that was printed earlier: is that record still there?")
      ->type_name("HASH");
  add_store_option(*add_action(*verb, context, "replay", replay_description, options,
                               [](AuditOptions values, const Context& c) { return run_replay(values, c); }),
                   options->store);
}

}  // namespace deepmine::apps
