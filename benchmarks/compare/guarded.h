// Functions for Python's ctypes that throw nothing.
#pragma once

#include <exception>
#include <string>

/// Why the last call failed.
inline thread_local std::string last_error;

/// 0, or -1 with the reason in `last_error`.
template <class Work>
int guarded(Work&& work) {
  try {
    work();
    return 0;
  } catch (const std::exception& error) {
    last_error = error.what();
    return -1;
  }
}
