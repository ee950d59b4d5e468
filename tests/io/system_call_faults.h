// Lets a test decide what the file system calls of this process answer, and see them in order. The
// definitions in system_call_faults.cpp stand before those of the C library, so the code under test is the
// released code, unchanged. For tests with one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmine::test {

/// One call that changes what is on disk (or makes it safe), before it is carried out.
struct SystemCall {
  std::string name;        ///< see CallSet
  std::string path;        ///< of the file; for rename and link, the old name
  std::size_t number = 0;  ///< counted from 1 since the watch began
  std::string target;      ///< of rename and link: the new name
  std::string_view bytes;  ///< of write and pwrite
  long long offset = -1;   ///< of pwrite: where; of ftruncate: the new size
};

/// What shall happen to a call.
struct Verdict {
  int error_number = 0;         ///< not 0: the call fails with this errno
  std::size_t write_limit = 0;  ///< not 0: a write takes at most so many bytes
  bool exit_after = false;      ///< the process ends with `exit_of_faults` just after the call
};
inline constexpr int exit_of_faults = 77;

enum class CallSet {
  basic,  ///< open (only where it creates), write, fsync, rename, mkdir, unlink
  every,  ///< and pwrite, fdatasync, link, ftruncate, rmdir, close (of files open for writing); the `at`
          ///< forms of a call have its plain name
};

/// While it lives, every call of the set is shown to `judge`, which may also end the process.
class SystemCallWatch {
 public:
  explicit SystemCallWatch(std::function<Verdict(const SystemCall&)> judge, CallSet calls = CallSet::basic);
  ~SystemCallWatch();
  SystemCallWatch(const SystemCallWatch&) = delete;
  SystemCallWatch& operator=(const SystemCallWatch&) = delete;

  std::size_t calls() const;
};

}  // namespace deepmine::test
