#include "io/timestamp.h"

namespace deepmine::io {
namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
static_assert(microseconds_per_day == 86'400 * microseconds_per_second);

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Takes two digits, at most `highest`, off the front of `text`; -1 if they are not there.
int take_two_digits(std::string_view& text, int highest) noexcept {
  if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return -1;
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return value <= highest ? value : -1;
}

bool take(std::string_view& text, char expected) noexcept {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes one to six decimals of a second; -1 if they are not there.
std::int64_t take_fraction(std::string_view& text) noexcept {
  std::int64_t value = 0;
  int digits = 0;
  for (; digits < 6 && !text.empty() && is_digit(text.front()); ++digits) {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return -1;
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

/// Takes `HH:MM[:SS[.f]]` off the front of `text` and returns microseconds since midnight; -1 if it is not
/// there.
std::int64_t take_time_of_day(std::string_view& text) noexcept {
  const int hour = take_two_digits(text, 23);
  if (hour < 0 || !take(text, ':')) return -1;
  const int minute = take_two_digits(text, 59);
  if (minute < 0) return -1;
  int second = 0;
  std::int64_t fraction = 0;
  if (take(text, ':')) {
    second = take_two_digits(text, 59);
    if (second < 0) return -1;
    if (take(text, '.')) fraction = take_fraction(text);
    if (fraction < 0) return -1;
  }
  return (hour * 3600 + minute * 60 + second) * microseconds_per_second + fraction;
}

bool looks_like_time_zone(std::string_view rest) noexcept {
  return !rest.empty() &&
         (rest.front() == 'Z' || rest.front() == 'z' || rest.front() == '+' || rest.front() == '-');
}

}  // namespace

ParsedTimestamp parse_timestamp(std::string_view text) noexcept {
  if (text.empty()) return {0, 0, TimestampFault::empty};
  const auto day = stope::parse_day(text.substr(0, 10));
  if (!day) return {0, 0, TimestampFault::not_a_timestamp};
  if (text.size() > 10) return parse_time_of_day(*day, text.substr(10));
  return {*day, *day * microseconds_per_day, TimestampFault::none};
}

ParsedTimestamp parse_time_of_day(stope::Day day, std::string_view rest) noexcept {
  if (looks_like_time_zone(rest)) return {0, 0, TimestampFault::time_zone};
  if (!take(rest, 'T') && !take(rest, ' ')) return {0, 0, TimestampFault::not_a_timestamp};
  const std::int64_t time_of_day = take_time_of_day(rest);
  if (time_of_day < 0) return {0, 0, TimestampFault::not_a_timestamp};
  if (looks_like_time_zone(rest)) return {0, 0, TimestampFault::time_zone};
  if (!rest.empty()) return {0, 0, TimestampFault::not_a_timestamp};
  return {day, day * microseconds_per_day + time_of_day, TimestampFault::none};
}

ParsedTimestamp TimestampReader::parse_in_another_month(std::string_view text) noexcept {
  const ParsedTimestamp time = parse_timestamp(text);
  if (time.fault != TimestampFault::none) return time;
  text.copy(month_.data(), month_.size());
  day_before_month_ = time.day - ((text[8] - '0') * 10 + (text[9] - '0'));
  std::array<char, 10> last_day{};
  text.copy(last_day.data(), month_.size());
  for (days_in_month_ = 31; days_in_month_ > 28; --days_in_month_) {
    last_day[8] = static_cast<char>('0' + days_in_month_ / 10);
    last_day[9] = static_cast<char>('0' + days_in_month_ % 10);
    if (stope::parse_day({last_day.data(), last_day.size()})) break;
  }
  return time;
}

std::string_view explain(TimestampFault fault) noexcept {
  switch (fault) {
    case TimestampFault::none:
      return "is a timestamp";
    case TimestampFault::empty:
      return "is empty; expected YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS]";
    case TimestampFault::time_zone:
      return "has a time zone or an offset; export timestamps in local mine time, without Z and without "
             "+HH:MM";
    case TimestampFault::not_a_timestamp:
      break;
  }
  return "is not a timestamp; expected YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS[.fff]] (local mine time)";
}

}  // namespace deepmine::io
