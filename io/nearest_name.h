// "Did you mean …?": which of the names that are known somebody who wrote another one had in mind. A slip of
// the hand (vibraton), another case (RQD), a beginning or an end alone (vibration) and zeros before a number
// (Stope_7) are recognised; one number is no slip of another.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace deepmine::io {

/// The nearest of the known names, the first of several; empty if none is near. Work grows with the square of
/// the names' lengths; a name of more than 64 bytes is near to none.
std::string nearest_name(std::string_view name, std::span<const std::string_view> known);
/// The same as a part of a message: ` (did you mean 'predict'?)`; empty if none is near.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace deepmine::io
