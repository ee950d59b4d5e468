#include "io/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace deepmine::io {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// How many letters have to be put in, taken away or exchanged to make one text of the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

/// In lower case (ASCII), without the zeros before a number.
std::string folded(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool leads =
        c == '0' && i + 1 < name.size() && is_digit(name[i + 1]) && (text.empty() || !is_digit(text.back()));
    if (!leads) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

/// The digits of a folded name: `7` of `stope_7`.
std::string digits_of(std::string_view name) {
  std::string digits;
  std::copy_if(name.begin(), name.end(), std::back_inserter(digits), is_digit);
  return digits;
}

/// Whether the shorter of the two is the beginning or the end of the other.
bool is_part(std::string_view a, std::string_view b) {
  constexpr std::size_t shortest = 4;
  if (a.size() > b.size()) std::swap(a, b);
  return a.size() >= shortest && (b.starts_with(a) || b.ends_with(a));
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string_view> known) {
  constexpr std::size_t longest = 64;  // no name is; the work grows with the square
  if (name.empty() || name.size() > longest) return {};
  const std::string wanted = folded(name), digits = digits_of(wanted);
  const std::size_t limit = 1 + wanted.size() / 3;
  std::pair best{limit, std::size_t{0}};  // of the folded names; of the names as they are
  std::string_view nearest;
  for (const std::string_view candidate : known) {
    if (candidate.size() > longest) continue;
    const std::string other = folded(candidate);
    if (digits_of(other) != digits) continue;
    std::size_t distance = edit_distance(wanted, other);
    if (distance >= limit && is_part(wanted, other)) distance = limit - 1;
    if (const std::pair found{distance, edit_distance(name, candidate)}; found < best) {
      best = found;
      nearest = candidate;
    }
  }
  return std::string(nearest);
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  const std::string nearest = nearest_name(name, known);
  return nearest.empty() ? "" : " (did you mean '" + nearest + "'?)";
}

}  // namespace deepmine::io
