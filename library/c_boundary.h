// The boundary between C and C++: exceptions become status codes, structures of any version become ours.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cfenv>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "engine/nn/error.h"
#include "library/deepmine.h"

namespace deepmine::library {

/// Throws Error{usage}.
[[noreturn]] void refuse(const std::string& message);

/// Writes what the caller has room for. `message` is cut between characters.
void fill_error(dm_error* error, dm_status status, std::string_view message) noexcept;

dm_status status_of(ErrorCode code) noexcept;

/// What the calling thread has set for itself, put back at the end. Until then the floating-point environment
/// is the usual one: another rounding mode would change the bits of an answer, and a program that has traps
/// enabled would be ended by the first NaN that is compared.
class HostState {
 public:
  HostState() noexcept {
    std::fegetenv(&floating_point_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~HostState() {
    std::fesetenv(&floating_point_);
    errno = errno_;
  }
  HostState(const HostState&) = delete;
  HostState& operator=(const HostState&) = delete;

 private:
  int errno_ = errno;
  std::fenv_t floating_point_{};
};

/// Runs a function of the interface; whatever it throws becomes a status and a message.
template <class Function>
dm_status guarded(dm_error* error, Function&& function) noexcept {
  const HostState put_back;
  try {
    function();
    return DM_OK;
  } catch (const Error& fault) {
    fill_error(error, status_of(fault.code()), fault.what());
    return status_of(fault.code());
  } catch (const std::bad_alloc&) {
    fill_error(error, DM_OUT_OF_MEMORY, "not enough memory");
    return DM_OUT_OF_MEMORY;
  } catch (const std::exception& fault) {
    fill_error(error, DM_FAILURE, fault.what());
    return DM_FAILURE;
  } catch (...) {
    fill_error(error, DM_FAILURE, "an exception of an unknown kind");
    return DM_FAILURE;
  }
}

/// The size that a structure had in the first version of its kind: what every caller's has at least. A member
/// that is added later keeps the number of before here.
template <class Structure>
inline constexpr std::size_t first_size = sizeof(Structure);
template <>
inline constexpr std::size_t first_size<dm_request> = offsetof(dm_request, coverage);

/// A size that no version of a structure will ever have: the caller forgot to set it.
inline constexpr std::size_t largest_structure = 4096;

/// The `size` at the beginning of a caller's structure, checked.
template <class Structure>
std::size_t size_of(const Structure* given, const char* name) {
  std::size_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < first_size<Structure> || size > largest_structure)
    refuse(std::string(name) + "->size is " + std::to_string(size) + ", expected sizeof(" + name +
           "), which is " + std::to_string(sizeof(Structure)) + " in this version of the library");
  return size;
}

/// A copy of a caller's structure of whatever version; members that the caller does not know are zero.
template <class Structure>
Structure read_structure(const Structure* given, const char* name) {
  const std::size_t size = size_of(given, name);
  Structure structure{};
  std::memcpy(&structure, given, std::min(size, sizeof structure));
  const char* const bytes = reinterpret_cast<const char*>(given);
  if (size > sizeof structure &&
      std::any_of(bytes + sizeof structure, bytes + size, [](char byte) { return byte != 0; }))
    refuse(std::string(name) + " has members that this version of the library, " + DM_VERSION +
           ", does not know: use a newer library");
  structure.size = size;
  return structure;
}

/// Writes a result into a caller's structure of whatever version; members that we do not know become zero.
template <class Structure>
void write_structure(Structure* out, Structure value, const char* name) {
  const std::size_t size = size_of(out, name);
  value.size = size;
  std::memcpy(out, &value, std::min(size, sizeof value));
  if (size > sizeof value) std::memset(reinterpret_cast<char*>(out) + sizeof value, 0, size - sizeof value);
}

/// A text of the library's for the caller, who gives it back with dm_free_text().
char* new_text(std::string_view text);

}  // namespace deepmine::library
