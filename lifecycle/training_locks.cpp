#include "lifecycle/training_locks.h"

#include <algorithm>
#include <utility>

#include "lifecycle/store_writer.h"

namespace deepmine::lifecycle {

LockPatience writer_patience(double seconds, std::function<void(const std::string&)> warning) {
  const auto whole = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * std::max(0.0, seconds)));
  return {.longest = whole, .waiting = [whole, warning = std::move(warning)](const std::string& holder) {
            if (!warning) return;
            warning(std::string(held_for_writing) + " " + holder + "; waiting for it, at most " +
                    std::to_string(whole.count() / 1000) + " seconds");
          }};
}

StoreLock lock_for_training(const ModelStore& store, const LockPatience& patience) {
  StoreLock lock = store.lock_for_training();
  store.lock_for_writing(patience);
  return lock;
}

void require_no_training(const ModelStore& store) {
  if (const std::optional<std::string> holder = store.training_holder())
    throw_held(store.root() / store_names::training, held_for_training, *holder);
}

}  // namespace deepmine::lifecycle
