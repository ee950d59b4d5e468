#include "lifecycle/stored_run.h"

#include <algorithm>

#include "engine/nn/error.h"
#include "io/model_file_names.h"

namespace deepmine::lifecycle {

std::optional<StoredRun> stored_by(const io::RunId& run_id, const ModelStore& store) {
  const CurrentRecord current = store.current().value_or(CurrentRecord{});
  std::vector<Sequence> sequences = store.sequences();
  std::reverse(sequences.begin(), sequences.end());
  for (const Sequence sequence : sequences) {
    ModelPublication publication;
    publication.sequence = sequence;
    publication.in_service = sequence == current.sequence;
    if (const auto reason = store.rejection(sequence)) {
      publication.rejected = true;
      publication.refusal = *reason;
    } else if (sequence == current.previous) {
      publication.refusal = "version " + std::to_string(current.sequence) + " was put into service since";
    } else if (!publication.in_service) {
      continue;
    }
    const std::filesystem::path file = store.version_folder(sequence) / io::model_file_names::metadata;
    try {
      io::ModelMetadata metadata =
          io::parse_metadata_file(io::read_frame_file(file, io::FrameKind::metadata), file.string());
      if (metadata.run_id == run_id) return StoredRun{std::move(metadata), std::move(publication)};
    } catch (const Error&) {
      // There is none, or it is damaged: then the run may as well be published again.
    }
  }
  return {};
}

}  // namespace deepmine::lifecycle
