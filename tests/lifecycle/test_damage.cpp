// Every single-bit flip and every truncation of every file of a store that answers depend on, one after the
// other, through the same calls that the program makes: never an answer from damaged bytes.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "io/atomic_file.h"
#include "io/file_descriptor.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/store_writer.h"
#include "tests/io/temporary_folder.h"
#include "tests/lifecycle/smallest_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;

namespace {

/// A file that is damaged in place and mended again.
class SpoiledFile {
 public:
  explicit SpoiledFile(const fs::path& path)
      : file_(io::open_file(path, O_RDWR)), bytes_(io::read_file(path, 1 << 20)) {
    REQUIRE(file_.is_open());
  }
  std::size_t size() const { return bytes_.size(); }
  void flip(std::size_t bit) { write(bit / 8, static_cast<char>(bytes_[bit / 8] ^ (1 << (bit % 8)))); }
  void mend(std::size_t bit) { write(bit / 8, bytes_[bit / 8]); }
  void cut(std::size_t size) { REQUIRE(::ftruncate(file_.number(), static_cast<off_t>(size)) == 0); }
  void restore() {
    REQUIRE(::pwrite(file_.number(), bytes_.data(), bytes_.size(), 0) == static_cast<ssize_t>(bytes_.size()));
  }

 private:
  void write(std::size_t at, char byte) {
    REQUIRE(::pwrite(file_.number(), &byte, 1, static_cast<off_t>(at)) == 1);
  }
  io::FileDescriptor file_;
  std::string bytes_;
};

bool is_refused(const ModelStore& store) {
  try {
    (void)load_current(store);
  } catch (const Error& error) {
    return error.code() == ErrorCode::model_damaged;
  }
  return false;
}

/// Returns how much damage was done. `step` above 1 leaves bits out.
std::size_t check_all_damage(const ModelStore& store, const fs::path& path, std::size_t step) {
  SpoiledFile file(path);
  std::size_t done = 0, accepted = 0;
  for (std::size_t bit = 0; bit < 8 * file.size(); bit += step, ++done) {
    file.flip(bit);
    accepted += !is_refused(store);
    file.mend(bit);
  }
  CHECK_MESSAGE(accepted == 0, path.filename().string() << ": flipped bits");
  for (std::size_t size = file.size(); size-- > 0; ++done) {
    file.cut(size);
    accepted += !is_refused(store);
  }
  CHECK_MESSAGE(accepted == 0, path.filename().string() << ": truncations");
  file.restore();
  return done;
}

}  // namespace

TEST_CASE("every flipped bit and every truncation of every file of a store is refused") {
  const std::size_t step = std::getenv("DEEPMINE_QUICK") != nullptr ? 7 : 1;
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  store.lock_for_writing().publish(smallest_model_files(1));
  REQUIRE(load_current(store) != nullptr);

  std::vector<fs::path> files{store.root() / store_names::store, store.root() / store_names::current};
  for (const auto& entry : fs::directory_iterator(store.version_folder(1))) files.push_back(entry.path());
  REQUIRE(files.size() == 2 + 6);  // and the five files of a model with their manifest
  std::size_t done = 0;
  for (const fs::path& path : files) {
    done += check_all_damage(store, path, step);
    const fs::path away = folder / "away";
    fs::rename(path, away);
    CHECK_MESSAGE(is_refused(store), path.filename().string() << ": missing");
    fs::rename(away, path);
    REQUIRE(load_current(store) != nullptr);
    ++done;
  }
  MESSAGE(done << " damaged stores refused");
}
