// Files that are wholly there or not at all, and reading that can't be led astray by a pipe, a device or a
// file without end. Every error is an Error that names the file and the system's reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/nn/error.h"
#include "io/file_descriptor.h"

namespace deepmine::io {

/// Writes a file under a temporary name in the same folder and gives it its real name only in commit(), after
/// the bytes are on disk. Until then (and if anything fails) whatever bore the name before stays as it was.
/// A target that exists must be a regular file; a symbolic link is followed. Not thread-safe.
///
///     AtomicFile file(path);
///     file.write(text);
///     file.commit();
class AtomicFile {
 public:
  /// Creates the temporary. Throws Error{failure} if the folder is missing or not writable.
  explicit AtomicFile(const std::filesystem::path& target);
  /// Removes the temporary unless commit() succeeded.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// The part of commit() that needs room on the disk: all bytes are written and safe, under the temporary
  /// name. For whoever must do something between it and commit(). Nothing may be written after it.
  void prepare();
  /// fsync (unless it was prepared), rename, fsync of the folder. A failed fsync is never retried: the kernel
  /// may have dropped the bytes and would report success the second time. After commit() nothing more may be
  /// written.
  void commit();

 private:
  void flush();

  std::filesystem::path target_, folder_, temporary_;
  FileDescriptor file_;
  std::string buffer_;
};

/// The same for a text that is all there.
void write_file_atomically(const std::filesystem::path& target, std::string_view bytes);

/// Creates a file that must not exist yet, writes it and syncs it (not its folder); removes it if that fails.
void write_new_file(const std::filesystem::path& path, std::string_view bytes);

/// Adds bytes at the end of a file (created if need be; then its folder is synced, too) and syncs it. If it
/// throws, a part of them may stand there. Some room behind the end is kept reserved, where the file system
/// can do that: a log must be able to say that room is being made.
void append_to_file(const std::filesystem::path& path, std::string_view bytes);

/// The same for a file that is open with O_APPEND already, whose folder was synced: for whoever holds a lock
/// on it, or has read its end.
void append_to_file(const FileDescriptor& file, const std::filesystem::path& path, std::string_view bytes);

/// Asks the kernel to forget what it remembers of a synced file, so that the next read comes from the disk.
void forget_cached_bytes(const std::filesystem::path& path) noexcept;

/// fsync of a folder: makes the names in it (new files, renames) survive a loss of power.
void sync_directory(const std::filesystem::path& directory);

/// The whole of a regular file of at most `max_size` bytes. Throws Error{code}: not there, not a regular
/// file, too large, or changed while it was read.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_size,
                      ErrorCode code = ErrorCode::failure);

/// The same, but a file that is not there (ENOENT) is a value: false, and `bytes` is left alone.
bool read_file_if_there(const std::filesystem::path& path, std::uint64_t max_size, ErrorCode code,
                        std::string& bytes);

/// Creates a folder and what is missing above it, and syncs every folder that got a new entry: after a loss
/// of power the path is still there. Throws Error{failure}.
void create_folders(const std::filesystem::path& folder);

}  // namespace deepmine::io
