#include "library/c_boundary.h"

#include <cstdlib>

#include "io/utf8.h"

namespace deepmine::library {

void refuse(const std::string& message) {
  throw Error(ErrorCode::usage, message);
}

dm_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage:
      return DM_USAGE;
    case ErrorCode::data_invalid:
      return DM_DATA_INVALID;
    case ErrorCode::model_missing:
      return DM_MODEL_MISSING;
    case ErrorCode::model_damaged:
      return DM_MODEL_DAMAGED;
    case ErrorCode::failure:
    case ErrorCode::interrupted:
      return DM_FAILURE;
  }
  return DM_FAILURE;
}

void fill_error(dm_error* error, dm_status status, std::string_view message) noexcept {
  if (error == nullptr) return;
  std::size_t size = 0;
  std::memcpy(&size, error, sizeof size);
  constexpr std::size_t before_message = offsetof(dm_error, message);
  // Of a structure without a plausible size nothing is known, not even how much of it there is.
  if (size <= before_message || size > largest_structure) return;
  error->status = status;
  std::size_t length = std::min(message.size(), size - before_message - 1);
  if (length < message.size())
    while (length > 0 && (static_cast<unsigned char>(message[length]) & 0xC0U) == 0x80U) --length;
  char* const text = reinterpret_cast<char*>(error) + before_message;
  std::memcpy(text, message.data(), length);
  text[length] = '\0';
  // A message may quote what it is about, which need not be text.
  for (std::size_t at = 0; (at += io::find_invalid_utf8({text + at, length - at})) < length;) text[at] = '?';
}

char* new_text(std::string_view text) {
  char* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

}  // namespace deepmine::library
