#include "engine/nn/arena.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace deepmine::nn {

AlignedMemory::AlignedMemory(std::size_t bytes) : size_(bytes) {
  constexpr std::size_t large = std::size_t{256} << 10, huge_page = std::size_t{2} << 20;
  if (bytes == 0) return;
  if (bytes < large) {
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, rounded);
    data_.reset(memory);
    return;
  }
  // Straight from the system: zero without being written, and pages that are never used cost nothing.
  const bool huge = bytes >= huge_page;
  const std::size_t mapped = bytes + (huge ? huge_page : 0);
  void* mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  void* memory = mapping;
  std::size_t space = mapped;
  if (huge) std::align(huge_page, bytes, memory, space);
#ifdef MADV_HUGEPAGE
  // Fewer page-table walks; only a wish, so the answer does not matter.
  if (huge) (void)madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  data_ = {static_cast<std::byte*>(memory), Free(mapping, mapped)};
}

void AlignedMemory::Free::operator()(std::byte* memory) const noexcept {
  if (mapping != nullptr)
    (void)munmap(mapping, mapped);
  else
    std::free(memory);
}

}  // namespace deepmine::nn
