#include "lifecycle/checkpoint.h"

#include <system_error>

#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/model_file_names.h"
#include "io/weights_file.h"

namespace deepmine::lifecycle {

namespace file_names = io::model_file_names;

namespace {

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  io::AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::string weights_bytes(const Network& network, const float* values, const io::RunId& run_id) {
  return io::write_weights_file({run_id, io::tensors_of(network.layout(), values)});
}

}  // namespace

std::vector<StoredFile> model_files(const Network& network, const float* values,
                                    const io::Components& components, const io::ModelMetadata& metadata,
                                    const std::string& training_log) {
  return {{file_names::weights, "weights", weights_bytes(network, values, metadata.run_id)},
          {file_names::components, "components", io::write_components_file(components)},
          {file_names::metadata, "metadata", io::write_metadata_file(metadata)},
          {file_names::metadata_json, "metadata-json", io::metadata_json(metadata)},
          {file_names::training_log, "training-log", training_log}};
}

Checkpoint::Checkpoint(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code problem;
  std::filesystem::create_directories(folder_, problem);
  if (problem) throw Error(ErrorCode::failure, folder_.string() + ": can't be created: " + problem.message());
}

void Checkpoint::write_best(const Network& network, const float* values, const io::Components& components,
                            const io::ModelMetadata& metadata) const {
  write_file(folder_ / file_names::best_weights, weights_bytes(network, values, metadata.run_id));
  write_file(folder_ / file_names::best_components, io::write_components_file(components));
  write_file(folder_ / file_names::best_metadata, io::write_metadata_file(metadata));
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
