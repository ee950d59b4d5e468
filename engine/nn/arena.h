// All memory of a workspace in one aligned piece, planned once: a training step and a prediction allocate
// nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "engine/nn/activations.h"

namespace deepmine::nn {

/// Aligned memory, zero at the start, given back by the destructor.
class AlignedMemory {
 public:
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

  AlignedMemory() = default;
  explicit AlignedMemory(std::size_t bytes);
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    Free() : Free(nullptr, 0) {}
    Free(void* mapping_begin, std::size_t mapping_size) : mapping(mapping_begin), mapped(mapping_size) {}
    void* mapping;  ///< what the system gave, or null: the memory is the allocator's
    std::size_t mapped;
    void operator()(std::byte* memory) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

/// Hands out pieces of one allocation. `build` runs the plan twice: first to measure, then, after the one
/// allocation, to hand out the pieces. The plan must ask for the same pieces both times.
class Arena {
 public:
  template <class Plan>
  void build(Plan&& plan) {
    used_ = 0;
    measuring_ = true;
    plan(*this);
    memory_ = AlignedMemory(used_);
    used_ = 0;
    measuring_ = false;
    plan(*this);
  }

  template <class Value>
  Value* take(std::size_t count) {
    const std::size_t offset = used_;
    used_ += (count * sizeof(Value) + AlignedMemory::alignment - 1) / AlignedMemory::alignment *
             AlignedMemory::alignment;
    return measuring_ ? nullptr : reinterpret_cast<Value*>(memory_.data() + offset);
  }

  /// A tensor for `blocks` blocks of samples.
  template <class Scalar>
  Activations<Scalar> activations(int blocks, int features, int steps) {
    const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(features) * steps * block_size;
    return {take<Scalar>(static_cast<std::size_t>(stride * blocks)), features, steps, stride, nullptr};
  }

  std::size_t bytes() const { return memory_.size(); }

 private:
  AlignedMemory memory_;
  std::size_t used_ = 0;
  bool measuring_ = false;
};

}  // namespace deepmine::nn
