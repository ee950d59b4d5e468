// `deepmine predict --stream`: a JSON case a line, an answer a line.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/small_mine.h"

using namespace deepmine::test;
using Json = nlohmann::ordered_json;

namespace {

Json number(const std::string& cell) {
  return cell.empty() ? Json(nullptr) : Json::parse(cell);
}

/// A stope of the mine as a line.
Json case_of(const SmallMine& mine, const std::string& name) {
  Json made{{"stope_name", name}, {"statics", Json::object()}, {"readings", Json::array()}};
  for (const Cells& row : mine.statics.rows) {
    if (row[0] != name) continue;
    for (const char* column :
         {"rqd", "hr", "depth", "dip", "undercut_wdt", "support_density", "support_installed"})
      made["statics"][column] = number(row[mine.statics.column(column)]);
    for (const char* column : {"direction", "rock_type", "support_type"})
      made["statics"][column] = row[mine.statics.column(column)];
  }
  for (const std::size_t row : mine.rows_of(name)) {
    const Cells& cells = mine.readings.rows[row];
    Json reading{{"timestamp", cells[mine.readings.column("timestamp")]}};
    for (const char* sensor : {"vibration_velocity", "deformation_rate", "stress", "temperature", "humidity"})
      reading[sensor] = number(cells[mine.readings.column(sensor)]);
    made["readings"].push_back(std::move(reading));
  }
  return made;
}

struct Answered {
  int exit_code = -1;
  std::vector<Json> lines;
  std::string err;
};

Answered stream(const std::string& input, std::vector<std::string> more = {},
                const std::filesystem::path& store = trained_store()) {
  std::vector<std::string> words{"predict", "--stream", "--store", store};
  words.insert(words.end(), more.begin(), more.end());
  ProgramOptions options;
  options.input = input;
  const ProgramResult result = run_program(words, options);
  Answered answered{result.exit_code, {}, result.err};
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) answered.lines.push_back(Json::parse(line));
  return answered;
}

Json without_time(Json answer) {
  answer.erase("timestamp");
  return answer;
}

std::string newest_day(const SmallMine& mine) {
  std::string newest;
  for (std::size_t row = 1; row < mine.readings.rows.size(); ++row)
    newest = std::max(newest, mine.readings.rows[row][mine.readings.column("timestamp")].substr(0, 10));
  return newest;
}

