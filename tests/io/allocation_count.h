// Every allocation of the test program is counted.
#pragma once

#include <cstddef>

namespace deepmine::test {

/// Bytes asked of operator new since the program began (what was freed is not subtracted).
std::size_t allocated_bytes();

}  // namespace deepmine::test
