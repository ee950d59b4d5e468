// The program around the library: what it has set for itself does not change answers, and is afterwards as it
// was.
#include <doctest/doctest.h>
#include <fenv.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <locale>

#include "io/utf8.h"
#include "tests/io/temporary_folder.h"
#include "tests/library/small_store.h"

using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

/// Every function that can be called, once, and what it said.
struct EveryCall {
  std::string answers;
  std::vector<std::string> messages;

  EveryCall(const std::string& store, dm::Request request) {
    static const std::vector<dm::Case> cases = simulated_cases();  // made once, in the usual state
    dm::Service service(store);
    answers = service.predict(cases, request).json();
    request.samples = 4;
    request.attributions = true;
    const dm::Answers more = service.predict(cases, request, 2);
    for (std::size_t i = 0; i < more.size(); ++i) answers += more.json(i);
    answers += service.refresh().id + service.model_json();
    service.health();
    service.health_json();
    for (const double wrong : {0.905, 1e-3}) {
      request.coverage = wrong;
      note([&] { service.predict(cases, request); });
    }
    request.coverage.reset();
    request.threshold = 1.5;
    note([&] { service.predict(cases, request); });
    note([&] { service.predict_json("{\"statics\": {\"rqd\": \"a\"}}"); });
    note([&] { dm::Service(""); });
  }

  bool operator==(const EveryCall& other) const {
    return answers == other.answers && messages == other.messages;
  }

 private:
  template <class Call>
  void note(Call call) {
    try {
      call();
      messages.emplace_back("no error");
    } catch (const dm::Error& error) {
      messages.emplace_back(error.what());
    }
  }
};

/// The floating-point environment of this thread, put back at the end.
class FloatingPoint {
 public:
  FloatingPoint() { fegetenv(&before_); }
  ~FloatingPoint() { fesetenv(&before_); }
  FloatingPoint(const FloatingPoint&) = delete;
  FloatingPoint& operator=(const FloatingPoint&) = delete;

 private:
  fenv_t before_{};
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace

TEST_CASE("the caller's rounding mode and traps change no bit, and stay") {
  const SmallStore store;
  const EveryCall expected(store.path(), fixed_request());
  int rounding = 0, enabled = 0, traps = 0, raised = 0;
  std::optional<EveryCall> found;
  {
    const FloatingPoint put_back;
    feclearexcept(FE_ALL_EXCEPT);
    fesetround(FE_UPWARD);
    // Programs that compute with traps are ended by a NaN that is compared, and ours stand for missing
    // values.
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    enabled = fegetexcept();  // not every processor has traps
    found.emplace(store.path(), fixed_request());
    rounding = fegetround();
    traps = fegetexcept();
    raised = fetestexcept(FE_ALL_EXCEPT & ~FE_INEXACT);
  }
  CHECK(*found == expected);
  CHECK(rounding == FE_UPWARD);
  CHECK(traps == enabled);
  CHECK(raised == 0);
}

TEST_CASE("errno is what it was") {
  const SmallStore store;
  const dm::Case given = simulated_cases()[0];
  const dm::detail::CaseView view(given);
  const dm_case one = view.get();
  dm_service* service = nullptr;
  dm_answers* answers = nullptr;
  char* text = nullptr;
  int changed = 0;
  const auto call = [&changed](auto function) {
    errno = 77;
    function();
    if (errno != 77) ++changed;
  };
  call([&] { dm_open("/no/such/store", nullptr, &service, nullptr); });
  call([&] { dm_current_model(service, nullptr, nullptr); });
  call([&] { dm_refresh(service, nullptr, nullptr); });
  call([&] { dm_check_health(service, nullptr, nullptr, nullptr); });
  call([&] { dm_close(service); });
  call([&] { dm_open(store.path().c_str(), nullptr, &service, nullptr); });
  call([&] { dm_predict(service, &one, 1, nullptr, 2, &answers, nullptr); });
  call([&] { dm_answers_json(answers, &text, nullptr); });
  call([&] { dm_free_text(text); });
  call([&] { dm_free_answers(answers); });
  call([&] { dm_close(service); });
  CHECK(changed == 0);
}

TEST_CASE("a locale that writes commas and groups changes no answer and no message") {
  struct Commas : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const SmallStore store;
  const EveryCall expected(store.path(), fixed_request());
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Commas));
  std::string of_c;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"})
    if (of_c.empty() && std::setlocale(LC_ALL, name) != nullptr) of_c = name;
  const EveryCall found(store.path(), fixed_request());
  std::setlocale(LC_ALL, "C");
  std::locale::global(before);
  CHECK(found == expected);
  if (of_c.empty()) MESSAGE("no locale with decimal commas is installed: setlocale() was not tried");
}

TEST_CASE("a store is where it was when it was opened, wherever the program goes") {
  SmallStore store;
  const TemporaryFolder elsewhere;
  const fs::path before = fs::current_path(), path = store.path();
  fs::current_path(path.parent_path());
  dm::Service service(path.filename().string());
  fs::current_path(elsewhere / ".");
  const dm_model first = service.current_model();
  store.publish(1);
  const dm_model second = service.refresh();
  fs::current_path(before);
  CHECK(first.version == 1);
  CHECK(second.state == DM_READY);
  CHECK(second.version == 2);
}

TEST_CASE("no file stays open") {
  SmallStore store;
  const std::size_t before = open_descriptors();
  {
    dm::Service service(store.path());
    service.predict(simulated_cases(), fixed_request());
    store.publish(1);
    service.refresh();
    store.damage_current();
    service.refresh();
    service.health();
    CHECK(open_descriptors() == before);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("signals that interrupt every system call change nothing") {
  const SmallStore store;
  const EveryCall expected(store.path(), fixed_request());
  static std::atomic<int> interruptions;
  interruptions = 0;
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { ++interruptions; };  // without SA_RESTART
  sigaction(SIGALRM, &action, &before);
  const itimerval often{{0, 1000}, {0, 1000}}, never{};  // microseconds
  setitimer(ITIMER_REAL, &often, nullptr);
  const EveryCall found(store.path(), fixed_request());
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(found == expected);
  CHECK(interruptions > 0);
}

TEST_CASE("a message is UTF-8, wherever it was cut") {
  const SmallStore store;
  dm::Service service(store.path());
  const auto message_of = [](const auto& call) {
    try {
      call();
    } catch (const dm::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error\xff");
  };
  for (std::size_t length = 30; length < 45; ++length) {
    const std::string text = std::string(length, 'a') + "ööö";
    dm::Request request = fixed_request();
    request.as_of = text;
    for (const std::string& message :
         {message_of([&] { service.predict(simulated_cases(), request); }),
          message_of([&] { service.predict_json("{\"statics\": {\"" + text + "\": 1, \"rqd\": []}}"); }),
          message_of([&] { service.predict_json("{\"as_of\": \"" + text + "\"}"); }),
          message_of([&] { service.predict_json("{\"stope_name\": \"A\xff" + text + "\"}"); }),
          message_of([&] { service.predict_json("{\"stope_name\": \"A\", \"" + text + "\": [}"); })}) {
      CAPTURE(message);
      CHECK(deepmine::io::find_invalid_utf8(message) == message.size());
    }
  }
}
