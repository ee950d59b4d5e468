#include "benchmarks/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>

#include "apps/text_table.h"

namespace deepmine::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;
using nn::TensorId;

/// What a kernel call is filed under.
struct Key {
  TensorId tensor = -1;  ///< −1: no tensor of the layout
  const char* work = "";
  bool operator<(const Key& other) const {
    return tensor != other.tensor ? tensor < other.tensor : std::string_view(work) < other.work;
  }
};

/// The records of one thread, on cache lines of their own.
struct alignas(64) ThreadRecords {
  std::map<Key, ProfileEntry> entries;
  TensorId last = -1;  ///< the tensor of the last product that had one: whose cells and scores follow
};

struct Recorder {
  const nn::Kernels<float>* timed = nullptr;
  const nn::ParameterLayout* layout = nullptr;
  nn::Kernels<float> kernels{};
  nn::ParameterView<float> parameters;
  nn::Gradients<float> gradients;
  int lanes = 0;
  std::array<ThreadRecords, 256> threads;
  std::atomic<std::size_t> threads_seen{0};
};
Recorder* recorder = nullptr;

ThreadRecords& my_records() {
  static thread_local Recorder* of = nullptr;
  static thread_local std::size_t mine = 0;
  if (of != recorder) {
    of = recorder;
    mine = recorder->threads_seen++ % recorder->threads.size();
  }
  return recorder->threads[mine];
}

/// The tensor whose copy, of packed_size elements from `offset(tensor)` on, holds `place`; −1: none.
template <class Offset>
TensorId packed_tensor_at(std::ptrdiff_t place, Offset&& offset) {
  TensorId found = -1;
  for (const TensorId id : recorder->layout->packed())
    if (static_cast<std::ptrdiff_t>(offset(id)) <= place && (found < 0 || offset(id) > offset(found)))
      found = id;
  return found;
}

TensorId gradient_at(const float* c) {
  const auto size = static_cast<std::ptrdiff_t>(recorder->layout->trainable_size());
  const std::ptrdiff_t place = c - recorder->gradients.lanes;
  if (place < 0 || place >= size * recorder->lanes) return -1;
  const auto in_lane = static_cast<std::size_t>(place % size);
  const auto& tensors = recorder->layout->tensors();
  for (TensorId id = 0; id < static_cast<TensorId>(tensors.size()); ++id) {
    const nn::Tensor& tensor = tensors[static_cast<std::size_t>(id)];
    if (nn::is_trainable(tensor.role) && in_lane >= tensor.offset && in_lane < tensor.offset + tensor.size())
      return id;
  }
  return -1;
}

Key key_of(const nn::Product<float>& p) {
  const nn::ParameterLayout& layout = *recorder->layout;
  const auto within = [&](const float* from, std::size_t size) {
    return from != nullptr && p.a >= from && p.a < from + size;
  };
  if (within(recorder->parameters.packed_values, layout.packed_slab_size()))
    return {packed_tensor_at(p.a - recorder->parameters.packed_values,
                             [&](TensorId id) { return layout.packed_offset(id); }),
            "product, forward"};
  if (within(recorder->parameters.packed_transposes, layout.packed_transpose_slab_size()))
    return {packed_tensor_at(p.a - recorder->parameters.packed_transposes,
                             [&](TensorId id) { return layout.packed_transpose_offset(id); }),
            "product, gradient of the input"};
  return {gradient_at(p.c), "product, gradient of the weights"};
}

template <class Arguments>
void timed(void (*run)(const Arguments&), const Arguments& arguments, Key key, double operations = 0) {
  ThreadRecords& records = my_records();
  if (key.tensor >= 0)
    records.last = key.tensor;
  else if (key.work != nullptr)
    key.tensor = records.last;
  const Clock::time_point begin = Clock::now();
  run(arguments);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  ProfileEntry& entry = records.entries[key];
  ++entry.calls;
  entry.seconds += seconds;
  entry.operations += operations;
}

void product(const nn::Product<float>& p) {
  Key key = key_of(p);
  if (key.tensor < 0) key.work = "products of scores and values";
  timed(recorder->timed->product, p, key, 2.0 * p.rows * p.columns * p.depth);
}

