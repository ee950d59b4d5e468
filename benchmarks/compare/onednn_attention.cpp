// The core of a multi-head attention by oneDNN's batched products and softmax, for torch.autograd
// (onednn.py).
//
// Arrays are float32 and dense: queries (query steps, samples, inner), keys and values side by side (key
// steps, samples, 2 inner), output like the queries, weights (samples, heads, query steps, key steps), where
// inner = heads · size. Dropout of the weights and the softmax's gradient are the caller's. Not thread-safe;
// the primitives run on the OpenMP threads of the caller.
#include <cmath>
#include <memory>

#include "benchmarks/compare/onednn_support.h"

namespace {

using namespace onednn;

/// c = scale · a · b for every sample and head.
class Product {
 public:
  Product(const dnnl::engine& engine, const memory::desc& a, const memory::desc& b, const memory::desc& c,
          float scale)
      : engine_(engine), a_(a), b_(b), c_(c) {
    dnnl::primitive_attr attributes;
    if (scale != 1) attributes.set_output_scales(0, {scale});
    product_ = dnnl::matmul(dnnl::matmul::primitive_desc({a, b, c}, attributes, engine));
  }
  void run(dnnl::stream& stream, float* a, float* b, float* c) {
    product_.execute(stream, {{DNNL_ARG_SRC, memory(a_, engine_, a)},
                              {DNNL_ARG_WEIGHTS, memory(b_, engine_, b)},
                              {DNNL_ARG_DST, memory(c_, engine_, c)}});
  }

 private:
  dnnl::engine engine_;
  memory::desc a_, b_, c_;
  dnnl::matmul product_;
};

/// A matrix of steps × size for every sample and head, in an array of `width` numbers for each sample and
/// step.
memory::desc days(const memory::dims& shape, memory::dim width) {
  const memory::dim samples = shape[0], size = shape[3];
  return float_descriptor(shape, memory::dims{width, size, samples * width, 1});
}

memory::desc transposed(const memory::desc& matrix) {
  return matrix.permute_axes({0, 1, 3, 2});
}

class Attention {
 public:
  Attention(memory::dim samples, memory::dim heads, memory::dim size, memory::dim queries, memory::dim keys)
      : Attention(heads * size, 1 / std::sqrt(static_cast<float>(size)),
                  days({samples, heads, queries, size}, heads * size),
                  days({samples, heads, keys, size}, 2 * heads * size),
                  float_descriptor({samples, heads, queries, keys}, memory::format_tag::abcd)) {}

  void weights(float* query, float* source, float* weights) {
    scores_.run(stream_, query, source, weights);
    const memory both(weights_, engine_, weights);
    softmax_.execute(stream_, {{DNNL_ARG_SRC, both}, {DNNL_ARG_DST, both}});
    stream_.wait();
  }
  void output(float* weights, float* source, float* output) {
    output_.run(stream_, weights, source + inner_, output);
    stream_.wait();
  }
  /// Gradients of the weights and of the values.
  void output_backward(float* weights, float* source, float* d_output, float* d_weights, float* d_source) {
    d_weights_.run(stream_, d_output, source + inner_, d_weights);
    d_values_.run(stream_, weights, d_output, d_source + inner_);
    stream_.wait();
  }
  /// Gradients of the queries and of the keys.
  void scores_backward(float* d_scores, float* query, float* source, float* d_query, float* d_source) {
    d_queries_.run(stream_, d_scores, source, d_query);
    d_keys_.run(stream_, d_scores, query, d_source);
    stream_.wait();
  }

 private:
  Attention(memory::dim inner, float scale, const memory::desc& query, const memory::desc& source,
            const memory::desc& weights)
      : inner_(inner),
        weights_(weights),
        scores_(engine_, query, transposed(source), weights, scale),
        output_(engine_, weights, source, query, 1),
        d_weights_(engine_, query, transposed(source), weights, 1),
        d_values_(engine_, transposed(weights), query, source, 1),
        d_queries_(engine_, weights, source, query, scale),
        d_keys_(engine_, transposed(weights), query, source, scale),
        softmax_({{dnnl::prop_kind::forward_inference, weights, 3}, engine_}) {}

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  memory::dim inner_;
  memory::desc weights_;
  Product scores_, output_, d_weights_, d_values_, d_queries_, d_keys_;
  dnnl::softmax_forward softmax_;
};

Attention& as_attention(void* pointer) {
  return *static_cast<Attention*>(pointer);
}

}  // namespace

extern "C" {

/// Null if oneDNN has no such primitive.
void* attention_create(int samples, int heads, int size, int queries, int keys) {
  std::unique_ptr<Attention> attention;
  guarded([&] { attention = std::make_unique<Attention>(samples, heads, size, queries, keys); });
  return attention.release();
}

int attention_weights(void* attention, float* query, float* source, float* weights) {
  return guarded([&] { as_attention(attention).weights(query, source, weights); });
}

int attention_output(void* attention, float* weights, float* source, float* output) {
  return guarded([&] { as_attention(attention).output(weights, source, output); });
}

int attention_output_backward(void* attention, float* weights, float* source, float* d_output,
                              float* d_weights, float* d_source) {
  return guarded(
      [&] { as_attention(attention).output_backward(weights, source, d_output, d_weights, d_source); });
}

int attention_scores_backward(void* attention, float* d_scores, float* query, float* source, float* d_query,
                              float* d_source) {
  return guarded(
      [&] { as_attention(attention).scores_backward(d_scores, query, source, d_query, d_source); });
}

void attention_destroy(void* attention) {
  delete static_cast<Attention*>(attention);
}

const char* onednn_error() {
  return last_error.c_str();
}

const char* onednn_version() {
  static const std::string version = [] {
    const dnnl::version_t* v = dnnl::version();
    return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  }();
  return version.c_str();
}

}  // extern "C"
