#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/sample.h"

using namespace deepmine::test;

TEST_CASE("help stands on stdout, examples first, for the program and every verb") {
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{{},
                                                                                    {"simulate"},
                                                                                    {"validate"},
                                                                                    {"train"},
                                                                                    {"summary"},
                                                                                    {"health"},
                                                                                    {"models"},
                                                                                    {"models", "list"},
                                                                                    {"models", "show"}}) {
    std::vector<std::string> arguments = verb;
    arguments.push_back("--help");
    const ProgramResult result = run_program(arguments);
    CAPTURE(result.out);
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("Examples:\n  deepmine "));
    CHECK(contains(result.out, "\nUsage: deepmine"));
    CHECK(result.err.empty());
    for (const std::string& line : lines_of(result.out)) CHECK(line.size() <= 110);
  }
}

TEST_CASE("the version") {
  const ProgramResult result = run_program({"--version"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with("deepmine "));
  CHECK(lines_of(result.out).size() == 1);
}

TEST_CASE("what can't be understood is exit code 2 and says where help is") {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"trian"},
      {"summary", "--no-such-flag"},
      {"summary", "left-over"},
      {"summary", "train"},
      {"summary", "--static-features"},
      {"summary", "--static-features", "many"},
      {"summary", "--static-features", "20", "--store", "models"},
      {"summary", "--cross-attention", "weeks"},
      {"simulate"},
      {"simulate", "--out", "x", "--seed", "-1"},
      {"models"},
      {"train", "--static", "a.csv"},
      {"train", "--static", "a.csv", "--timeseries", "b.csv", "--split", "weekly"},
      {"train", "--static", "a.csv", "--timeseries", "b.csv", "--threads", "0"},
      {"train", "--static", "a.csv", "--timeseries", "b.csv", "--resume", "a", "b"},
      {"train", "--static", "a.csv", "--timeseries", "b.csv", "--epochs", "1.5"},
  };
  for (const auto& line : lines) {
    const ProgramResult result = run_program(line);
    CAPTURE(line.size());
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.err.starts_with("deepmine: "));
    CHECK(contains(result.err, "--help'."));
  }
}

TEST_CASE("a verb that does not exist is named, with the one that was probably meant") {
  const auto message = [](const std::vector<std::string>& line) {
    const ProgramResult result = run_program(line);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(contains(message({"predit", "--static", "a.csv"}),
                 "there is no command 'predit'; did you mean 'predict'?"));
  CHECK(contains(message({"--json", "--config", "x.toml", "modles", "list"}), "did you mean 'models'?"));
  CHECK(
      contains(message({"models", "lst"}), "there is no command 'models lst'; did you mean 'models list'?"));
  CHECK(contains(message({"blast"}), "there is no command 'blast'; commands are simulate, validate,"));
  CHECK(contains(message({"help", "predit"}), "did you mean 'predict'?"));
  CHECK(contains(message({"predit", "--help"}), "did you mean 'predict'?"));
}

TEST_CASE("`help` and `help VERB` are other words for --help") {
  CHECK(run_program({"help"}).out == run_program({"--help"}).out);
  const ProgramResult verb = run_program({"help", "models", "gc"});
  CHECK(verb.exit_code == 0);
  CHECK(contains(verb.out, "Usage: deepmine models gc"));
}

TEST_CASE("arguments that are not expected stand in the order in which they were written") {
  CHECK(contains(run_program({"summary", "foo", "bar"}).err, "these arguments were not expected: foo bar\n"));
  CHECK(contains(run_program({"summary", "foo"}).err, "this argument was not expected: foo\n"));
}

TEST_CASE("an option before its verb: the message says where it belongs") {
  const ProgramResult result =
      run_program({"--store", "S0", "predict", "--static", "a", "--timeseries", "b"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err,
                 "--store stands before the command; options stand behind it: deepmine predict --store ..."));
  CHECK(contains(run_program({"models", "--store=S0", "list"}).err, "deepmine models list --store=S0 ..."));
}

TEST_CASE("a variable of the environment is blamed only where its value was used") {
  ProgramOptions options;
  options.environment["DEEPMINE_THREADS"] = "3";
  std::vector<std::string> line{"train", "--static", "a.csv", "--timeseries", "b.csv", "--threads", "0"};
  CHECK_FALSE(contains(run_program(line, options).err, "DEEPMINE_THREADS is"));
  line[5] = "--threads=0";
  line.pop_back();
  CHECK_FALSE(contains(run_program(line, options).err, "DEEPMINE_THREADS is"));
}

TEST_CASE("the list of commands has whole sentences") {
  const std::string help = run_program({"--help"}).out;
  const std::size_t list = help.find("\nSubcommands:\n");
  REQUIRE(list != std::string::npos);
  std::vector<std::string> entries;
  for (const std::string& line : lines_of(help.substr(list + 14)))
    if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
      entries.push_back(line);
    else if (!entries.empty())
      entries.back() += line;
  CHECK(entries.size() == 14);
  for (const std::string& entry : entries) CHECK_MESSAGE(entry.ends_with("."), entry);
}

TEST_CASE("values that are numbers but make no sense are exit code 2 before any file is read") {
  for (const std::vector<std::string>& flag :
       std::vector<std::vector<std::string>>{{"--epochs", "0"},
                                             {"--checkpoint-every", "-1"},
                                             {"--batch-size", "1"},
                                             {"--learning-rate", "nan"},
                                             {"--test-split", "1"},
                                             {"--patience", "-3"}}) {
    std::vector<std::string> line{"train", "--static", "/nowhere/a.csv", "--timeseries", "/nowhere/b.csv"};
    line.insert(line.end(), flag.begin(), flag.end());
    const ProgramResult result = run_program(line);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "expected"));
  }
  CHECK(run_program({"summary", "--static-features", "0"}).exit_code == 2);
  CHECK(run_program({"simulate", "--stopes", "0", "--out", "/dev/null/x"}).exit_code == 2);
}

