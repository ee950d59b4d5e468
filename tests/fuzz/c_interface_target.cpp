// Hostile arguments to the C interface: structures of odd sizes, lists that are not there, names and numbers
// of any kind. Whatever comes, a call ends with a status, and no doubt reads as "stable".
#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "library/deepmine.h"
#include "lifecycle/store_writer.h"
#include "tests/fuzz/target.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/smallest_model.h"

using namespace deepmine;

namespace {

/// The smallest model in a store of its own, for as long as the process lives.
dm_service* service() {
  static const test::TemporaryFolder folder;
  static dm_service* const made = [] {
    const lifecycle::ModelStore store(folder / "m");
    store.lock_for_writing().publish(test::smallest_model_files(1));
    dm_service* opened = nullptr;
    dm_options options = DM_OPTIONS_INIT;
    options.refresh_milliseconds = 1'000'000;
    fuzz::require(dm_open(store.root().c_str(), &options, &opened, nullptr) == DM_OK,
                  "a store can be opened");
    return opened;
  }();
  return made;
}

/// Arguments from the fuzzer's bytes; zeros when they are used up.
class Arguments {
 public:
  Arguments(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  unsigned choice(unsigned count) { return byte() % count; }
  double number() {
    constexpr std::array<double, 12> odd{0, 1, -1, 50, 0.5, 1e300, -1e-300, 90, 4000, 501, HUGE_VAL, NAN};
    const unsigned kind = byte();
    if (kind < odd.size()) return odd[kind];
    if (kind < 200) return kind / 4.0;
    double value = 0;
    take(&value, sizeof value);
    return value;
  }
  const char* text(std::initializer_list<const char*> known) {
    const unsigned kind = byte();
    if (kind % 16 == 15) return nullptr;
    if (kind % 16 == 14) {
      std::string& own = texts_.emplace_back(choice(24), '\0');
      take(own.data(), own.size());
      return own.c_str();
    }
    return known.begin()[kind % known.size()];
  }
  std::size_t count(std::size_t usual) {
    constexpr std::array<std::size_t, 4> odd{0, 1'000'001, SIZE_MAX, SIZE_MAX / 8};
    const unsigned kind = byte();
    return kind < odd.size() ? odd[kind] : usual;
  }
  std::size_t size_of(std::size_t usual) {
    const unsigned kind = byte();
    return kind == 1 ? 0 : kind == 2 ? usual - 1 : kind == 3 ? SIZE_MAX : usual;
  }
  std::string rest() { return {reinterpret_cast<const char*>(data_) + at_, size_ - at_}; }
  std::uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }

