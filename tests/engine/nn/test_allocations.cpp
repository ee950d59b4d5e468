// A training step allocates nothing after the first one. The counter stands in for the C library's allocator,
// under operator new, Eigen and std::vector alike; under a sanitizer, which has an allocator of its own, only
// operator new is counted.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "engine/nn/kernels/select.h"
#include "tests/engine/nn/small_network.h"

namespace {
std::atomic<long> allocations{0};
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}
#else
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

using namespace deepmine::nn;

TEST_CASE("the counter counts") {
  const long before = allocations;
  const auto number = std::make_unique<int>(3);
  CHECK(*number == 3);
  CHECK(allocations > before);
}

TEST_CASE("a training step allocates nothing after the first one") {
  for (const int threads : {1, 2, 3}) {
    test::SmallNetwork network(70, default_kernels());
    network.train_step(threads);  // OpenMP makes its threads here
    const long before = allocations;
    for (int step = 0; step < 3; ++step) network.train_step(threads);
    const long made = allocations - before;
    INFO(threads, " threads");
    CHECK(made == 0);
  }
}