TEST_CASE("flags over environment over configuration file over the default") {
  const TemporaryFolder folder;
  const std::string file = (folder / "options.toml").string();
  write_text(file, "[models.list]\nstore = \"from-file\"\n");
  ProgramOptions with_environment;
  with_environment.environment["DEEPMINE_STORE"] = "from-environment";
  const auto store_of = [](const std::vector<std::string>& arguments, const ProgramOptions& options) {
    const ProgramResult result = run_program(arguments, options);
    CHECK(result.exit_code == 4);
    return result.err.substr(0, result.err.find(": there is no model"));
  };
  CHECK(store_of({"models", "list"}, {}) == "deepmine: models");
  CHECK(store_of({"models", "list", "--config", file}, {}) == "deepmine: from-file");
  CHECK(store_of({"models", "list", "--config", file}, with_environment) == "deepmine: from-environment");
  CHECK(store_of({"models", "list"}, with_environment) == "deepmine: from-environment");
  CHECK(store_of({"models", "list", "--config", file, "--store", "from-flag"}, with_environment) ==
        "deepmine: from-flag");
  CHECK(store_of({"--config", file, "models", "list"}, {}) == "deepmine: from-file");
}

TEST_CASE(
    "a key before any section belongs to the verb that was chosen; sections of other verbs do not matter") {
  const TemporaryFolder folder;
  const std::string file = (folder / "options.ini").string();
  write_text(file, "# comment\nstatic-features = 20\njson = true\n[train]\nepochs = 7\n");
  const ProgramResult result = run_program({"summary", "--config", file});
  CHECK(result.exit_code == 0);
  CHECK(nlohmann::json::parse(result.out)["total_parameters"] == 416780);
}

TEST_CASE("faults of the configuration file and the environment are usage errors that name them") {
  const TemporaryFolder folder;
  const std::string file = (folder / "options.toml").string();
  const auto error_of = [&](const std::string& text) {
    write_text(file, text);
    const ProgramResult result = run_program({"summary", "--config", file});
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(contains(error_of("static-fetures = 20\n"), "sets 'static-fetures': deepmine summary has no option"));
  CHECK(contains(error_of("[sumary]\nstatic-features = 20\n"), "section [sumary]"));
  CHECK(contains(error_of("static-features = many\n"), file));
  CHECK(contains(error_of("[train]\nepochs = many\n"), "--epochs"));

  const ProgramResult missing = run_program({"summary", "--config", (folder / "none.toml").string()});
  CHECK(missing.exit_code == 2);
  CHECK(contains(missing.err, "none.toml"));

  ProgramOptions options;
  options.environment["DEEPMINE_THREADS"] = "all";
  const ProgramResult threads = run_program({"train", "--static", "a", "--timeseries", "b"}, options);
  CHECK(threads.exit_code == 2);
  CHECK(contains(threads.err, "DEEPMINE_THREADS is 'all'"));
}

TEST_CASE("a result that can't be written is a failure") {
  ProgramOptions options;
  options.stdout_file = "/dev/full";
  const ProgramResult result = run_program({"summary"}, options);
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "can't write the result"));
}

TEST_CASE("colour on terminals only, and not with NO_COLOR") {
  if (!deepmine::test::terminals_are_available()) {
    MESSAGE("skipped: this system has no pseudo-terminals");
    return;
  }
  ProgramOptions terminal;
  terminal.terminal = true;
  CHECK(contains(run_program({"summary"}, terminal).out, "\x1b["));
  terminal.environment["NO_COLOR"] = "1";
  CHECK_FALSE(contains(run_program({"summary"}, terminal).out, "\x1b["));
  CHECK_FALSE(contains(run_program({"summary"}).out, "\x1b["));
}

TEST_CASE("an empty value is a usage error, never the default") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"predict", "--static", "s", "--timeseries", "t", "--as-of", ""},
           {"predict", "--static", "s", "--timeseries", "t", "--threshold="},
           {"train", "--static", "s", "--timeseries", "t", "--l2", ""},
           {"summary", ""}}) {
    const ProgramResult result = run_program(arguments);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "is empty"));
  }
}
