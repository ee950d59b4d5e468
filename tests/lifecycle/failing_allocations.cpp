#include "tests/lifecycle/failing_allocations.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> watching{false}, fails_for_good{false};
std::atomic<std::size_t> request_count{0}, failing_request{0};
std::atomic<std::ptrdiff_t> live{0};

bool must_fail() {
  if (!watching) return false;
  const std::size_t number = ++request_count, failing = failing_request;
  return failing != 0 && (fails_for_good ? number >= failing : number == failing);
}

void* counted(void* memory) {
  if (memory != nullptr) ++live;
  return memory;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  --live;
  std::free(memory);
}

template <class Function>
[[maybe_unused]] Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace deepmine::test {

AllocationFailure::AllocationFailure(std::size_t fails_at, Shortage shortage) {
  request_count = 0;
  failing_request = fails_at;
  fails_for_good = shortage == Shortage::for_good;
  watching = true;
}
AllocationFailure::~AllocationFailure() {
  watching = false;
}
std::size_t AllocationFailure::requests() const {
  return request_count;
}
bool AllocationFailure::has_happened() const {
  return failing_request != 0 && request_count >= failing_request;
}

std::ptrdiff_t live_allocations() {
  return live;
}

}  // namespace deepmine::test

// ---- C++

void* operator new(std::size_t size) {
  void* memory = must_fail() ? nullptr : counted(std::malloc(size == 0 ? 1 : size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return must_fail() ? nullptr : counted(std::malloc(size == 0 ? 1 : size));
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  give_back(memory);
}

// ---- C, as the program asks for memory without operator new (engine/nn/arena.cpp, io/csv_text.cpp)

// A sanitizer calls its own versions of these before anything here is ready.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  if (must_fail()) return nullptr;
  return real<void*(std::size_t, std::size_t)>("aligned_alloc")(alignment, size);
}

void* mmap(void* address, std::size_t size, int protection, int flags, int descriptor,
           off_t offset) noexcept {
  const bool is_memory = (flags & MAP_ANONYMOUS) != 0;
  if (is_memory && must_fail()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  void* memory = real<void*(void*, std::size_t, int, int, int, off_t)>("mmap64")(address, size, protection,
                                                                                 flags, descriptor, offset);
  if (is_memory && memory != MAP_FAILED) ++live;
  return memory;
}

int munmap(void* memory, std::size_t size) noexcept {
  --live;
  return real<int(void*, std::size_t)>("munmap")(memory, size);
}

}  // extern "C"
#endif