/// Work without a tensor of its own belongs to the layer of the product before it.
void lstm_cell_forward(const nn::LstmCellForward<float>& s) {
  timed(recorder->timed->lstm_cell_forward, s, {-1, "cells, forward"});
}
void lstm_cell_backward(const nn::LstmCellBackward<float>& s) {
  timed(recorder->timed->lstm_cell_backward, s, {-1, "cells, backward"});
}
void softmax_columns(const nn::SoftmaxColumns<float>& s) {
  timed(recorder->timed->softmax_columns, s, {-1, "softmax"});
}
void adam(const nn::AdamUpdate<float>& s) {
  my_records().last = -1;
  timed(recorder->timed->adam, s, {-1, "Adam"});
}
void dropout_mask(const nn::DropoutMask<float>& s) {
  ThreadRecords& records = my_records();
  const TensorId last = records.last;
  records.last = -1;
  timed(recorder->timed->dropout_mask, s, {-1, "dropout masks"});
  records.last = last;
}

std::string layer_of(TensorId id) {
  if (id < 0) return "all layers";
  const std::string& name = (*recorder->layout)[id].name;
  const std::size_t end = name.rfind('/');
  if (name.starts_with("temporal/")) return name.substr(0, end);
  return name.substr(0, name.find('/'));
}

}  // namespace

Profile::Profile(const nn::Kernels<float>& kernels, const nn::ParameterLayout& layout) {
  recorder = new Recorder;
  recorder->timed = &kernels;
  recorder->layout = &layout;
  recorder->kernels = kernels;
  recorder->kernels.product = product;
  recorder->kernels.lstm_cell_forward = lstm_cell_forward;
  recorder->kernels.lstm_cell_backward = lstm_cell_backward;
  recorder->kernels.softmax_columns = softmax_columns;
  recorder->kernels.adam = adam;
  recorder->kernels.dropout_mask = dropout_mask;
}

Profile::~Profile() {
  delete recorder;
  recorder = nullptr;
}

const nn::Kernels<float>& Profile::kernels() const {
  return recorder->kernels;
}

void Profile::watch(const nn::ParameterView<float>& parameters, const nn::Gradients<float>& gradients,
                    int lanes) {
  recorder->parameters = parameters;
  recorder->gradients = gradients;
  recorder->lanes = lanes;
}

void Profile::clear() {
  for (ThreadRecords& records : recorder->threads) records.entries.clear();
}

std::vector<ProfileEntry> Profile::entries() const {
  std::map<std::pair<std::string, std::string>, ProfileEntry> sums;
  for (const ThreadRecords& records : recorder->threads)
    for (const auto& [key, entry] : records.entries) {
      std::string work = key.work;
      const bool recurrent =
          key.tensor >= 0 && (*recorder->layout)[key.tensor].role == nn::Role::recurrent_kernel;
      if (recurrent && work.starts_with("product")) work = "recurrent " + work;
      const std::string layer = layer_of(key.tensor);
      ProfileEntry& sum = sums[{layer, work}];
      sum.layer = layer;
      sum.work = work;
      sum.calls += entry.calls;
      sum.seconds += entry.seconds;
      sum.operations += entry.operations;
    }
  std::vector<ProfileEntry> result;
  for (auto& [names, entry] : sums) result.push_back(std::move(entry));
  std::sort(result.begin(), result.end(),
            [](const ProfileEntry& a, const ProfileEntry& b) { return a.seconds > b.seconds; });
  return result;
}

std::string profile_text(const std::vector<ProfileEntry>& entries, int steps, int threads, double cpu_seconds,
                         double ceiling) {
  using apps::Align;
  apps::TextTable table(
      {"Layer", "Work", "Calls", "ms", "Share", "GFLOP/s", "Of the ceiling"},
      {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  const double a_core = ceiling / threads;
  double in_kernels = 0;
  ProfileEntry small{"all layers", "kernels below 0.5 % each"};
  const auto add = [&](const ProfileEntry& e) {
    const bool products = e.operations > 0;
    const double rate = products ? 1e-9 * e.operations / e.seconds : 0;
    table.add({e.layer, e.work, e.calls > 0 ? fmt::format("{}", e.calls / steps) : "",
               fmt::format("{:.2f}", 1e3 * e.seconds / steps),
               fmt::format("{:.1f} %", 100 * e.seconds / cpu_seconds),
               products ? fmt::format("{:.0f}", rate) : "",
               products ? fmt::format("{:.0f} %", 100 * rate / a_core) : ""});
  };
  for (const ProfileEntry& entry : entries) {
    in_kernels += entry.seconds;
    if (entry.seconds >= 0.005 * cpu_seconds) {
      add(entry);
      continue;
    }
    small.calls += entry.calls;
    small.seconds += entry.seconds;
  }
  add(small);
  add({"all layers", "outside of kernels, clock and waiting included", 0, cpu_seconds - in_kernels, 0});
  return fmt::format(
             "Where a step goes (milliseconds of all threads together; ceiling: {:.0f} GFLOP/s a core)\n",
             a_core) +
         table.text();
}

}  // namespace deepmine::benchmarks
