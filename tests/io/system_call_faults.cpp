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
CallSet judged_calls = CallSet::basic;
std::size_t call_count = 0;
bool inside = false;  // the judge's own calls are not judged

std::string path_of(int descriptor) {
  char text[4096];
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), text, sizeof text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "?";
}

/// The path that a call with a folder's descriptor means.
std::string path_at(int folder, const char* path) {
  if (folder == AT_FDCWD || *path == '/') return path;
  return path_of(folder) + "/" + path;
}

bool is_watched(CallSet set) {
  return judge_of_calls && !inside && (set == CallSet::basic || judged_calls == CallSet::every);
}

Verdict judge(CallSet set, SystemCall call) {
  if (!is_watched(set)) return {};
  inside = true;
  call.number = ++call_count;
  const Verdict verdict = judge_of_calls(call);
  inside = false;
  return verdict;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// Fails as the verdict says, or makes the call.
template <class Call>
auto carry_out(const Verdict& verdict, Call call) -> decltype(call()) {
  if (verdict.error_number != 0) {
    errno = verdict.error_number;
    return -1;
  }
  const auto result = call();
  if (verdict.exit_after) ::_exit(exit_of_faults);
  return result;
}

/// Whether a descriptor is of a file that is open for writing: not the test's own output, no folder.
bool is_written_to(int descriptor) {
  if (descriptor <= 2 || !is_watched(CallSet::every)) return false;
  const int flags = ::fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

SystemCall call_on(const char* name, const std::string& path) {
  return {name, path, 0, {}, {}, -1};
}

std::size_t limited(const Verdict& verdict, std::size_t size) {
  return verdict.write_limit != 0 && size > verdict.write_limit ? verdict.write_limit : size;
}

}  // namespace

SystemCallWatch::SystemCallWatch(std::function<Verdict(const SystemCall&)> judge, CallSet calls) {
  call_count = 0;
  judged_calls = calls;
  judge_of_calls = std::move(judge);
}
SystemCallWatch::~SystemCallWatch() {
  judge_of_calls = nullptr;
}
std::size_t SystemCallWatch::calls() const {
  return call_count;
}

}  // namespace deepmine::test

using namespace deepmine::test;

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  Verdict verdict;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    verdict = judge(CallSet::basic, call_on("open", path));
  }
  return carry_out(verdict, [&] { return real<int(const char*, int, ...)>("open")(path, flags, mode); });
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  Verdict verdict;
  if (descriptor > 2 && is_watched(CallSet::basic)) {  // not the test's own output
    SystemCall call = call_on("write", path_of(descriptor));
    call.bytes = {static_cast<const char*>(bytes), size};
    verdict = judge(CallSet::basic, std::move(call));
  }
  return carry_out(verdict, [&] {
    return real<ssize_t(int, const void*, size_t)>("write")(descriptor, bytes, limited(verdict, size));
  });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  Verdict verdict;
  if (is_written_to(descriptor)) {
    SystemCall call = call_on("pwrite", path_of(descriptor));
    call.bytes = {static_cast<const char*>(bytes), size};
    call.offset = offset;
    verdict = judge(CallSet::every, std::move(call));
  }
  return carry_out(verdict, [&] {
    return real<ssize_t(int, const void*, size_t, off_t)>("pwrite64")(descriptor, bytes,
                                                                      limited(verdict, size), offset);
  });
}

int fsync(int descriptor) {
  const Verdict verdict =
      is_watched(CallSet::basic) ? judge(CallSet::basic, call_on("fsync", path_of(descriptor))) : Verdict{};
  return carry_out(verdict, [&] { return real<int(int)>("fsync")(descriptor); });
}

int fdatasync(int descriptor) {
  const Verdict verdict = is_watched(CallSet::every)
                              ? judge(CallSet::every, call_on("fdatasync", path_of(descriptor)))
                              : Verdict{};
  return carry_out(verdict, [&] { return real<int(int)>("fdatasync")(descriptor); });
}

int ftruncate(int descriptor, off_t size) noexcept {
  Verdict verdict;
  if (is_written_to(descriptor)) {
    SystemCall call = call_on("ftruncate", path_of(descriptor));
    call.offset = size;
    verdict = judge(CallSet::every, std::move(call));
  }
  return carry_out(verdict, [&] { return real<int(int, off_t)>("ftruncate64")(descriptor, size); });
}

int close(int descriptor) {
  const Verdict verdict =
      is_written_to(descriptor) ? judge(CallSet::every, call_on("close", path_of(descriptor))) : Verdict{};
  // A close() that reports an error has closed the file all the same.
  if (verdict.error_number != 0) real<int(int)>("close")(descriptor);
  return carry_out(verdict, [&] { return real<int(int)>("close")(descriptor); });
}

int rename(const char* from, const char* to) noexcept {
  SystemCall call = call_on("rename", from);
  call.target = to;
  return carry_out(judge(CallSet::basic, std::move(call)),
                   [&] { return real<int(const char*, const char*)>("rename")(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  SystemCall call = call_on("rename", path_at(from_folder, from));
  call.target = path_at(to_folder, to);
  return carry_out(judge(CallSet::every, std::move(call)), [&] {
    return real<int(int, const char*, int, const char*)>("renameat")(from_folder, from, to_folder, to);
  });
}

int link(const char* from, const char* to) noexcept {
  SystemCall call = call_on("link", from);
  call.target = to;
  return carry_out(judge(CallSet::every, std::move(call)),
                   [&] { return real<int(const char*, const char*)>("link")(from, to); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return carry_out(judge(CallSet::basic, call_on("mkdir", path)),
                   [&] { return real<int(const char*, mode_t)>("mkdir")(path, mode); });
}

int unlink(const char* path) noexcept {
  return carry_out(judge(CallSet::basic, call_on("unlink", path)),
                   [&] { return real<int(const char*)>("unlink")(path); });
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  const Verdict verdict =
      is_watched(CallSet::every)
          ? judge(CallSet::every,
                  call_on((flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", path_at(folder, path)))
          : Verdict{};
  return carry_out(verdict,
                   [&] { return real<int(int, const char*, int)>("unlinkat")(folder, path, flags); });
}

int rmdir(const char* path) noexcept {
  return carry_out(judge(CallSet::every, call_on("rmdir", path)),
                   [&] { return real<int(const char*)>("rmdir")(path); });
}

}  // extern "C"
