// Counts the allocations of the whole program that it is linked into. The counter stands in for the C
// library's allocator, under operator new, Eigen and std::vector alike; under a sanitizer, which has an
// allocator of its own, only operator new is counted.
#pragma once

#include <atomic>

namespace deepmine::nn::test {

extern std::atomic<long> allocations;

}  // namespace deepmine::nn::test
