// Which version of the kernels runs.
#pragma once

#include <string_view>
#include <vector>

#include "engine/nn/kernels/kernels.h"

namespace deepmine::nn {

/// Every version that this processor can run, best first; the reference is always the last.
std::vector<const Kernels<float>*> available_kernels();

/// The version of that name. Throws Error(usage) naming the choices if there is none or the processor can't
/// run it.
const Kernels<float>& kernels_by_name(std::string_view name);

/// The version named by the environment variable DEEPMINE_KERNELS (reference, avx2, avx512), else the best
/// one. Read once, at the first call. Throws Error(usage) as above.
const Kernels<float>& default_kernels();

}  // namespace deepmine::nn
