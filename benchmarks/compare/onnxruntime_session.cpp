// Runs a graph by ONNX Runtime's C interface, in a loop without anything else in it, for
// onnxruntime_session.py.
//
// The library is opened at run time. Its interface is one table of functions in an order that never changes
// (functions are only added at its end), so the places of the few that are needed stand here, and no header
// of ONNX Runtime's is needed to build this.
#include <dlfcn.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/compare/guarded.h"

namespace {

// Opaque to us.
struct Status;
struct Environment;
struct SessionOptions;
struct Session;
struct MemoryInfo;
struct Value;
struct RunOptions;

struct ApiBase {
  void* const* (*table)(std::uint32_t version);
  const char* (*library_version)();
};

// Places in the table of version 1 of the interface.
constexpr int get_error_message = 2, create_environment = 3, create_session = 7, run_session = 9,
              create_session_options = 10, set_execution_mode = 13, set_optimisation_level = 23,
              set_intra_threads = 24, set_inter_threads = 25, create_tensor_with_data = 49,
              create_cpu_memory_info = 69;

// Values of its enumerations.
constexpr int log_warnings = 2, run_sequentially = 0, all_optimisations = 99, device_allocator = 0,
              default_memory = 0, float_elements = 1;
constexpr std::uint32_t interface_version = 1;

class Runtime {
 public:
  explicit Runtime(const char* path) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    const auto base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
    if (base == nullptr) throw std::runtime_error(dlerror());
    version_ = base()->library_version();
    table_ = base()->table(interface_version);
    if (table_ == nullptr) throw std::runtime_error("ONNX Runtime has no interface of version 1");
  }

  const std::string& version() const { return version_; }

  /// Calls a function of the table; throws what it has to complain about.
  template <class... Arguments>
  void call(int place, Arguments... arguments) const {
    const auto function = reinterpret_cast<Status* (*)(Arguments...)>(table_[place]);
    if (Status* status = function(arguments...); status != nullptr)
      throw std::runtime_error(
          reinterpret_cast<const char* (*)(const Status*)>(table_[get_error_message])(status));
  }

 private:
  std::string version_;
  void* const* table_ = nullptr;
};

/// A graph with inputs `statics` and `series` and the output `logits`. What ONNX Runtime made is kept to the
/// end of the process.
class Model {
 public:
  Model(const char* library, const char* graph, int threads) : runtime_(library) {
    Environment* environment = nullptr;
    SessionOptions* options = nullptr;
    runtime_.call(create_environment, log_warnings, "comparison", &environment);
    runtime_.call(create_session_options, &options);
    runtime_.call(set_intra_threads, options, threads);
    runtime_.call(set_inter_threads, options, 1);
    runtime_.call(set_execution_mode, options, run_sequentially);
    runtime_.call(set_optimisation_level, options, all_optimisations);
    runtime_.call(create_session, static_cast<const Environment*>(environment), graph,
                  static_cast<const SessionOptions*>(options), &session_);
    runtime_.call(create_cpu_memory_info, device_allocator, default_memory, &memory_info_);
  }

  const std::string& version() const { return runtime_.version(); }

  /// A batch to go through; the arrays must outlive the model.
  void add_batch(float* statics, const std::int64_t* statics_shape, float* series,
                 const std::int64_t* series_shape, float* logits, const std::int64_t* logits_shape) {
    batches_.push_back({{tensor(statics, statics_shape, 2), tensor(series, series_shape, 3)},
                        tensor(logits, logits_shape, 2)});
  }

  /// Takes the batches in turn; seconds of each run.
  void run(int count, double* seconds) {
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < count; ++i) {
      Batch& batch = batches_[next_++ % batches_.size()];
      const Clock::time_point begin = Clock::now();
      runtime_.call(run_session, session_, static_cast<const RunOptions*>(nullptr), input_names_,
                    static_cast<const Value* const*>(batch.inputs), std::size_t{2}, output_names_,
                    std::size_t{1}, &batch.output);
      seconds[i] = std::chrono::duration<double>(Clock::now() - begin).count();
    }
  }

 private:
  struct Batch {
    Value* inputs[2];
    Value* output;
  };

  Value* tensor(float* values, const std::int64_t* shape, std::size_t dimensions) {
    std::size_t bytes = sizeof(float);
    for (std::size_t i = 0; i < dimensions; ++i) bytes *= static_cast<std::size_t>(shape[i]);
    Value* value = nullptr;
    runtime_.call(create_tensor_with_data, static_cast<const MemoryInfo*>(memory_info_),
                  static_cast<void*>(values), bytes, shape, dimensions, float_elements, &value);
    return value;
  }

  static constexpr const char* input_name_list[] = {"statics", "series"};
  static constexpr const char* output_name_list[] = {"logits"};
  const char* const* input_names_ = input_name_list;
  const char* const* output_names_ = output_name_list;

  Runtime runtime_;
  Session* session_ = nullptr;
  MemoryInfo* memory_info_ = nullptr;
  std::vector<Batch> batches_;
  std::size_t next_ = 0;
};

}  // namespace

extern "C" {

const char* session_error() {
  return last_error.c_str();
}

/// Null where the library or the graph can't be loaded.
void* session_create(const char* library, const char* graph, int threads) {
  std::unique_ptr<Model> model;
  guarded([&] { model = std::make_unique<Model>(library, graph, threads); });
  return model.release();
}

const char* session_version(void* model) {
  return static_cast<Model*>(model)->version().c_str();
}

int session_add_batch(void* model, float* statics, const std::int64_t* statics_shape, float* series,
                      const std::int64_t* series_shape, float* logits, const std::int64_t* logits_shape) {
  return guarded([&] {
    static_cast<Model*>(model)->add_batch(statics, statics_shape, series, series_shape, logits, logits_shape);
  });
}

int session_run(void* model, int count, double* seconds) {
  return guarded([&] { static_cast<Model*>(model)->run(count, seconds); });
}

}  // extern "C"
