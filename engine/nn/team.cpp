#include "engine/nn/team.h"

#include <omp.h>

#include <algorithm>

namespace deepmine::nn {

void Team::barrier() const {
  if (size_ == 1) return;
#pragma omp barrier
}

void Team::run_erased(int threads, void (*body)(const Team&, void*), void* context) {
  const int wanted = std::clamp(threads, 1, max_lanes);
  if (wanted == 1) {  // no OpenMP at all: safe in a forked process and in callers with threads of their own
    body(Team(0, 1), context);
    return;
  }
#pragma omp parallel num_threads(wanted)
  { body(Team(omp_get_thread_num(), omp_get_num_threads()), context); }
}

}  // namespace deepmine::nn
