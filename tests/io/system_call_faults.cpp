#include "tests/io/system_call_faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace deepmine::test {

namespace {

std::function<Verdict(const SystemCall&)> judge_of_calls;
std::size_t call_count = 0;
bool inside = false;  // the judge's own calls are not judged

std::string path_of(int descriptor) {
  char text[4096];
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), text, sizeof text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "?";
}

Verdict judge(const char* name, const std::string& path) {
  if (!judge_of_calls || inside) return {};
  inside = true;
  const Verdict verdict = judge_of_calls({name, path, ++call_count});
  inside = false;
  return verdict;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

SystemCallWatch::SystemCallWatch(std::function<Verdict(const SystemCall&)> judge) {
  call_count = 0;
  judge_of_calls = std::move(judge);
}
SystemCallWatch::~SystemCallWatch() {
  judge_of_calls = nullptr;
}
std::size_t SystemCallWatch::calls() const {
  return call_count;
}

}  // namespace deepmine::test

using deepmine::test::judge;
using deepmine::test::path_of;
using deepmine::test::real;

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (const auto verdict = judge("open", path); verdict.error_number != 0) {
      errno = verdict.error_number;
      return -1;
    }
  }
  return real<int(const char*, int, ...)>("open")(path, flags, mode);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (descriptor > 2) {  // not the test's own output
    const auto verdict = judge("write", path_of(descriptor));
    if (verdict.error_number != 0) {
      errno = verdict.error_number;
      return -1;
    }
    if (verdict.write_limit != 0 && size > verdict.write_limit) size = verdict.write_limit;
  }
  return real<ssize_t(int, const void*, size_t)>("write")(descriptor, bytes, size);
}

int fsync(int descriptor) {
  if (const auto verdict = judge("fsync", path_of(descriptor)); verdict.error_number != 0) {
    errno = verdict.error_number;
    return -1;
  }
  return real<int(int)>("fsync")(descriptor);
}

int rename(const char* from, const char* to) noexcept {
  if (const auto verdict = judge("rename", from); verdict.error_number != 0) {
    errno = verdict.error_number;
    return -1;
  }
  return real<int(const char*, const char*)>("rename")(from, to);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (const auto verdict = judge("mkdir", path); verdict.error_number != 0) {
    errno = verdict.error_number;
    return -1;
  }
  return real<int(const char*, mode_t)>("mkdir")(path, mode);
}

int unlink(const char* path) noexcept {
  if (const auto verdict = judge("unlink", path); verdict.error_number != 0) {
    errno = verdict.error_number;
    return -1;
  }
  return real<int(const char*)>("unlink")(path);
}

}  // extern "C"
