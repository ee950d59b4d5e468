#include "engine/nn/kernels/select.h"

#include <cstdlib>
#include <string>

#include "engine/nn/error.h"
#include "engine/nn/kernels/vector_kernels.h"

namespace deepmine::nn {

std::vector<const Kernels<float>*> available_kernels() {
  std::vector<const Kernels<float>*> available;
#ifdef __x86_64__
  // These ask the operating system too, which must save the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    available.push_back(&avx512_kernels);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) available.push_back(&avx2_kernels);
#endif
  available.push_back(&reference_kernels<float>());
  return available;
}

const Kernels<float>& kernels_by_name(std::string_view name) {
  std::string choices;
  for (const Kernels<float>* kernels : available_kernels()) {
    if (name == kernels->name) return *kernels;
    choices += (choices.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw Error(ErrorCode::usage, "no kernels named '" + std::string(name) +
                                    "' run on this processor; choose one of: " + choices +
                                    " (environment variable DEEPMINE_KERNELS)");
}

const Kernels<float>& default_kernels() {
  static const Kernels<float>& chosen = [&]() -> const Kernels<float>& {
    const char* wanted = std::getenv("DEEPMINE_KERNELS");
    return wanted != nullptr && *wanted != '\0' ? kernels_by_name(wanted) : *available_kernels().front();
  }();
  return chosen;
}

}  // namespace deepmine::nn
