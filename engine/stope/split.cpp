#include "engine/stope/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/nn/error.h"
#include "engine/nn/random.h"

namespace deepmine::stope {
namespace {

/// Stable, unstable, without a label: each is spread over the parts by itself.
constexpr std::size_t group_count = 3;
using GroupCounts = std::array<std::size_t, group_count>;

struct Seats {
  std::size_t validation = 0, test = 0;
};

void check_fractions(double validation, double test) {
  const auto sensible = [](double fraction) { return fraction >= 0 && fraction < 1; };
  if (!sensible(validation) || !sensible(test) || validation + test >= 1)
    throw Error(ErrorCode::usage,
                fmt::format("validation and test fractions must each be at least 0 and together "
                            "below 1, found {} and {}",
                            validation, test));
}

/// How many of `count` go into the parts: at least one where a fraction is above 0, and at least one for
/// training.
Seats seats(std::size_t count, double validation_fraction, double test_fraction, std::string_view what) {
  check_fractions(validation_fraction, test_fraction);
  const auto rounded = [&](double fraction) -> std::size_t {
    if (fraction == 0) return 0;
    return std::max<std::size_t>(
        1, static_cast<std::size_t>(std::llround(fraction * static_cast<double>(count))));
  };
  Seats result{rounded(validation_fraction), rounded(test_fraction)};
  const std::size_t needed = 1 + (validation_fraction > 0 ? 1U : 0U) + (test_fraction > 0 ? 1U : 0U);
  if (count < needed)
    throw Error(
        ErrorCode::data_invalid,
        fmt::format("the split needs at least {} {} (one for each part), found {}; set a fraction to 0 or "
                    "give more data",
                    needed, what, count));
  while (result.validation + result.test >= count)
    --(result.validation > result.test ? result.validation : result.test);
  return result;
}

/// The members of each group, shuffled.
std::array<std::vector<std::size_t>, group_count> shuffled_groups(std::span<const std::int8_t> labels,
                                                                  std::uint64_t seed) {
  std::array<std::vector<std::size_t>, group_count> groups;
  for (std::size_t i = 0; i < labels.size(); ++i)
    groups[labels[i] == 0 ? 0 : labels[i] == 1 ? 1 : 2].push_back(i);
  for (std::size_t g = 0; g < group_count; ++g) {
    RandomStream stream(derive_key(derive_key(seed, "split of stopes"), g));
    stream.shuffle(groups[g]);
  }
  return groups;
}

/// Spreads `seats_to_fill` over the groups in proportion to their sizes (largest remainder). No group gives
/// more than `left` has of it; each leaves `reserved` members for the other parts while any other group can
/// give one.
GroupCounts allocate(const GroupCounts& sizes, const GroupCounts& left, std::size_t seats_to_fill,
                     std::size_t reserved) {
  const std::size_t total = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  GroupCounts given{}, limit{};
  for (std::size_t g = 0; g < group_count; ++g) {
    limit[g] = left[g] > reserved ? left[g] - reserved : (left[g] > 1 ? 1 : 0);
    given[g] = std::min(limit[g], seats_to_fill * sizes[g] / total);
    // A labelled class that is large enough is in every part: a part of one class can't be judged.
    if (g < 2 && given[g] == 0 && left[g] > reserved && seats_to_fill >= 2) given[g] = 1;
  }
  std::size_t sum = std::accumulate(given.begin(), given.end(), std::size_t{0});
  while (sum > seats_to_fill) {
    --*std::max_element(given.begin(), given.end());
    --sum;
  }
  while (sum < seats_to_fill) {
    // Whole arithmetic: the share that a group still misses, times the total.
    std::optional<std::size_t> best;
    std::int64_t best_missing = 0;
    for (std::size_t g = 0; g < group_count; ++g) {
      if (given[g] >= limit[g]) continue;
      const auto missing_share =
          static_cast<std::int64_t>(seats_to_fill * sizes[g]) - static_cast<std::int64_t>(given[g] * total);
      if (!best || missing_share > best_missing) {
        best = g;
        best_missing = missing_share;
      }
    }
    if (!best) {
      limit = left;  // only tiny groups: the total is still enough for every part
      continue;
    }
    ++given[*best];
    ++sum;
  }
  return given;
}

Split split_by_stope(const Dataset& dataset, const SplitPlan& plan) {
  const auto [stopes, labels] = stopes_to_split(dataset);
  return windows_of_parts(dataset, stopes,
                          split_stopes(labels, plan.validation_fraction, plan.test_fraction, plan.seed));
}

Split split_forward(const Dataset& dataset, const SplitPlan& plan) {
  const auto& windows = dataset.windows();
  const Seats wanted = seats(windows.size(), plan.validation_fraction, plan.test_fraction, "windows");
  std::vector<Day> ends;
  for (const Window& window : windows) ends.push_back(window.end);
  std::sort(ends.begin(), ends.end());

  // Whole days are held out, so a part may get a few windows more than asked for.
  Split split;
  std::size_t open = ends.size();  // windows of the days that are not yet given to a part
  const auto hold_out = [&](std::size_t count) -> std::optional<Day> {
    if (count == 0) return std::nullopt;
    if (count < open) {
      const Day from = ends[open - count];
      open = static_cast<std::size_t>(std::lower_bound(ends.begin(), ends.end(), from) - ends.begin());
      if (open > 0) return from;
    }
    throw Error(
        ErrorCode::data_invalid,
        fmt::format(
            "the forward split needs windows that end on more days: {} windows end between {} and {}; "
            "give longer series or smaller fractions",
            ends.size(), format_day(ends.front()), format_day(ends.back())));
  };
  split.test_from = hold_out(wanted.test);
  split.validation_from = hold_out(wanted.validation);
  for (std::uint32_t w = 0; w < windows.size(); ++w) {
    const Day end = windows[w].end;
    WindowSelection& part = split.test_from && end >= *split.test_from               ? split.test
                            : split.validation_from && end >= *split.validation_from ? split.validation
                                                                                     : split.training;
    part.windows.push_back(w);
  }
  if (split.test_from) split.training.targets_before = split.validation.targets_before = *split.test_from;
  if (split.validation_from) split.training.targets_before = *split.validation_from;
  return split;
}

Split split_at_random(const Dataset& dataset, const SplitPlan& plan) {
  const std::size_t count = dataset.windows().size();
  const Seats wanted = seats(count, plan.validation_fraction, plan.test_fraction, "windows");
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  RandomStream stream(derive_key(plan.seed, "split of windows"));
  stream.shuffle(order);
  Split split;
  auto next = order.begin();
  const auto take = [&next](std::size_t number) {
    std::vector<std::uint32_t> taken(next, next + static_cast<std::ptrdiff_t>(number));
    next += static_cast<std::ptrdiff_t>(number);
    std::sort(taken.begin(), taken.end());
    return taken;
  };
  split.test.windows = take(wanted.test);
  split.validation.windows = take(wanted.validation);
  split.training.windows = take(count - wanted.test - wanted.validation);
  return split;
}

}  // namespace

std::vector<Part> split_stopes(std::span<const std::int8_t> labels, double validation_fraction,
                               double test_fraction, std::uint64_t seed) {
  const Seats wanted =
      seats(labels.size(), validation_fraction, test_fraction, "stopes with a usable window");
  const auto groups = shuffled_groups(labels, seed);
  GroupCounts sizes{};
  for (std::size_t g = 0; g < group_count; ++g) sizes[g] = groups[g].size();

  GroupCounts left = sizes;
  const GroupCounts test = allocate(sizes, left, wanted.test, wanted.validation > 0 ? 2 : 1);
  for (std::size_t g = 0; g < group_count; ++g) left[g] -= test[g];
  const GroupCounts validation = allocate(sizes, left, wanted.validation, 1);

  std::vector<Part> parts(labels.size(), Part::training);
  for (std::size_t g = 0; g < group_count; ++g)
    for (std::size_t i = 0; i < test[g] + validation[g]; ++i)
      parts[groups[g][i]] = i < test[g] ? Part::test : Part::validation;
  return parts;
}

std::vector<int> stratified_folds(std::span<const std::int8_t> labels, int folds, std::uint64_t seed) {
  if (folds < 2)
    throw Error(ErrorCode::usage, fmt::format("cross-validation needs at least 2 folds, found {}", folds));
  if (labels.size() < static_cast<std::size_t>(folds))
    throw Error(ErrorCode::data_invalid,
                fmt::format("cross-validation with {} folds needs at least as many stopes, found {}", folds,
                            labels.size()));
  std::vector<int> fold_of(labels.size());
  int next = 0;
  for (const auto& group : shuffled_groups(labels, seed))
    for (const std::size_t member : group) fold_of[member] = next++ % folds;
  return fold_of;
}

SplitStopes stopes_to_split(const Dataset& dataset) {
  SplitStopes found;
  for (std::size_t w = 0; w < dataset.windows().size(); ++w) {
    const std::uint32_t stope = dataset.windows()[w].stope;
    if (!found.stopes.empty() && found.stopes.back() == stope) continue;
    found.stopes.push_back(stope);
    found.labels.push_back(dataset.current_target(w));
  }
  return found;
}

Split windows_of_parts(const Dataset& dataset, std::span<const std::uint32_t> stopes,
                       std::span<const Part> parts) {
  Split split;
  std::size_t position = 0;
  for (std::uint32_t w = 0; w < dataset.windows().size(); ++w) {
    while (stopes[position] != dataset.windows()[w].stope) ++position;
    WindowSelection& part = parts[position] == Part::training     ? split.training
                            : parts[position] == Part::validation ? split.validation
                                                                  : split.test;
    part.windows.push_back(w);
  }
  return split;
}

Split split_windows(const Dataset& dataset, const SplitPlan& plan) {
  check_fractions(plan.validation_fraction, plan.test_fraction);
  if (dataset.windows().empty())
    throw Error(ErrorCode::data_invalid,
                "there is no usable window to split: see the counts of unusable days");
  Split split = plan.method == SplitMethod::stope     ? split_by_stope(dataset, plan)
                : plan.method == SplitMethod::forward ? split_forward(dataset, plan)
                                                      : split_at_random(dataset, plan);
  split.method = plan.method;
  return split;
}

std::vector<std::string> stope_names(const Dataset& dataset, const WindowSelection& selection) {
  std::vector<bool> present(dataset.stopes().size());
  for (const std::uint32_t window : selection.windows) present[dataset.windows()[window].stope] = true;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < present.size(); ++i)
    if (present[i]) names.push_back(dataset.stopes()[i].name);
  return names;
}

}  // namespace deepmine::stope
