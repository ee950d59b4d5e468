// What the C functions over oneDNN 2.x share.
#pragma once

#include <exception>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

namespace onednn {

using dnnl::memory;

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

inline memory::desc float_descriptor(const memory::dims& dimensions, memory::format_tag format) {
  return {dimensions, memory::data_type::f32, format};
}

inline memory::desc float_descriptor(const memory::dims& dimensions, const memory::dims& strides) {
  return {dimensions, memory::data_type::f32, strides};
}

}  // namespace onednn
