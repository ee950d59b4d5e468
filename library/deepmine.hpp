// Deepmine Sentinel for C++17 and later: deepmine.h with owners and exceptions. Header only; link
// libdeepmine.
//
//     dm::Service service("models");
//     for (const dm_answer& answer : service.predict(cases))
//       if (answer.stable != DM_YES) report(answer.stope_name, dm::reasons(answer));
//
// What deepmine.h says of threads, safety and versions holds here, too. Every function that can fail throws
// dm::Error. Answers are those of the C interface: plain structures that live as long as their dm::Answers.
#ifndef DEEPMINE_HPP
#define DEEPMINE_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deepmine.h"

namespace dm {

/// A failed call: what was expected, what was found, what to do.
class Error : public std::runtime_error {
 public:
  explicit Error(const dm_error& error) : std::runtime_error(error.message), status_(error.status) {}
  dm_status status() const noexcept { return status_; }

 private:
  dm_status status_;
};

/// A missing number. Missing is never zero.
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// What the sensors of a stope said at one time (`2024-03-30`, or with `T12:30:00` behind it).
struct Reading {
  std::string timestamp;
  double vibration_velocity = missing;  ///< mm/s
  double deformation_rate = missing;    ///< mm/day
  double stress = missing;              ///< MPa
  double temperature = missing;         ///< degree Celsius
  double humidity = missing;            ///< %
};

/// One stope. Everything but single readings must be given: what is left as it is rejects the case.
struct Case {
  std::string stope_name;
  double rqd = missing;           ///< rock quality designation, %
  double hr = missing;            ///< hydraulic radius, m
  double depth = missing;         ///< m
  double dip = missing;           ///< degree
  double undercut_wdt = missing;  ///< m
  double support_density = missing;
  std::optional<bool> support_installed;
  std::string direction, rock_type, support_type;
  std::vector<Reading> readings;  ///< in order of time
};

/// What is asked, as dm_request has it; empty: the default.
struct Request {
  std::string as_of, today, timestamp;
  std::optional<double> threshold, coverage;
  std::int32_t samples = 0;
  std::uint64_t sample_seed = 0;
  bool attributions = false;
};

/// How a service behaves.
struct Options {
  std::int32_t refresh_milliseconds = 1000;
  bool rules_may_answer = true;
  std::string site_file;
};

/// Goes over anything with operator[]; keeps a copy of it, which is a pointer or two.
template <class Source>
class Iterator {
 public:
  Iterator(Source source, std::size_t index) : source_(source), index_(index) {}
  const auto& operator*() const { return source_[index_]; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator!=(const Iterator& other) const { return index_ != other.index_; }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  Source source_;
  std::size_t index_;
};

/// A list of a dm_answer, for range-based for: `for (const dm_reason& reason : dm::reasons(answer))`.
template <class Element>
class List {
 public:
  List(const Element* const* first, std::size_t size) : first_(first), size_(size) {}
  Iterator<List> begin() const { return {*this, 0}; }
  Iterator<List> end() const { return {*this, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Element& operator[](std::size_t index) const { return *first_[index]; }

 private:
  const Element* const* first_;
  std::size_t size_;
};

inline List<dm_reason> reasons(const dm_answer& a) {
  return {a.reasons, a.reason_count};
}
inline List<dm_future> future_predictions(const dm_answer& a) {
  return {a.future_predictions, a.future_prediction_count};
}
inline List<dm_rule_level> rule_levels(const dm_answer& a) {
  return {a.rule_levels, a.rule_level_count};
}
inline List<dm_explanation> explanations(const dm_answer& a) {
  return {a.explanations, a.explanation_count};
}
inline List<dm_attribution> attributions(const dm_answer& a) {
  return {a.attributions, a.attribution_count};
}
inline List<dm_recommendation> recommendations(const dm_answer& a) {
  return {a.recommendations, a.recommendation_count};
}
inline List<dm_out_of_range> out_of_range(const dm_answer& a) {
  return {a.out_of_range, a.out_of_range_count};
}

/// @cond internal
namespace detail {

/// Calls `function(&error)` and throws what it reports.
template <class Function>
void call(Function&& function) {
  dm_error error = DM_ERROR_INIT;
  if (function(&error) != DM_OK) throw Error(error);
}

struct FreeText {
  void operator()(char* text) const noexcept { dm_free_text(text); }
};

/// The text that `function(&text, &error)` makes.
template <class Function>
std::string text_of(Function&& function) {
  char* text = nullptr;
  call([&](dm_error* error) { return function(&text, error); });
  const std::unique_ptr<char, FreeText> owner(text);
  return text;
}

/// A text as C takes it, which would cut it at a NUL.
inline const char* c_text(const std::string& text) {
  constexpr dm_error refused{sizeof(dm_error), DM_USAGE, "a text has a NUL inside: C would cut it"};
  if (text.find('\0') != std::string::npos) throw Error(refused);
  return text.c_str();
}

inline const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : c_text(text);
}

inline dm_request request_of(const Request& asked) {
  dm_request request = DM_REQUEST_INIT;
  request.as_of = or_null(asked.as_of);
  request.today = or_null(asked.today);
  request.timestamp = or_null(asked.timestamp);
  // 0 means the default in C; here it is a mistake that the library is to find.
  if (asked.threshold) request.threshold = *asked.threshold == 0 ? missing : *asked.threshold;
  if (asked.coverage) request.coverage = *asked.coverage == 0 ? missing : *asked.coverage;
  request.samples = asked.samples;
  request.sample_seed = asked.sample_seed;
  request.attributions = asked.attributions ? 1 : 0;
  return request;
}

/// A case as the C interface takes it; shows the members of a Case, which must outlive it.
class CaseView {
 public:
  explicit CaseView(const Case& given)
      : numbers_{{"rqd", given.rqd},
                 {"hr", given.hr},
                 {"depth", given.depth},
                 {"dip", given.dip},
                 {"undercut_wdt", given.undercut_wdt},
                 {"support_density", given.support_density},
                 {"support_installed",
                  given.support_installed ? (*given.support_installed ? 1.0 : 0.0) : missing}},
        categories_{{"direction", c_text(given.direction)},
                    {"rock_type", c_text(given.rock_type)},
                    {"support_type", c_text(given.support_type)}} {
    static constexpr std::pair<const char*, double Reading::*> sensors[] = {
        {"vibration_velocity", &Reading::vibration_velocity},
        {"deformation_rate", &Reading::deformation_rate},
        {"stress", &Reading::stress},
        {"temperature", &Reading::temperature},
        {"humidity", &Reading::humidity}};
    for (const Reading& reading : given.readings) timestamps_.push_back(c_text(reading.timestamp));
    for (const auto& [name, value] : sensors) {
      std::vector<double>& column = columns_.emplace_back();
      for (const Reading& reading : given.readings) column.push_back(reading.*value);
      series_.push_back({name, column.data()});
    }
    name_ = c_text(given.stope_name);
  }

  /// Valid until the view is moved or ends.
  dm_case get() const {
    dm_case shown = DM_CASE_INIT;
    shown.stope_name = name_;
    shown.numbers = numbers_.data();
    shown.number_count = numbers_.size();
    shown.categories = categories_.data();
    shown.category_count = categories_.size();
    shown.reading_count = timestamps_.size();
    shown.timestamps = timestamps_.data();
    shown.series = series_.data();
    shown.series_count = series_.size();
    return shown;
  }

 private:
  const char* name_ = nullptr;
  std::vector<dm_number> numbers_;
  std::vector<dm_category> categories_;
  std::vector<const char*> timestamps_;
  std::vector<std::vector<double>> columns_;
  std::vector<dm_series> series_;
};

}  // namespace detail
/// @endcond

/// Answers to the cases of one call, in their order. Movable; may be read from any number of threads.
class Answers {
 public:
  explicit Answers(dm_answers* answers) : answers_(answers) {}

