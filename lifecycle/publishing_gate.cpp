#include "lifecycle/publishing_gate.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "engine/nn/error.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::lifecycle {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

using Heads = std::map<std::string, std::map<std::string, double>>;

/// The figures of one part that decide.
struct Figures {
  std::string part;
  std::size_t stopes = 0;
  double current = unknown, future = unknown;
};

double figure(const Heads& heads, const std::string& head, const std::string& measure) {
  const auto metrics = heads.find(head);
  if (metrics == heads.end()) return unknown;
  const auto found = metrics->second.find(measure);
  return found == metrics->second.end() ? unknown : found->second;
}

/// Mean over the heads that have a figure.
double mean_future_accuracy(const Heads& heads) {
  double sum = 0;
  int count = 0;
  for (const auto& [head, metrics] : heads) {
    const double value = head.starts_with("future_") ? figure(heads, head, "accuracy") : unknown;
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? unknown : sum / count;
}

/// Of the part that decides: the test part, else the validation part. Nothing where there is neither.
std::optional<Figures> deciding_figures(const io::ModelMetadata& metadata) {
  const std::pair<const char*, const std::vector<std::string>*> parts[] = {
      {"test", &metadata.split.test_stopes}, {"validation", &metadata.split.validation_stopes}};
  for (const auto& [part, stopes] : parts)
    if (const auto heads = metadata.metrics.find(part); heads != metadata.metrics.end())
      return Figures{part, stopes->size(), figure(heads->second, "current", "balanced_accuracy"),
                     mean_future_accuracy(heads->second)};
  return std::nullopt;
}

bool is_comparable(const io::ModelMetadata& a, const io::ModelMetadata& b) {
  return a.data.sha256 == b.data.sha256 && a.split == b.split && !a.data.sha256.empty();
}

std::string place(const Figures& figures) {
  return fmt::format("on the {} part ({} stopes)", figures.part, figures.stopes);
}

GateVerdict compare(const Figures& candidate, const Figures& in_service, std::uint64_t version,
                    const GatePolicy& policy) {
  const std::pair<const char*, std::pair<double, double>> measures[] = {
      {"balanced accuracy of the current head", {candidate.current, in_service.current}},
      {"mean accuracy of the future heads", {candidate.future, in_service.future}}};
  GateVerdict verdict;
  std::string worse;
  for (const auto& [measure, values] : measures) {
    const auto [ours, theirs] = values;
    if (!std::isfinite(theirs)) continue;
    verdict.text += fmt::format("{}{} {:.3f}, version {} has {:.3f}", verdict.text.empty() ? "" : "; ",
                                measure, ours, version, theirs);
    // A figure that is no longer known is worse, too.
    if (!(ours >= theirs - policy.tolerance)) worse += (worse.empty() ? "" : " and ") + std::string(measure);
  }
  if (verdict.text.empty())
    return {true, "not judged: version " + std::to_string(version) + " has no figures"};
  verdict.accepted = worse.empty();
  verdict.text = place(candidate) + ", the same as of the model in service: " + verdict.text +
                 (worse.empty() ? fmt::format("; none is worse by more than {}", policy.tolerance)
                                : fmt::format("; worse by more than {}: {}", policy.tolerance, worse));
  return verdict;
}

GateVerdict compare_with_floor(const Figures& figures, const GatePolicy& policy) {
  // Whoever named a floor wants to see it reached.
  if (!std::isfinite(figures.current) || figures.stopes == 0)
    return {!policy.floor.has_value(), std::string(policy.floor ? "" : "not judged: ") +
                                           "the balanced accuracy of the current head " + place(figures) +
                                           " is not known"};
  constexpr double coin = 0.5;
  const double chance = 1.64 * 0.5 / std::sqrt(static_cast<double>(figures.stopes));
  const double lowest = policy.floor.value_or(coin - chance);
  const bool accepted = figures.current >= lowest;
  std::string text = fmt::format("{}: balanced accuracy of the current head {:.3f}, {} the floor {:.3f}",
                                 place(figures), figures.current, accepted ? "not below" : "below", lowest);
  if (!policy.floor)
    text += fmt::format(" ({} less {:.3f}: so few stopes may cost that by chance)", coin, chance);
  return {accepted, std::move(text)};
}

/// The metadata of the model in service, if it can be read.
std::optional<io::ModelMetadata> metadata_in_service(const ModelStore& store) {
  try {
    if (const std::optional<StoredVersion> version = store.read_current())
      return parse_saved_model(*version).metadata;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::model_damaged) throw;  // a damaged model is no measure for another
  }
  return std::nullopt;
}

}  // namespace

GateVerdict judge_figures(const io::ModelMetadata& candidate, const io::ModelMetadata* in_service,
                          const GatePolicy& policy) {
  if (policy.mode == GateMode::off) return {true, "not judged: the gate is off"};
  const std::optional<Figures> figures = deciding_figures(candidate);
  if (!figures)
    return {!policy.floor.has_value(), "not judged: there is neither a test nor a validation part"};
  if (policy.mode == GateMode::compare && in_service != nullptr && is_comparable(candidate, *in_service) &&
      figures->stopes >= static_cast<std::size_t>(policy.fewest_stopes)) {
    const std::optional<Figures> theirs = deciding_figures(*in_service);
    if (theirs && theirs->part == figures->part)
      return compare(*figures, *theirs, in_service->sequence, policy);
  }
  return compare_with_floor(*figures, policy);
}

ModelPublication publish_model(StoreWriter& writer, const SavedModel& model, std::string training_log,
                               const GatePolicy& policy) {
  const std::optional<io::ModelMetadata> in_service = metadata_in_service(writer.store());
  const GateVerdict verdict = judge_figures(model.metadata, in_service ? &*in_service : nullptr, policy);
  PublishRequest request;
  request.check = &check_model;
  request.reason = verdict.text;
  if (!verdict.accepted && policy.force_reason.empty()) request.rejection = verdict.text;
  if (!policy.force_reason.empty())
    request.reason =
        fmt::format("forced: {}; the gate {}: {}", policy.force_reason,
                    verdict.accepted ? "would have accepted it" : "would have refused it", verdict.text);
  const Publication publication = writer.publish(saved_model_files(model, std::move(training_log)), request);
  return {publication.sequence, publication.in_service, publication.rejected, request.reason,
          publication.refusal};
}

}  // namespace deepmine::lifecycle
