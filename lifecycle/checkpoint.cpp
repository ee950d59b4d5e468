#include "lifecycle/checkpoint.h"

#include <system_error>

#include "io/atomic_file.h"
#include "io/model_file_names.h"

namespace deepmine::lifecycle {

namespace file_names = io::model_file_names;

namespace {

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  io::AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace

Checkpoint::Checkpoint(std::filesystem::path folder) : folder_(std::move(folder)) {
  io::create_folders(folder_);
}

void Checkpoint::write_best(const SavedModel& model) const {
  write_file(folder_ / file_names::best_weights, io::write_weights_file(model.weights));
  write_file(folder_ / file_names::best_components, io::write_components_file(model.components));
  write_file(folder_ / file_names::best_metadata, io::write_metadata_file(model.metadata));
}

void Checkpoint::write_log(const std::string& training_log) const {
  write_file(folder_ / file_names::training_log, training_log);
}

void Checkpoint::remove() const {
  std::error_code ignored;  // a file that stays behind costs space, nothing else
  for (const char* name : {file_names::best_weights, file_names::best_components, file_names::best_metadata,
                           file_names::training_log})
    std::filesystem::remove(folder_ / name, ignored);
  std::filesystem::remove(folder_, ignored);
}

}  // namespace deepmine::lifecycle
