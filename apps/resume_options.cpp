#include "apps/resume_options.h"

#include <algorithm>

#include "apps/network_options.h"
#include "apps/plan_options.h"

namespace deepmine::apps {
namespace {

stope::SplitMethod method_of(const std::string& name) {
  if (name == "forward") return stope::SplitMethod::forward;
  return name == "random" ? stope::SplitMethod::random : stope::SplitMethod::stope;
}

}  // namespace

void take_what_is_not_given(lifecycle::TrainingRequest& request, const io::RunIdentity& begun,
                            const std::set<std::string>& given) {
  take_plan_where_not_given(request.plan, begun.plan, given);
  if (!given.contains("--split")) request.split.method = method_of(begun.split.method);
  if (!given.contains("--validation-split"))
    request.split.validation_fraction = begun.split.validation_fraction;
  if (!given.contains("--test-split")) request.split.test_fraction = begun.split.test_fraction;
  if (!given.contains("--network")) take_network_where_not_given(request.network, begun.network, given);
  if (!given.contains("--site")) request.settings = begun.settings;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

}  // namespace deepmine::apps
