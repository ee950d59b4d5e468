// oneDNN's LSTM (vanilla_lstm, oneDNN 2.x) behind a few C functions, for torch.autograd (onednn.py).
//
// Arrays are float32 and dense: activations (steps, samples, features), kernels (inputs, 4 units) with the
// gates in the order i, f, g, o, biases (4 units). Weights are reordered to the formats that oneDNN asks for:
// in training at every pass, because they change at every step; in prediction once. A layer remembers one
// forward pass, for the backward pass that follows it. Not thread-safe; the primitives run on the OpenMP
// threads of the caller.
#include <cstring>
#include <exception>
#include <memory>
#include <unordered_map>

#include "benchmarks/compare/onednn_support.h"

namespace {

using namespace onednn;
using Arguments = std::unordered_map<int, memory>;

class Lstm {
 public:
  Lstm(int steps, int samples, int inputs, int units, bool training)
      : training_(training),
        source_(float_descriptor({steps, samples, inputs}, memory::format_tag::tnc)),
        output_(float_descriptor({steps, samples, units}, memory::format_tag::tnc)),
        kernel_(float_descriptor({1, 1, inputs, 4, units}, memory::format_tag::ldigo)),
        recurrent_(float_descriptor({1, 1, units, 4, units}, memory::format_tag::ldigo)),
        bias_(float_descriptor({1, 1, 4, units}, memory::format_tag::ldgo)),
        state_(float_descriptor({1, 1, samples, units}, memory::format_tag::ldnc)),
        zeros_(state_, engine_) {
    std::memset(zeros_.get_data_handle(), 0, state_.get_size());
    const memory::desc none;
    const auto kind = training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    forward_descriptor_ = dnnl::lstm_forward::primitive_desc(
        dnnl::lstm_forward::desc(kind, direction, source_, state_, state_, any(kernel_), any(recurrent_),
                                 bias_, output_, none, none),
        engine_);
    forward_ = dnnl::lstm_forward(forward_descriptor_);
    packed_kernel_ = memory(forward_descriptor_.weights_layer_desc(), engine_);
    packed_recurrent_ = memory(forward_descriptor_.weights_iter_desc(), engine_);
    if (training) prepare_backward();
  }

  void forward(float* source, float* kernel, float* recurrent, float* bias, float* output) {
    if (training_ || !packed_) {
      reorder(memory(kernel_, engine_, kernel), packed_kernel_);
      reorder(memory(recurrent_, engine_, recurrent), packed_recurrent_);
      packed_ = true;
    }
    Arguments arguments{{DNNL_ARG_SRC_LAYER, memory(source_, engine_, source)},
                        {DNNL_ARG_SRC_ITER, zeros_},
                        {DNNL_ARG_SRC_ITER_C, zeros_},
                        {DNNL_ARG_WEIGHTS_LAYER, packed_kernel_},
                        {DNNL_ARG_WEIGHTS_ITER, packed_recurrent_},
                        {DNNL_ARG_BIAS, memory(bias_, engine_, bias)},
                        {DNNL_ARG_DST_LAYER, memory(output_, engine_, output)}};
    if (training_) arguments.insert({DNNL_ARG_WORKSPACE, workspace_});
    forward_.execute(stream_, arguments);
    stream_.wait();
  }

