// Lets a test decide what the file system calls of this process answer. The definitions in
// system_call_faults.cpp stand before those of the C library, so the code under test is the released code,
// unchanged.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace deepmine::test {

/// One call that changes what is on disk (or makes it safe), before it is carried out.
struct SystemCall {
  std::string name;        ///< open (only where it creates), write, fsync, rename, mkdir, unlink
  std::string path;        ///< of the file; for rename, the old name
  std::size_t number = 0;  ///< counted from 1 since the watch began
};

/// What shall happen to a call.
struct Verdict {
  int error_number = 0;         ///< not 0: the call fails with this errno
  std::size_t write_limit = 0;  ///< not 0: a write takes at most so many bytes
};

/// While it lives, every call of SystemCall's kinds is shown to `judge`, which may also end the process.
class SystemCallWatch {
 public:
  explicit SystemCallWatch(std::function<Verdict(const SystemCall&)> judge);
  ~SystemCallWatch();
  SystemCallWatch(const SystemCallWatch&) = delete;
  SystemCallWatch& operator=(const SystemCallWatch&) = delete;

  std::size_t calls() const;
};

}  // namespace deepmine::test
