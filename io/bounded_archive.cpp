#include "io/bounded_archive.h"

#include <cstring>

namespace deepmine::io {

namespace {

/// What decoded values may take: twice their encoding (a short string is 32 bytes in memory) and something
/// for small files. With the file itself this stays below three times the file plus 1 MiB.
std::uint64_t memory_budget(std::size_t size) {
  return 2 * static_cast<std::uint64_t>(size) + 512 * 1024;
}

}  // namespace

BoundedInputArchive::BoundedInputArchive(std::string_view bytes, const std::string& source)
    : InputArchive(this), bytes_(bytes), source_(source), memory_left_(memory_budget(bytes.size())) {}

void BoundedInputArchive::refuse(const std::string& what) const {
  throw Error(ErrorCode::model_damaged,
              source_ + ": damaged at byte " + std::to_string(position_) + " of the payload: " + what);
}

void BoundedInputArchive::copy(char* to, std::size_t size) {
  if (size > bytes_.size() - position_)
    refuse("expected " + std::to_string(size) + " more bytes, found " +
           std::to_string(bytes_.size() - position_));
  if (size == 0) return;  // `to` may be null: an empty vector
  std::memcpy(to, bytes_.data() + position_, size);
  position_ += size;
}

bool BoundedInputArchive::get_bool() {
  const auto byte = get<std::uint8_t>();
  if (byte > 1) refuse("expected 0 or 1, found " + std::to_string(byte));
  return byte == 1;
}

void BoundedInputArchive::announce_elements(std::uint64_t minimum_on_disk, std::uint64_t in_memory) {
  element_on_disk_ = minimum_on_disk;
  element_in_memory_ = in_memory;
}

std::uint64_t BoundedInputArchive::get_size() {
  if (element_on_disk_ == 0) refuse("a size that belongs to no known container");
  const auto count = get<std::uint64_t>();
  const std::uint64_t remaining = bytes_.size() - position_;
  if (count > remaining / element_on_disk_)
    refuse("found a count of " + std::to_string(count) + ", but only " + std::to_string(remaining) +
           " bytes remain");
  if (count > memory_left_ / element_in_memory_)
    refuse("found a count of " + std::to_string(count) + ", which takes more memory than a sound file needs");
  memory_left_ -= count * element_in_memory_;
  element_on_disk_ = 0;
  return count;
}

void BoundedInputArchive::enter() {
  if (++depth_ > deepest_nesting) refuse("nested too deeply");
}

void BoundedInputArchive::require_end() const {
  if (position_ != bytes_.size()) refuse(std::to_string(bytes_.size() - position_) + " bytes are left over");
}

}  // namespace deepmine::io
