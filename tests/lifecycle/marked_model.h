// Models of two short texts that say of which publication they are: a mixture would be noticed. The store
// does not care what its files are.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "lifecycle/store_writer.h"

namespace deepmine::test {

inline std::vector<lifecycle::StoredFile> marked_model(const std::string& mark) {
  return {{"weights", "weights", "weights of " + mark},
          {"metadata.json", "metadata_json", "{\"of\": \"" + mark + "\"}"}};
}

/// The mark of a version whose files fit together; "mixed" if they don't.
inline std::string mark_of(const lifecycle::StoredVersion& version) {
  const std::string prefix = "weights of ", weights = version.bytes("weights");
  const std::string mark = weights.starts_with(prefix) ? weights.substr(prefix.size()) : "mixed";
  return version.bytes("metadata.json") == "{\"of\": \"" + mark + "\"}" ? mark : "mixed";
}

inline void check_is_model(const lifecycle::StoredVersion& version, const std::string& mark) {
  CHECK(mark_of(version) == mark);
}

inline lifecycle::Publication publish_marked(const lifecycle::ModelStore& store, const std::string& mark,
                                             const lifecycle::PublishRequest& request = {}) {
  return store.lock_for_writing().publish(marked_model(mark), request);
}

/// A content check that refuses models whose mark contains "bad".
inline void refuse_bad(const lifecycle::StoredVersion& version) {
  if (mark_of(version).find("bad") != std::string::npos)
    throw Error(ErrorCode::model_damaged, "the content is bad");
}

inline void flip_bit(const std::filesystem::path& path, std::size_t bit) {
  std::string bytes = io::read_file(path, 1 << 20);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  io::write_file_atomically(path, bytes);
}

}  // namespace deepmine::test
