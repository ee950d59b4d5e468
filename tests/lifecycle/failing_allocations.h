// Lets the N-th request for memory of this process fail, whoever makes it: operator new, aligned_alloc
// or mmap. The definitions in failing_allocations.cpp stand before those of the
// libraries, so the code under test is the released code, unchanged. What operator new gave is counted, so
// that a leak is seen.
#pragma once

#include <cstddef>

namespace deepmine::test {

enum class Shortage {
  once,      ///< one request fails, those after it do not
  for_good,  ///< it fails and all after it, too
};

/// While it lives, request number `fails_at` (from 1; 0: none) fails. For one at a time; requests of all
/// threads count.
class AllocationFailure {
 public:
  explicit AllocationFailure(std::size_t fails_at, Shortage shortage = Shortage::once);
  ~AllocationFailure();
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;

  std::size_t requests() const;  ///< since it lives
  bool has_happened() const;
};

/// Pieces that operator new and mmap gave and that were not given back.
std::ptrdiff_t live_allocations();

}  // namespace deepmine::test
