// A library for LD_PRELOAD: the request for memory number DEEPMINE_FAILING_REQUEST that the program makes
// after its main() began fails, and all after it. Where the variable is 0, the number of requests is printed
// at the end.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> in_main{false};
std::atomic<unsigned long> count{0};
unsigned long failing = 0;

bool must_fail() {
  if (!in_main) return false;
  const unsigned long number = ++count;
  return failing != 0 && number >= failing;
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int watched_main(int argument_count, char** arguments, char** environment) {
  const char* wish = std::getenv("DEEPMINE_FAILING_REQUEST");
  failing = wish == nullptr ? 0 : std::strtoul(wish, nullptr, 10);
  in_main = true;
  const int code = real_main(argument_count, arguments, environment);
  in_main = false;
  if (wish != nullptr && failing == 0) std::fprintf(stderr, "requests: %lu\n", count.load());
  return code;
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = must_fail() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return must_fail() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

extern "C" int __libc_start_main(Main main_function, int argument_count, char** arguments, void (*init)(),
                                 void (*fini)(), void (*loader_fini)(), void* stack_end) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main_function;
  const auto start = reinterpret_cast<Start>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(&watched_main, argument_count, arguments, init, fini, loader_fini, stack_end);
}
