#include "io/weights_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/nn/error.h"
#include "io/stored_enumerations.h"

namespace deepmine::io {

namespace {

std::string shape(std::uint64_t rows, std::uint64_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// The product of two 32-bit numbers fits into 64 bits: it can't wrap around.
bool has_size(const NamedTensor& tensor) {
  const std::uint64_t product = static_cast<std::uint64_t>(tensor.rows) * tensor.columns;
  return product != 0 && product == tensor.values.size();
}

using TensorsByName = std::map<std::string_view, const NamedTensor*>;

TensorsByName tensors_by_name(const std::vector<NamedTensor>& tensors) {
  TensorsByName by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  return by_name;
}

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::model_damaged, source + ": " + what);
}

}  // namespace

std::string check_tensors(const std::vector<NamedTensor>& tensors) {
  if (tensors.empty()) return "there are no tensors";
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name.empty()) return "a tensor has no name";
    if (!names.insert(tensor.name).second) return "there are two tensors named " + tensor.name;
    if (!has_size(tensor))
      return tensor.name + " is " + shape(tensor.rows, tensor.columns) + " but has " +
             std::to_string(tensor.values.size()) + " values";
    const auto bad =
        std::find_if(tensor.values.begin(), tensor.values.end(), [](float v) { return !std::isfinite(v); });
    if (bad != tensor.values.end())
      return tensor.name + " has a value that is not finite, number " +
             std::to_string(bad - tensor.values.begin());
  }
  return {};
}

std::string write_weights_file(const Weights& weights) {
  if (const std::string problem = check_tensors(weights.tensors); !problem.empty())
    throw Error(ErrorCode::failure, "these weights can't be saved: " + problem);
  return make_frame(FrameKind::weights, weights_schema_version, weights.run_id, encode(weights.tensors));
}

Weights parse_weights_file(std::string_view bytes, const std::string& source) {
  const Frame frame = parse_frame(bytes, FrameKind::weights, weights_schema_version, source);
  Weights weights{frame.run_id, decode<std::vector<NamedTensor>>(frame.payload, source)};
  if (const std::string problem = check_tensors(weights.tensors); !problem.empty()) refuse(source, problem);
  return weights;
}

std::vector<NamedTensor> tensors_of(const nn::ParameterLayout& layout, const float* slab) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(layout.tensors().size());
  for (const nn::Tensor& tensor : layout.tensors())
    tensors.push_back({tensor.name, static_cast<std::uint32_t>(tensor.rows),
                       static_cast<std::uint32_t>(tensor.columns), tensor.role,
                       std::vector<float>(slab + tensor.offset, slab + tensor.offset + tensor.size())});
  return tensors;
}

void check_layout(const std::vector<NamedTensor>& tensors, const nn::ParameterLayout& layout,
                  const std::string& source) {
  const TensorsByName by_name = tensors_by_name(tensors);
  for (const nn::Tensor& expected : layout.tensors()) {
    const auto found = by_name.find(expected.name);
    if (found == by_name.end())
      refuse(source, "has no tensor " + expected.name + ", which the network needs");
    const NamedTensor& tensor = *found->second;
    const auto rows = static_cast<std::uint32_t>(expected.rows),
               columns = static_cast<std::uint32_t>(expected.columns);
    if (tensor.rows != rows || tensor.columns != columns || tensor.values.size() != expected.size())
      refuse(source, expected.name + " is " + shape(tensor.rows, tensor.columns) + ", the network expects " +
                         shape(rows, columns));
    if (tensor.role != expected.role)
      refuse(source, expected.name + " is a " + std::string(nn::role_name(tensor.role)) +
                         ", the network expects a " + std::string(nn::role_name(expected.role)));
  }
  if (tensors.size() != layout.tensors().size())
    refuse(source, "has " + std::to_string(tensors.size()) + " tensors, the network expects " +
                       std::to_string(layout.tensors().size()));
}

void copy_to_slab(const std::vector<NamedTensor>& tensors, const nn::ParameterLayout& layout, float* slab,
                  const std::string& source) {
  check_layout(tensors, layout, source);
  const TensorsByName by_name = tensors_by_name(tensors);
  for (const nn::Tensor& tensor : layout.tensors()) {
    const std::vector<float>& values = by_name.at(tensor.name)->values;
    std::copy(values.begin(), values.end(), slab + tensor.offset);
  }
}

}  // namespace deepmine::io
