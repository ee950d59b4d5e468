// Which versions of a store are kept, and what becomes of the others and of what dead writers left behind.
// First a plan, which only looks; then its carrying out, under the writer's lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "lifecycle/store_writer.h"

namespace deepmine::lifecycle {

struct RetentionPolicy {
  std::size_t keep = 5;  ///< so many of the newest good versions; at least 1
  /// Leftovers younger than this stay.
  std::chrono::seconds leftover_age = std::chrono::hours(24);
};

/// Something that a killed writer left behind, or that an earlier clean-up could not finish.
struct Leftover {
  std::filesystem::path path;
  std::chrono::seconds age{};
};
struct RetentionPlan {
  std::vector<VersionNote> keep, collect;
  std::vector<VersionNote> quarantine;  ///< damaged: moved aside, never deleted
  std::vector<VersionNote> leave;       ///< of a newer program, or can't be read now
  std::vector<Leftover> leftovers;
  std::vector<std::filesystem::path> unrecognised;  ///< not ours: left alone
};

/// Kept are the version in service, pinned ones, the best stand-in (ModelStore::stand_ins()), the newest
/// `keep` good ones, and rejected ones that are newer than the version in service. Every byte is read.
/// Throws Error{model_damaged} if CURRENT can't be read: nothing may go while it is not known what is in
/// service.
RetentionPlan plan_retention(const ModelStore& store, const RetentionPolicy& policy,
                             const ContentCheck& check);

/// Carries a plan out that was made under this writer's lock.
void carry_out(StoreWriter& writer, const RetentionPlan& plan, const ContentCheck& check);

}  // namespace deepmine::lifecycle