  void backward(float* source, float* kernel, float* recurrent, float* bias, float* output, float* d_output,
                float* d_source, float* d_kernel, float* d_recurrent, float* d_bias) {
    reorder(memory(kernel_, engine_, kernel), backward_kernel_);
    reorder(memory(recurrent_, engine_, recurrent), backward_recurrent_);
    // oneDNN adds to the gradients of the weights.
    for (const memory& sum : {sum_kernel_, sum_recurrent_})
      std::memset(sum.get_data_handle(), 0, sum.get_desc().get_size());
    std::memset(d_bias, 0, bias_.get_size());
    backward_.execute(stream_, {{DNNL_ARG_SRC_LAYER, memory(source_, engine_, source)},
                                {DNNL_ARG_SRC_ITER, zeros_},
                                {DNNL_ARG_SRC_ITER_C, zeros_},
                                {DNNL_ARG_WEIGHTS_LAYER, backward_kernel_},
                                {DNNL_ARG_WEIGHTS_ITER, backward_recurrent_},
                                {DNNL_ARG_BIAS, memory(bias_, engine_, bias)},
                                {DNNL_ARG_DST_LAYER, memory(output_, engine_, output)},
                                {DNNL_ARG_DIFF_DST_LAYER, memory(output_, engine_, d_output)},
                                {DNNL_ARG_DIFF_SRC_LAYER, memory(source_, engine_, d_source)},
                                {DNNL_ARG_DIFF_SRC_ITER, d_state_},
                                {DNNL_ARG_DIFF_SRC_ITER_C, d_cell_state_},
                                {DNNL_ARG_DIFF_WEIGHTS_LAYER, sum_kernel_},
                                {DNNL_ARG_DIFF_WEIGHTS_ITER, sum_recurrent_},
                                {DNNL_ARG_DIFF_BIAS, memory(bias_, engine_, d_bias)},
                                {DNNL_ARG_WORKSPACE, workspace_}});
    reorder(sum_kernel_, memory(kernel_, engine_, d_kernel));
    reorder(sum_recurrent_, memory(recurrent_, engine_, d_recurrent));
    stream_.wait();
  }

 private:
  static constexpr auto direction = dnnl::rnn_direction::unidirectional_left2right;

  static memory::desc any(const memory::desc& descriptor) {
    return float_descriptor(descriptor.dims(), memory::format_tag::any);
  }

  void prepare_backward() {
    const memory::desc none;
    d_state_ = memory(state_, engine_);
    d_cell_state_ = memory(state_, engine_);
    workspace_ = memory(forward_descriptor_.workspace_desc(), engine_);
    const dnnl::lstm_backward::primitive_desc descriptor(
        dnnl::lstm_backward::desc(dnnl::prop_kind::backward, direction, source_, state_, state_, any(kernel_),
                                  any(recurrent_), bias_, output_, none, none, source_, state_, state_,
                                  any(kernel_), any(recurrent_), bias_, output_, none, none),
        engine_, forward_descriptor_);
    backward_ = dnnl::lstm_backward(descriptor);
    backward_kernel_ = memory(descriptor.weights_layer_desc(), engine_);
    backward_recurrent_ = memory(descriptor.weights_iter_desc(), engine_);
    sum_kernel_ = memory(descriptor.diff_weights_layer_desc(), engine_);
    sum_recurrent_ = memory(descriptor.diff_weights_iter_desc(), engine_);
  }

  void reorder(memory from, memory to) { dnnl::reorder(from, to).execute(stream_, from, to); }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  bool training_, packed_ = false;
  memory::desc source_, output_, kernel_, recurrent_, bias_, state_;
  memory
      zeros_;  // the state before the first step; where it is left out, oneDNN 2.6's backward pass is wrong
  dnnl::lstm_forward::primitive_desc forward_descriptor_;
  dnnl::lstm_forward forward_;
  dnnl::lstm_backward backward_;
  memory packed_kernel_, packed_recurrent_, workspace_;
  memory d_state_, d_cell_state_, backward_kernel_, backward_recurrent_, sum_kernel_, sum_recurrent_;
};

}  // namespace

extern "C" {

/// Null if oneDNN has no such primitive.
void* lstm_create(int steps, int samples, int inputs, int units, int training) {
  std::unique_ptr<Lstm> lstm;
  guarded([&] { lstm = std::make_unique<Lstm>(steps, samples, inputs, units, training != 0); });
  return lstm.release();
}

int lstm_forward(void* lstm, float* source, float* kernel, float* recurrent, float* bias, float* output) {
  return guarded([&] { static_cast<Lstm*>(lstm)->forward(source, kernel, recurrent, bias, output); });
}

int lstm_backward(void* lstm, float* source, float* kernel, float* recurrent, float* bias, float* output,
                  float* d_output, float* d_source, float* d_kernel, float* d_recurrent, float* d_bias) {
  return guarded([&] {
    static_cast<Lstm*>(lstm)->backward(source, kernel, recurrent, bias, output, d_output, d_source, d_kernel,
                                       d_recurrent, d_bias);
  });
}

void lstm_destroy(void* lstm) {
  delete static_cast<Lstm*>(lstm);
}

}  // extern "C"
