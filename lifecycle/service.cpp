#include "lifecycle/service.h"

#include <algorithm>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include "engine/nn/error.h"

namespace deepmine::lifecycle {

namespace {

/// After a failure of the system.
constexpr std::chrono::milliseconds shortest_retry{1000};

bool was_rolled_back_from(const ModelStore& store, Sequence sequence) {
  try {
    return service_history(store.events()).withdrawn.contains(sequence);
  } catch (const Error&) {  // answers must not hang on the log
    return false;
  }
}

}  // namespace

std::string_view name(ServiceState state) {
  switch (state) {
    case ServiceState::ready:
      return "ready";
    case ServiceState::degraded:
      return "degraded";
    case ServiceState::rules_only:
      return "rules_only";
    case ServiceState::unavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::string ServiceSnapshot::degradation() const {
  if (state != ServiceState::degraded) return {};
  return "version " + std::to_string(model->metadata().sequence) +
         " answers in place of the model in service: " + problem;
}

Service::Service(ModelStore store, ServiceOptions options)
    : store_(std::move(store)), options_(std::move(options)) {}

Service::~Service() {
  if (loader_.joinable()) loader_.join();
}

// ---- asking

std::shared_ptr<const Service::Held> Service::held() const {
  const std::lock_guard lock(held_mutex_);
  return held_;
}

std::shared_ptr<const ServiceSnapshot> Service::last() const {
  const auto now = held();
  return now ? now->snapshot : nullptr;
}

std::shared_ptr<const ServiceSnapshot> Service::current() {
  std::shared_ptr<const Held> now = held();
  if (now && (!is_time_to_look(*now) || !has_changed(*now))) return now->snapshot;
  if (now && now->snapshot->model) {
    load_beside();
    return now->snapshot;
  }
  const std::shared_ptr<const Held> before = now;
  const std::lock_guard lock(loader_mutex_);
  now = held();
  if (now == before) now = load();  // else somebody loaded while we waited
  return now->snapshot;
}

std::shared_ptr<const ServiceSnapshot> Service::refresh() {
  const std::lock_guard lock(loader_mutex_);
  return load()->snapshot;
}

/// True for one caller each time the interval is over.
bool Service::is_time_to_look(const Held& held) {
  const auto interval = held.try_again ? std::max(options_.refresh, shortest_retry) : options_.refresh;
  if (interval.count() <= 0) return true;
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep due = next_look_;
  return now >= due && next_look_.compare_exchange_strong(due, now + Clock::duration(interval).count());
}

bool Service::has_changed(const Held& held) const {
  return held.try_again || store_.current_stamp() != held.stamp;
}

// ---- loading

void Service::load_beside() {
  bool nobody = false;
  if (!loads_beside_.compare_exchange_strong(nobody, true)) return;
  // The new thread may have left before it is assigned here, and another caller may have come.
  const std::lock_guard starting(thread_mutex_);
  if (loader_.joinable()) loader_.join();  // the last one, which has ended
  const auto load_and_leave = [this] {
    try {
      const std::lock_guard lock(loader_mutex_);
      if (has_changed(*held())) load();
    } catch (const std::bad_alloc&) {  // not even memory to say so; the next look tries again
    }
    loads_beside_ = false;
  };
  try {
    loader_ = std::thread(load_and_leave);
  } catch (const std::system_error&) {  // no thread to be had: then this caller waits
    load_and_leave();
  }
}

/// Under loader_mutex_. The stamp is read first: what changes while it loads is noticed by the next look.
std::shared_ptr<const Service::Held> Service::load() {
  const Snapshot old = last();
  auto next = std::make_shared<Held>();
  next->stamp = store_.current_stamp();
  ++loads_;
  next->snapshot = std::make_shared<const ServiceSnapshot>(
      old && old->model ? load_newer(old, next->try_again) : load_first(next->try_again));
  const auto interval = next->try_again ? std::max(options_.refresh, shortest_retry) : options_.refresh;
  next_look_ = (Clock::now() + interval).time_since_epoch().count();
  const std::lock_guard lock(held_mutex_);
  held_ = next;
  return next;
}

ModelInService Service::load_or_train() {
  ModelInService loaded = load_in_service(store_);
  const bool was_never_published = !loaded.model && loaded.problem.empty();
  if (!was_never_published || !options_.train) return loaded;
  if (!has_trained_) {
    has_trained_ = true;
    try {
      options_.train(store_);
      return load_in_service(store_);
    } catch (const Error& error) {
      training_problem_ = std::string("there is no model, and the training of one failed: ") + error.what();
    }
  }
  loaded.problem = training_problem_;
  return loaded;
}

ServiceSnapshot Service::load_first(bool& try_again) {
  ServiceSnapshot next;
  try {
    ModelInService loaded = load_or_train();
    next.model = std::move(loaded.model);
    next.problem = std::move(loaded.problem);
    try_again = loaded.may_pass;
    const bool is_missing = next.problem.empty() || next.problem == training_problem_;
    next.error = is_missing ? ErrorCode::model_missing : ErrorCode::model_damaged;
  } catch (const Error& error) {
    next.problem = error.what();
    next.error = error.code();
    try_again = true;
    return next;
  }
  if (next.model)
    next.state = next.problem.empty() ? ServiceState::ready : ServiceState::degraded;
  else if (options_.rules_may_answer)
    next.state = ServiceState::rules_only;
  return next;
}

ServiceSnapshot Service::load_newer(const Snapshot& old, bool& try_again) {
  ServiceSnapshot next;
  try {
    next.model = load_current(store_);
    if (!next.model) next.problem = store_.root().string() + ": has no model in service any more";
  } catch (const Error& error) {
    next.problem = error.what();
    try_again = may_pass(error);
  } catch (const std::exception& error) {  // memory, most likely; nobody waits for this thread's exception
    next.problem = std::string("it could not be loaded: ") + error.what();
    try_again = true;
  }
  next.state = next.model ? ServiceState::ready : ServiceState::degraded;
  if (next.model) return next;
  next.model = old->model;
  // The old one goes on, unless somebody decided that it must not: then whatever may stand in for the new
  // one.
  if (try_again || !was_rolled_back_from(store_, old->model->metadata().sequence)) return next;
  try {
    if (ModelInService other = load_in_service(store_); other.model) {
      next.model = std::move(other.model);
      next.problem = std::move(other.problem);
      next.state = next.problem.empty() ? ServiceState::ready : ServiceState::degraded;
    }
  } catch (const std::exception& error) {
    next.problem += std::string("; no other version could be loaded: ") + error.what();
  }
  return next;
}

// ---- predicting

std::vector<stope::Assessment> predict(const ServiceSnapshot& from, std::vector<stope::StopeRecord> records,
                                       std::span<const stope::Issue> issues, PredictionRequest request,
                                       PredictionFindings* findings) {
  if (from.state == ServiceState::unavailable)
    throw Error(from.error, from.problem.empty() ? "there is no model, and the rules may not answer"
                                                 : "the model can't be used: " + from.problem);
  request.degraded = from.degradation();
  return predict(from.model.get(), std::move(records), issues, request, findings);
}

ServiceAnswer Service::predict(std::vector<stope::StopeRecord> records, std::span<const stope::Issue> issues,
                               PredictionRequest request) {
  ServiceAnswer answer{.from = current(), .assessments = {}};
  answer.assessments = lifecycle::predict(*answer.from, std::move(records), issues, std::move(request));
  return answer;
}

}  // namespace deepmine::lifecycle