/// The program, spoken to through two pipes.
class Conversation {
 public:
  explicit Conversation(const std::vector<std::string>& more) {
    int in[2], out[2];
    REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    std::vector<std::string> words{DEEPMINE_PROGRAM, "predict", "--stream", "--store", trained_store()};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  ~Conversation() {
    if (to_ >= 0) ::close(to_);
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(from_);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// Sends a line and waits for one; empty if none came within a minute.
  std::string ask(const std::string& line) {
    const std::string sent = line + "\n";
    REQUIRE(::write(to_, sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()));
    std::string got;
    pollfd stream{from_, POLLIN, 0};
    while (::poll(&stream, 1, 60'000) == 1) {
      char c = 0;
      if (::read(from_, &c, 1) != 1 || c == '\n') return got;
      got += c;
    }
    return {};
  }
  int end() {
    ::close(std::exchange(to_, -1));
    int status = 0;
    ::waitpid(process_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
};

}  // namespace

TEST_CASE("a line gets the answer that its stope gets from the files, in the order of the lines") {
  const SmallMine mine;
  const std::string day = newest_day(mine);
  const Predictions files = predict_json(mine, {"--as-of", day});
  std::string input;
  std::vector<std::string> names;
  for (int round = 0; round < 20; ++round)
    for (const std::string& name : good_stopes()) {
      input += case_of(mine, name).dump() + "\n";
      names.push_back(name);
    }
  for (const char* threads : {"1", "3"}) {
    CAPTURE(threads);
    const Answered answered = stream(input, {"--as-of", day, "--threads", threads});
    CHECK(answered.exit_code == 0);
    CHECK(answered.err.empty());
    REQUIRE(answered.lines.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(without_time(answered.lines[i]) == without_time(files.of(names[i])));
  }
}

TEST_CASE("a case is a data set of its own: its answer does not depend on its neighbours") {
  const SmallMine mine;
  Json old = case_of(mine, good_stopes()[0]);
  while (old["readings"].size() > 40) old["readings"].erase(old["readings"].end() - 1);
  const Answered alone = stream(old.dump());
  const Answered beside = stream(case_of(mine, good_stopes()[1]).dump() + "\n" + old.dump() + "\n");
  REQUIRE(alone.lines.size() == 1);
  REQUIRE(beside.lines.size() == 2);
  CHECK(without_time(alone.lines[0]) == without_time(beside.lines[1]));
  for (const Json& reason : alone.lines[0]["reasons"]) CHECK(reason["code"] != "reading_too_old");
  old["as_of"] = newest_day(mine);  // the line's own day
  const Answered late = stream(old.dump());
  CHECK(late.lines[0]["status"] == "abstain");
  CHECK(late.exit_code == 5);
}

TEST_CASE("a line that is no case is answered by an error, and the next one as if nothing had been") {
  const SmallMine mine;
  const std::string good = case_of(mine, good_stopes()[0]).dump();
  Json impossible = case_of(mine, good_stopes()[1]);
  impossible["statics"]["rqd"] = 400;
  const std::string input = good + "\nnot JSON\n\n" + R"({"stope_name": "A"})" + "\n\xff\xfe\n" + good +
                            "\n" + impossible.dump() + "\n" + good;  // without a line feed at its end
  for (const char* threads : {"1", "2"}) {
    const Answered answered = stream(input, {"--threads", threads});
    CHECK(answered.exit_code == 5);
    REQUIRE(answered.lines.size() == 8);
    for (const std::size_t line : {1, 2, 3, 4}) {
      const Json& error = answered.lines[line]["error"];
      CHECK(error["code"] == "data_invalid");
      CHECK(error["line"] == line + 1);
      CHECK(error["message"].get<std::string>().find("line " + std::to_string(line + 1) + ": ") == 0);
      CHECK_FALSE(answered.lines[line].contains("current_stability"));
    }
    CHECK(without_time(answered.lines[0]) == without_time(answered.lines[5]));
    CHECK(without_time(answered.lines[0]) == without_time(answered.lines[7]));
    CHECK(answered.lines[6]["status"] == "rejected");
    CHECK(answered.lines[6]["current_stability"]["stable"].is_null());
    CHECK(answered.lines[6]["reasons"][0]["message"] == "line 7: rqd 400 lies outside 0 to 100 %");
  }
}

TEST_CASE("each answer is there before the next line is sent") {
  const SmallMine mine;
  for (const char* threads : {"1", "4"}) {
    Conversation program({"--threads", threads});
    for (const std::string& name : good_stopes()) {
      const std::string answer = program.ask(case_of(mine, name).dump());
      REQUIRE_FALSE(answer.empty());
      CHECK(Json::parse(answer)["stope_name"] == name);
      CHECK(Json::parse(program.ask("nonsense")).contains("error"));
    }
    CHECK(program.end() == 5);
  }
}

TEST_CASE("a line of more than 16 MiB is refused, and forgotten") {
  const std::string good = case_of(SmallMine(), good_stopes()[0]).dump();
  const Answered answered =
      stream(good + "\n" + std::string(std::size_t{17} << 20, ' ') + "\n" + good + "\n");
  REQUIRE(answered.lines.size() == 3);
  CHECK(answered.lines[1]["error"]["message"] == "line 2: longer than 16 MiB");
  CHECK(without_time(answered.lines[0]) == without_time(answered.lines[2]));
}

TEST_CASE("nothing in, nothing out") {
  const Answered answered = stream("");
  CHECK(answered.exit_code == 0);
  CHECK(answered.lines.empty());
}

TEST_CASE("exit codes: no model, an alert, no answer") {
  const SmallMine mine;
  const std::string good = case_of(mine, good_stopes()[0]).dump() + "\n";
  const Answered rules = stream(good, {}, "/nowhere/at/all");
  CHECK(rules.exit_code == 4);
  REQUIRE(rules.lines.size() == 1);
  CHECK(rules.lines[0]["method"] != "network");
  CHECK(rules.lines[0]["current_stability"]["stable"] != true);
  std::string all;
  bool any_alert = false;
  for (const std::string& name : mine.names()) all += case_of(mine, name).dump() + "\n";
  for (const Json& line : stream(all).lines) any_alert = any_alert || line["alert_recommended"] == true;
  const int expected = any_alert ? 10 : stream(all).exit_code;
  CHECK(stream(all, {"--exit-on-alert"}).exit_code == expected);
}

TEST_CASE("what a stream has no room for is refused by name") {
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{"Stope_001"},
                                                                                    {"--static", "a.csv"},
                                                                                    {"--timeseries", "a.csv"},
                                                                                    {"--sort"},
                                                                                    {"--detailed"},
                                                                                    {"--export", "a.csv"},
                                                                                    {"--audit", "a.log"}}) {
    CAPTURE(more[0]);
    const Answered answered = stream("", more);
    CHECK(answered.exit_code == 2);
    CHECK(answered.err.find("--stream reads cases from stdin") != std::string::npos);
  }
  CHECK(run_program({"predict", "--store", "m"}).err.find("--static is required") != std::string::npos);
  CHECK(stream("", {"--site", "/nowhere"}).exit_code == 2);
  CHECK(stream("", {"--as-of", "soon"}).exit_code == 2);
}
