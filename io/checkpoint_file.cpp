#include "io/checkpoint_file.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/nn/error.h"
#include "io/earlier_versions.h"
#include "io/stored_enumerations.h"
#include "io/weights_file.h"

namespace deepmine::io {

namespace {

std::string text(double number) {
  return std::to_string(number);
}

bool is_count(double number) {
  return std::isfinite(number) && number >= 0;
}

/// The first of some named numbers that is below 0 or not finite.
std::string check_counts(const TrainingProgress& p) {
  const std::pair<const char*, double> counts[] = {
      {"step", p.step},
      {"samples of the epoch", p.epoch_samples},
      {"seconds of the epoch", p.epoch_seconds},
      {"steps", static_cast<double>(p.steps)},
      {"samples", static_cast<double>(p.samples)},
      {"dropped samples", static_cast<double>(p.dropped_samples)},
      {"seconds", p.seconds},
      {"epochs on the plateau", p.schedule.epochs_without},
      {"epochs without a better one", p.stopping.epochs_without}};
  for (const auto& [name, count] : counts)
    if (!is_count(count)) return std::string(name) + ": " + text(count) + ", expected 0 or more";
  if (p.step > p.steps) return "more steps in the epoch than in all epochs";
  return {};
}

std::string check_record(const train::EpochRecord& record, std::size_t heads) {
  for (const auto* values :
       {&record.training_head_losses, &record.validation_head_losses, &record.validation_accuracy})
    if (values->size() != heads)
      return "epoch " + std::to_string(record.epoch) + " has " + std::to_string(values->size()) +
             " numbers for the heads, expected " + std::to_string(heads);
  return {};
}

std::string check_progress(const TrainingProgress& p, const RunIdentity& identity) {
  const std::size_t heads = 1 + identity.network.horizons.size();
  if (p.epoch < 1 || p.epoch - 1 > identity.plan.epochs)
    return "epoch " + std::to_string(p.epoch) + " of " + std::to_string(identity.plan.epochs);
  if (p.epochs.size() != static_cast<std::size_t>(p.epoch - 1))
    return std::to_string(p.epochs.size()) + " finished epochs before epoch " + std::to_string(p.epoch);
  if (std::string problem = check_counts(p); !problem.empty()) return problem;
  if (p.epoch_head_loss_sums.size() != heads || !std::isfinite(p.epoch_loss_sum))
    return "the sums of the epoch's losses are not those of " + std::to_string(heads) + " heads";
  for (std::size_t i = 0; i < p.epochs.size(); ++i) {
    if (p.epochs[i].epoch != static_cast<int>(i) + 1) return "the epochs are not numbered from 1 on";
    if (std::string problem = check_record(p.epochs[i], heads); !problem.empty()) return problem;
  }
  if (!std::isfinite(p.schedule.learning_rate) || p.schedule.learning_rate <= 0)
    return "a learning rate of " + text(p.schedule.learning_rate);
  if (p.stopping.best_epoch < 0 || p.stopping.best_epoch >= p.epoch)
    return "best epoch " + std::to_string(p.stopping.best_epoch) + " before epoch " + std::to_string(p.epoch);
  if (std::isnan(p.stopping.best) || std::isnan(p.schedule.best)) return "the best loss is not a number";
  return {};
}

/// `size` values if `wanted`, else none; all finite.
bool holds(const std::vector<float>& values, bool wanted, std::size_t size) {
  return values.size() == (wanted ? size : 0) &&
         std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

std::string check_state_tensor(const StateTensor& tensor, bool has_best) {
  const bool is_trained = nn::is_trainable(tensor.role);
  const std::size_t size = tensor.values.size();
  if (!holds(tensor.best, has_best, size)) return tensor.name + ": the best epoch's values do not fit";
  if (!holds(tensor.first_moment, is_trained, size) || !holds(tensor.second_moment, is_trained, size))
    return tensor.name + ": the optimiser's moments do not fit";
  if (std::any_of(tensor.second_moment.begin(), tensor.second_moment.end(), [](float v) { return v < 0; }))
    return tensor.name + ": a mean of squares is below 0";
  return {};
}

std::vector<NamedTensor> named_tensors(const std::vector<StateTensor>& tensors) {
  std::vector<NamedTensor> named;
  named.reserve(tensors.size());
  for (const StateTensor& t : tensors) named.push_back({t.name, t.rows, t.columns, t.role, t.values});
  return named;
}

}  // namespace

std::string check_checkpoint(const Checkpoint& checkpoint) {
  const RunIdentity& identity = checkpoint.identity;
  if (std::string problem = train::problem_with(identity.plan); !problem.empty()) return problem;
  if (std::string problem = stope::problem_with(identity.network); !problem.empty()) return problem;
  if (const std::vector<std::string> found = stope::problems(identity.settings); !found.empty())
    return found.front();
  const TrainingState& state = checkpoint.state;
  if (std::string problem = check_progress(state.progress, identity); !problem.empty()) return problem;
  if (std::string problem = check_tensors(named_tensors(state.tensors)); !problem.empty()) return problem;
  for (const StateTensor& tensor : state.tensors)
    if (std::string problem = check_state_tensor(tensor, state.progress.stopping.best_epoch > 0);
        !problem.empty())
      return problem;
  return {};
}

std::string write_checkpoint_file(const Checkpoint& checkpoint) {
  if (const std::string problem = check_checkpoint(checkpoint); !problem.empty())
    throw Error(ErrorCode::failure, "this checkpoint can't be saved: " + problem);
  return make_frame(FrameKind::checkpoint, checkpoint_schema_version, checkpoint.run_id, encode(checkpoint));
}

Checkpoint parse_checkpoint_file(std::string_view bytes, const std::string& source) {
  const Frame frame = parse_frame(bytes, FrameKind::checkpoint, checkpoint_schema_version, source);
  Checkpoint checkpoint = frame.schema_version == 1 ? decode<CheckpointVersion1>(frame.payload, source).now()
                          : frame.schema_version == 2
                              ? decode<CheckpointVersion2>(frame.payload, source).now()
                              : decode<Checkpoint>(frame.payload, source);
  checkpoint.run_id = frame.run_id;
  if (const std::string problem = check_checkpoint(checkpoint); !problem.empty())
    throw Error(ErrorCode::model_damaged, source + ": " + problem);
  return checkpoint;
}

std::vector<StateTensor> state_tensors(const nn::ParameterLayout& layout,
                                       const TrainingSlabs<const float*>& slabs) {
  std::vector<StateTensor> tensors;
  tensors.reserve(layout.tensors().size());
  for (const nn::Tensor& tensor : layout.tensors()) {
    const auto part = [&tensor](const float* slab, bool wanted = true) {
      if (!wanted || slab == nullptr) return std::vector<float>();
      return std::vector<float>(slab + tensor.offset, slab + tensor.offset + tensor.size());
    };
    const bool is_trained = nn::is_trainable(tensor.role);
    tensors.push_back({tensor.name, static_cast<std::uint32_t>(tensor.rows),
                       static_cast<std::uint32_t>(tensor.columns), tensor.role, part(slabs.values),
                       part(slabs.best), part(slabs.first_moment, is_trained),
                       part(slabs.second_moment, is_trained)});
  }
  return tensors;
}

void copy_to_slabs(const std::vector<StateTensor>& tensors, const nn::ParameterLayout& layout,
                   const TrainingSlabs<float*>& slabs, const std::string& source) {
  check_layout(named_tensors(tensors), layout, source);
  std::map<std::string_view, const StateTensor*> by_name;
  for (const StateTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  for (const nn::Tensor& tensor : layout.tensors()) {
    const StateTensor& from = *by_name.at(tensor.name);
    const auto copy = [&tensor](const std::vector<float>& values, float* slab) {
      std::copy(values.begin(), values.end(), slab + tensor.offset);
    };
    copy(from.values, slabs.values);
    copy(from.best, slabs.best);
    copy(from.first_moment, slabs.first_moment);
    copy(from.second_moment, slabs.second_moment);
  }
}

}  // namespace deepmine::io