 private:
  void take(void* out, std::size_t size) {
    const std::size_t there = std::min(size, size_ - at_);
    std::memcpy(out, data_ + at_, there);
    at_ += there;
  }

  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
  std::deque<std::string> texts_;
};

/// A case and what it points to.
struct Case {
  std::vector<dm_number> numbers;
  std::vector<dm_category> categories;
  std::vector<const char*> times;
  std::vector<std::int64_t> microseconds;
  std::vector<std::vector<double>> columns;
  std::vector<dm_series> series;
};

dm_case make_case(Arguments& from, Case& own, const char* usual_name) {
  for (const char* name :
       {"rqd", "hr", "depth", "dip", "undercut_wdt", "support_density", "support_installed"})
    own.numbers.push_back({from.text({name, name, name, name, "rqd", "rpd"}), from.number()});
  for (const auto& [name, value] :
       {std::pair{"direction", "North"}, {"rock_type", "Granite"}, {"support_type", "Mesh"}})
    own.categories.push_back({from.text({name, name, name, name, "direction"}),
                              from.text({value, value, value, "None", "Slate", ""})});
  const std::size_t readings = from.choice(24);
  for (std::size_t i = 0; i < readings; ++i) {
    own.microseconds.push_back(static_cast<std::int64_t>(19'723 + i) * 86'400'000'000 + from.choice(3));
    own.times.push_back(
        from.text({"2024-01-01", "2024-01-02", "2024-01-03T12:30", "2024-01-04 01:02:03.5", "x"}));
  }
  for (std::size_t sensor = 0; sensor < 5; ++sensor) {
    std::vector<double>& column = own.columns.emplace_back();
    for (std::size_t i = 0; i < readings; ++i) column.push_back(from.number());
  }
  const char* const sensors[] = {"vibration_velocity", "deformation_rate", "stress", "temperature",
                                 "humidity"};
  for (std::size_t sensor = 0; sensor < 5; ++sensor)
    own.series.push_back({from.text({sensors[sensor], sensors[sensor], sensors[sensor], "stress"}),
                          from.choice(40) == 39 ? nullptr : own.columns[sensor].data()});
  dm_case made = DM_CASE_INIT;
  made.size = from.size_of(sizeof made);
  made.stope_name = from.text({usual_name, usual_name, usual_name, usual_name, "A", ""});
  made.numbers = from.choice(40) == 39 ? nullptr : own.numbers.data();
  made.number_count = from.count(own.numbers.size());
  made.categories = own.categories.data();
  made.category_count = from.count(own.categories.size());
  made.reading_count = from.count(readings);
  const unsigned clock = from.choice(8);
  made.microseconds = clock < 5 || clock == 7 ? own.microseconds.data() : nullptr;
  made.timestamps = clock >= 6 ? nullptr : clock == 5 ? own.times.data() : nullptr;
  made.series = own.series.data();
  made.series_count = from.count(own.series.size());
  // A list that is shorter than its count can't be seen from the other side: that is the caller's to get
  // right.
  if (made.number_count > own.numbers.size() && made.number_count <= 1000) made.number_count = 0;
  if (made.category_count > own.categories.size() && made.category_count <= 1000) made.category_count = 0;
  return made;
}

void check_answer(const dm_answer& answer) {
  fuzz::require(answer.size == sizeof answer, "an answer says its size");
  fuzz::require(answer.status >= DM_ANSWER_OK && answer.status <= DM_ANSWER_REJECTED,
                "an answer has a status");
  const bool is_answered = answer.status == DM_ANSWER_OK || answer.status == DM_ANSWER_WARNING;
  fuzz::require(answer.stable == DM_UNKNOWN || (is_answered && answer.method == DM_METHOD_NETWORK),
                "only the network, and only where the data allows it, says stable or not");
  fuzz::require(std::isnan(answer.instability_probability) == (answer.stable == DM_UNKNOWN),
                "a probability stands beside a verdict and nowhere else");
  fuzz::require(is_answered || answer.reason_count > 0, "no answer without a reason");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arguments from(data, size);
  const std::size_t count = from.choice(3);
  std::vector<Case> own(count);
  std::vector<dm_case> cases;
  for (std::size_t i = 0; i < count; ++i) cases.push_back(make_case(from, own[i], i == 0 ? "A" : "B"));
  dm_request request = DM_REQUEST_INIT;
  request.size = from.size_of(sizeof request);
  request.as_of =
      from.choice(2) == 0 ? nullptr : from.text({"2024-01-20", "2024-01-10", "today", "9999-12-31"});
  request.threshold = from.choice(4) == 3 ? from.number() : 0;
  // From the last byte, so that what the corpus holds goes on meaning what it meant.
  const std::uint8_t last = size > 0 ? data[size - 1] : 0;
  request.coverage = last % 8 == 7 ? last / 250.0 : 0;
  request.samples = last % 16 == 15 ? last / 50 : 0;
  request.attributions = last % 64 == 63 ? 1 : 0;
  dm_error error = DM_ERROR_INIT;
  error.size = from.size_of(sizeof error) % (sizeof error + 1);
  dm_answers* answers = nullptr;
  // Never a count that is larger than the array but small enough to be believed.
  const std::size_t given = from.byte() == 255 ? SIZE_MAX : count;
  const std::int32_t threads = from.choice(20) == 19 ? -1 : 1;
  const dm_status status = dm_predict(service(), cases.data(), given,
                                      from.choice(4) == 3 ? nullptr : &request, threads, &answers, &error);
  fuzz::require(status == DM_OK || status == DM_USAGE, "a call is answered, or makes no sense");
  fuzz::require((answers != nullptr) == (status == DM_OK), "there are answers where there is no error");
  fuzz::require(dm_answer_count(answers) == (status == DM_OK ? count : 0), "an answer for each case");
  for (std::size_t i = 0; i < dm_answer_count(answers); ++i) {
    check_answer(*dm_get_answer(answers, i));
    char* json = nullptr;
    fuzz::require(dm_answer_json(answers, i, &json, &error) == DM_OK && std::strlen(json) > 0,
                  "every answer can be shown as JSON");
    dm_free_text(json);
  }
  dm_free_answers(answers);

  const std::string text = from.rest();
  char* json = nullptr;
  const dm_status of_text = dm_predict_json(service(), text.data(), text.size(), nullptr, 1, &json, nullptr);
  fuzz::require(of_text == DM_OK || of_text == DM_DATA_INVALID, "a text is a case, or it is none");
  fuzz::require((json != nullptr) == (of_text == DM_OK), "there is an answer where there is no error");
  dm_free_text(json);
  return 0;
}
