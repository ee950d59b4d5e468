#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/nn/error.h"
#include "io/assessment_json.h"
#include "io/audit_content.h"
#include "io/field_json.h"
#include "lifecycle/audit_replay.h"

namespace deepmine::lifecycle {
namespace {

using io::OrderedJson;

bool is_words(const std::string& key) {
  return key == "message" || key == "text" || key == "unit";
}

/// Walks two JSON values side by side.
class Comparison {
 public:
  explicit Comparison(const AnswerComparison& how) : how_(how) {}

  void compare(const OrderedJson& recorded, const OrderedJson& now, const std::string& path) {
    if (recorded == now) return;
    if (recorded.is_object() && now.is_object()) return compare_objects(recorded, now, path);
    if (recorded.is_array() && now.is_array() && recorded.size() == now.size()) {
      for (std::size_t i = 0; i < recorded.size(); ++i)
        compare(recorded[i], now[i], fmt::format("{}[{}]", path, i));
      return;
    }
    const bool close =
        recorded.is_number() && now.is_number() && is_close(recorded.get<double>(), now.get<double>());
    if (!close) add(path, recorded, now);
  }

  std::string text() const {
    constexpr std::size_t most = 3;
    std::string text = fmt::format(
        "{}", fmt::join(found_.begin(),
                        found_.begin() + static_cast<std::ptrdiff_t>(std::min(most, found_.size())), "; "));
    if (found_.size() > most) text += fmt::format("; and {} more", found_.size() - most);
    return text;
  }

 private:
  bool is_close(double a, double b) const {
    return how_.tolerance > 0 && std::abs(a - b) <= how_.tolerance * std::max(1.0, std::abs(a));
  }

  void compare_objects(const OrderedJson& recorded, const OrderedJson& now, const std::string& path) {
    const auto below = [&path](const std::string& key) { return path.empty() ? key : path + "." + key; };
    for (const auto& [key, value] : recorded.items()) {
      if (!how_.compare_words && is_words(key)) continue;
      const auto found = now.find(key);
      if (found == now.end())
        add(below(key), value, nullptr);
      else
        compare(value, *found, below(key));
    }
    if (!how_.compare_words) return;  // a later program says more
    for (const auto& [key, value] : now.items())
      if (!recorded.contains(key)) add(below(key), nullptr, value);
  }

  void add(const std::string& path, const OrderedJson& recorded, const OrderedJson& now) {
    constexpr std::size_t longest = 120;
    const auto shown = [](const OrderedJson& value) {
      std::string text = io::ascii_json(value);
      return text.size() > longest ? text.substr(0, longest - 3) + "..." : text;
    };
    found_.push_back(fmt::format("{}: recorded {}, now {}", path, shown(recorded), shown(now)));
  }

  const AnswerComparison& how_;
  std::vector<std::string> found_;
};

}  // namespace

std::string answer_differences(std::string_view recorded, const stope::Assessment& now,
                               const AnswerComparison& comparison) {
  Comparison found(comparison);
  try {
    const OrderedJson before = OrderedJson::parse(recorded.begin(), recorded.end());
    // By way of text, so that both have lost the same (bytes that are no UTF-8, for example).
    const OrderedJson after = OrderedJson::parse(io::audit_answer_json({}, now));
    found.compare(before.at("answer"), after.at("answer"), "");
    // Where bits may differ, the decimals were compared instead.
    if (comparison.tolerance == 0) found.compare(before.at("bits"), after.at("bits"), "bits");
  } catch (const OrderedJson::exception& error) {
    throw Error(ErrorCode::data_invalid, error.what());
  }
  return found.text();
}

}  // namespace deepmine::lifecycle
