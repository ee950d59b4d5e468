// Memory that runs out inside of a call: a status, never the end of the program.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/library/small_store.h"

namespace {

constexpr long all = -1;
std::atomic<long> granted{all};  ///< requests from now on; `all`: every one

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  const long left = granted;
  if (left == 0) throw std::bad_alloc();
  if (left > 0) granted = left - 1;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace deepmine::test;

namespace {

/// Opens, asks, shows and closes with so many requests granted. Returns how many calls were refused.
int refusals(const std::string& store, const std::vector<dm_case>& cases, const dm_request& request,
             long requests, long& used) {
  dm_service* service = nullptr;
  dm_answers* answers = nullptr;
  char *one = nullptr, *every = nullptr;
  dm_error error = DM_ERROR_INIT;
  granted = requests;
  const dm_status opened = dm_open(store.c_str(), nullptr, &service, &error);
  const dm_status predicted = dm_predict(service, cases.data(), cases.size(), &request, 1, &answers, &error);
  const dm_status shown = dm_answer_json(answers, 0, &one, &error);
  const dm_status all_shown = dm_answers_json(answers, &every, &error);
  used = requests - granted;
  granted = all;
  CHECK((service != nullptr) == (opened == DM_OK));
  CHECK((answers != nullptr) == (predicted == DM_OK));
  CHECK((one != nullptr) == (shown == DM_OK));
  CHECK((every != nullptr) == (all_shown == DM_OK));
  int refused = 0;
  for (const dm_status status : {opened, predicted, shown, all_shown})
    refused += status == DM_OUT_OF_MEMORY ? 1 : 0;
  dm_free_text(one);
  dm_free_text(every);
  dm_free_answers(answers);
  dm_close(service);
  return refused;
}

}  // namespace

TEST_CASE("wherever memory runs out, the call is refused and the program goes on") {
  const SmallStore store;
  const std::vector<dm::Case> given = simulated_cases();
  std::vector<dm::detail::CaseView> views(given.begin(), given.begin() + 2);
  std::vector<dm_case> cases;
  for (const dm::detail::CaseView& view : views) cases.push_back(view.get());
  dm::Request asked = fixed_request();
  asked.samples = 2;
  asked.attributions = true;
  const dm_request request = dm::detail::request_of(asked);
  constexpr long plenty = 100'000'000;
  constexpr int tries = 250;
  long used = 0, ignored = 0;
  CHECK(refusals(store.path(), cases, request, plenty, used) == 0);
  REQUIRE(used > tries);
  int refused = 0;
  for (long i = 0; i < tries; ++i)
    refused += refusals(store.path(), cases, request, i * used / tries, ignored);
  CHECK(refused > tries / 4);
  MESSAGE(used << " requests, tried at " << tries << " of them: " << refused << " calls refused");
  CHECK(refusals(store.path(), cases, request, plenty, ignored) == 0);
}
