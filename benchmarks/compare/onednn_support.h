// What the C functions over oneDNN 2.x share.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "benchmarks/compare/guarded.h"

namespace onednn {

using dnnl::memory;

inline memory::desc float_descriptor(const memory::dims& dimensions, memory::format_tag format) {
  return {dimensions, memory::data_type::f32, format};
}

inline memory::desc float_descriptor(const memory::dims& dimensions, const memory::dims& strides) {
  return {dimensions, memory::data_type::f32, strides};
}

}  // namespace onednn
