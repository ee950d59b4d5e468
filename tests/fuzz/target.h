// What every fuzz target shares. A target is a function of bytes that somebody else chose; it ends the
// process where a promise about them is broken. libFuzzer calls it with bytes of its own (`scripts/fuzz`); in
// every other build tests/fuzz/replay.cpp calls it with the files of the corpus, so that the corpus stays
// alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/nn/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace deepmine::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process with a word about the promise: the fuzzer keeps the input.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// Calls `read`, which may refuse with an Error of this kind and with nothing else. True: it did not refuse.
template <class Read>
bool accepts(Read&& read, ErrorCode refusal = ErrorCode::model_damaged) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(error.code() == refusal, "refused with another kind of error");
    return false;
  }
}

}  // namespace deepmine::fuzz
