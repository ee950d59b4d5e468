#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

namespace deepmine::io {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;
constexpr auto failure = ErrorCode::failure;

/// write(2) until all of it is written.
void write_all(const FileDescriptor& file, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error(failure, path, "write", errno);
    if (written == 0) throw_system_error(failure, path, "write", ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// fsync once. A failed fsync is final (atomic_file.h).
void sync(const FileDescriptor& file, const std::filesystem::path& path) {
  if (::fsync(file.number()) != 0) throw_system_error(failure, path, "write safely (fsync)", errno);
}

void sync_and_close(FileDescriptor& file, const std::filesystem::path& path) {
  sync(file, path);
  if (!file.close()) throw_system_error(failure, path, "close", errno);
}

/// Room for what will be appended later; not to have it is no reason to stop.
void reserve_room(const FileDescriptor& file, std::size_t appended) noexcept {
  constexpr off_t reserve = 64 * 1024, unit_of_blocks = 512;
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return;
  const off_t needed = status.st_size + static_cast<off_t>(appended);
  if (status.st_blocks * unit_of_blocks >= needed + reserve / 2) return;
  [[maybe_unused]] const int ignored = ::fallocate(file.number(), FALLOC_FL_KEEP_SIZE, 0, needed + reserve);
}

/// Where the bytes shall really go: the file itself, or the file that a symbolic link names.
std::filesystem::path resolve_target(const std::filesystem::path& target) {
  struct stat status {};
  if (::lstat(target.c_str(), &status) != 0) return target;  // not there yet, or the open below says why
  if (!S_ISLNK(status.st_mode) && !S_ISREG(status.st_mode))
    throw Error(failure, target.string() + ": can't write: it exists and is not a regular file");
  if (!S_ISLNK(status.st_mode)) return target;
  std::error_code error;
  std::filesystem::path resolved = std::filesystem::canonical(target, error);
  if (error) throw_system_error(failure, target, "follow the symbolic link", error.value());
  if (!std::filesystem::is_regular_file(resolved, error))
    throw Error(failure,
                target.string() + ": can't write: it points to something that is not a regular file");
  return resolved;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

// ---- writing

AtomicFile::AtomicFile(const std::filesystem::path& target)
    : target_(resolve_target(target)), folder_(directory_of(target_)) {
  if (!target_.has_filename())
    throw Error(ErrorCode::usage, target.string() + ": can't write: expected the name of a file");
  static std::atomic<unsigned> counter{0};
  do {  // a name that is taken was left behind by a killed process of the same number
    temporary_ = folder_ / ("." + target_.filename().string() + ".tmp." + std::to_string(::getpid()) + "." +
                            std::to_string(counter++));
    file_ = open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL);
  } while (!file_.is_open() && errno == EEXIST);
  if (!file_.is_open()) throw_system_error(failure, target_, "create", errno);
}

AtomicFile::~AtomicFile() {
  file_.close();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  assert(file_.is_open());
  if (buffer_.size() + bytes.size() > buffer_size) flush();
  if (bytes.size() > buffer_size)
    write_all(file_, bytes, target_);
  else
    buffer_ += bytes;
}

void AtomicFile::flush() {
  write_all(file_, buffer_, target_);
  buffer_.clear();
}

void AtomicFile::prepare() {
  assert(file_.is_open());
  flush();
  sync_and_close(file_, target_);
}

void AtomicFile::commit() {
  if (file_.is_open()) prepare();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    throw_system_error(failure, target_, "give it its name (rename)", errno);
  temporary_.clear();
  sync_directory(folder_);  // asks for no memory: nothing may fail for want of it after the rename
}

void write_file_atomically(const std::filesystem::path& target, std::string_view bytes) {
  AtomicFile file(target);
  file.write(bytes);
  file.commit();
}

void write_new_file(const std::filesystem::path& path, std::string_view bytes) {
  FileDescriptor file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) throw_system_error(failure, path, "create", errno);
  try {
    write_all(file, bytes, path);
    sync_and_close(file, path);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

void append_to_file(const std::filesystem::path& path, std::string_view bytes) {
  FileDescriptor file = open_file(path, O_WRONLY | O_APPEND);
  const bool is_new = !file.is_open() && errno == ENOENT;
  if (is_new) file = open_file(path, O_WRONLY | O_APPEND | O_CREAT);
  if (!file.is_open()) throw_system_error(failure, path, "open", errno);
  append_to_file(file, path, bytes);
  if (!file.close()) throw_system_error(failure, path, "close", errno);
  if (is_new) sync_directory(directory_of(path));
}

void append_to_file(const FileDescriptor& file, const std::filesystem::path& path, std::string_view bytes) {
  reserve_room(file, bytes.size());
  write_all(file, bytes, path);
  sync(file, path);
}

void forget_cached_bytes(const std::filesystem::path& path) noexcept {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (file.is_open()) [[maybe_unused]]
    const int ignored = ::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);
}

void sync_directory(const std::filesystem::path& directory) {
  FileDescriptor file = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!file.is_open()) throw_system_error(failure, directory, "open the folder", errno);
  if (::fsync(file.number()) != 0)
    throw_system_error(failure, directory, "make the folder's entries safe (fsync)", errno);
}

// ---- reading

bool read_file_if_there(const std::filesystem::path& path, std::uint64_t max_size, ErrorCode code,
                        std::string& bytes) {
  // O_NONBLOCK: opening a pipe without a writer would wait for ever.
  const FileDescriptor file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.is_open() && errno == ENOENT) return false;
  if (!file.is_open()) throw_system_error(code, path, "open", errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw_system_error(code, path, "examine", errno);
  if (!S_ISREG(status.st_mode)) throw Error(code, path.string() + ": expected a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_size)
    throw Error(code, path.string() + ": " + std::to_string(size) + " bytes, expected at most " +
                          std::to_string(max_size));

  // One byte more than promised is asked for, so that a file that grows is noticed.
  std::string content(static_cast<std::size_t>(size) + 1, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = ::read(file.number(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error(code, path, "read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled != size) throw Error(code, path.string() + ": changed its size while it was read; try again");
  content.pop_back();
  bytes = std::move(content);
  return true;
}

std::string read_file(const std::filesystem::path& path, std::uint64_t max_size, ErrorCode code) {
  std::string bytes;
  if (!read_file_if_there(path, max_size, code, bytes)) throw_system_error(code, path, "open", ENOENT);
  return bytes;
}

void create_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> parents;  // of folders that are not there yet, the deepest first
  for (std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
       !std::filesystem::exists(path, error) && path.has_relative_path(); path = path.parent_path())
    parents.push_back(path.parent_path());
  std::filesystem::create_directories(folder, error);
  if (error) throw_system_error(ErrorCode::failure, folder, "create the folder", error.value());
  for (const std::filesystem::path& parent : parents) sync_directory(parent);
}

}  // namespace deepmine::io