  std::size_t size() const noexcept { return dm_answer_count(answers_.get()); }
  bool empty() const noexcept { return size() == 0; }
  const dm_answer& operator[](std::size_t index) const noexcept {
    return *dm_get_answer(answers_.get(), index);
  }
  /// Throws std::out_of_range.
  const dm_answer& at(std::size_t index) const {
    if (index >= size()) throw std::out_of_range("there is no answer of that index");
    return (*this)[index];
  }

  struct Handle {
    const dm_answers* answers;
    const dm_answer& operator[](std::size_t index) const { return *dm_get_answer(answers, index); }
  };
  Iterator<Handle> begin() const { return {{answers_.get()}, 0}; }
  Iterator<Handle> end() const { return {{answers_.get()}, size()}; }

  /// One answer as JSON in one line.
  std::string json(std::size_t index) const {
    return detail::text_of(
        [&](char** text, dm_error* error) { return dm_answer_json(answers_.get(), index, text, error); });
  }
  /// All of them, as the document of `deepmine predict --json`.
  std::string json() const {
    return detail::text_of(
        [&](char** text, dm_error* error) { return dm_answers_json(answers_.get(), text, error); });
  }

 private:
  struct Free {
    void operator()(dm_answers* answers) const noexcept { dm_free_answers(answers); }
  };
  std::unique_ptr<dm_answers, Free> answers_;
};

/// Answers from a store of models. Movable; any number of threads may use one.
class Service {
 public:
  explicit Service(const std::string& store, const Options& options = {}) {
    dm_options wanted = DM_OPTIONS_INIT;
    wanted.refresh_milliseconds = options.refresh_milliseconds;
    wanted.rules_may_answer = options.rules_may_answer ? 1 : 0;
    wanted.site_file = detail::or_null(options.site_file);
    dm_service* service = nullptr;
    detail::call([&](dm_error* error) { return dm_open(detail::c_text(store), &wanted, &service, error); });
    service_.reset(service);
  }

