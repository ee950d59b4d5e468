#include "io/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <string_view>

#include "io/file_descriptor.h"

namespace deepmine::io {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

/// The next name but `.` and `..`; null at the end, and with errno set if it can't be read.
const dirent* next_entry(DIR* folder) noexcept {
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder);
    if (entry == nullptr) return nullptr;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry;
  }
}

[[noreturn]] void fail(const std::filesystem::path& folder, ErrorCode code, int error_number) {
  if (error_number == ENOMEM) throw std::bad_alloc();
  throw_system_error(code, folder, "list the folder", error_number);
}

/// Ours are two deep at most; deeper ones are somebody else's and stay.
constexpr int deepest = 8;

void remove_at(int parent, const char* name, int depth) noexcept;

void remove_contents(int parent, const char* name, int depth) noexcept {
  const int descriptor = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return;
  const OpenFolder folder(::fdopendir(descriptor));
  if (folder == nullptr) {
    ::close(descriptor);
    return;
  }
  while (const dirent* const entry = next_entry(folder.get()))
    remove_at(descriptor, entry->d_name, depth + 1);
}

void remove_at(int parent, const char* name, int depth) noexcept {
  struct stat status {};
  if (depth > deepest || ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  const bool is_folder = S_ISDIR(status.st_mode);
  if (is_folder) remove_contents(parent, name, depth);
  (void)::unlinkat(parent, name, is_folder ? AT_REMOVEDIR : 0);
}

}  // namespace

std::vector<std::string> names_in_folder(const std::filesystem::path& folder, ErrorCode code) {
  std::vector<std::string> names;
  const OpenFolder open(::opendir(folder.c_str()));
  if (open == nullptr) {
    if (errno == ENOENT) return names;
    fail(folder, code, errno);
  }
  while (const dirent* const entry = next_entry(open.get())) names.emplace_back(entry->d_name);
  if (errno != 0) fail(folder, code, errno);
  std::sort(names.begin(), names.end());
  return names;
}

void remove_folder(const char* path) noexcept {
  remove_at(AT_FDCWD, path, 0);
}

}  // namespace deepmine::io
