#include "engine/nn/arena.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace deepmine::nn {

AlignedMemory::AlignedMemory(std::size_t bytes) : size_(bytes) {
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  const std::size_t align = bytes >= huge_page ? huge_page : alignment;
  const std::size_t rounded = (bytes + align - 1) / align * align;
  if (rounded == 0) return;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(align, rounded));
  if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  // Fewer page-table walks; only a wish, so the answer does not matter.
  if (align == huge_page) (void)madvise(memory, rounded, MADV_HUGEPAGE);
#endif
  std::memset(memory, 0, rounded);
  data_.reset(memory);
}

void AlignedMemory::Free::operator()(std::byte* memory) const noexcept {
  std::free(memory);
}

}  // namespace deepmine::nn