  dm_model current_model() { return model_of(dm_current_model); }
  dm_model refresh() { return model_of(dm_refresh); }

  std::string model_json() {
    return detail::text_of(
        [&](char** text, dm_error* error) { return dm_model_json(service_.get(), text, error); });
  }

  dm_health health() {
    dm_health health = DM_HEALTH_INIT;
    detail::call([&](dm_error* error) { return dm_check_health(service_.get(), &health, nullptr, error); });
    return health;
  }

  std::string health_json() {
    return detail::text_of(
        [&](char** text, dm_error* error) { return dm_check_health(service_.get(), nullptr, text, error); });
  }

  Answers predict(const std::vector<Case>& cases, const Request& request = {}, std::int32_t threads = 1) {
    const std::vector<detail::CaseView> views(cases.begin(), cases.end());
    std::vector<dm_case> shown;
    for (const detail::CaseView& view : views) shown.push_back(view.get());
    const dm_request asked = detail::request_of(request);
    dm_answers* answers = nullptr;
    detail::call([&](dm_error* error) {
      return dm_predict(service_.get(), shown.data(), shown.size(), &asked, threads, &answers, error);
    });
    return Answers(answers);
  }

  /// One case as JSON text (docs/embedding.md), its answer as one line of JSON.
  std::string predict_json(std::string_view text, const Request& request = {}, std::int32_t threads = 1) {
    const dm_request asked = detail::request_of(request);
    return detail::text_of([&](char** answer, dm_error* error) {
      return dm_predict_json(service_.get(), text.data(), text.size(), &asked, threads, answer, error);
    });
  }

 private:
  dm_model model_of(decltype(&dm_refresh) function) {
    dm_model model = DM_MODEL_INIT;
    detail::call([&](dm_error* error) { return function(service_.get(), &model, error); });
    return model;
  }

  struct Close {
    void operator()(dm_service* service) const noexcept { dm_close(service); }
  };
  std::unique_ptr<dm_service, Close> service_;
};

}  // namespace dm

#endif
