// The weights of a network as named tensors, and the file they are kept in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/parameter_layout.h"
#include "io/frame.h"

namespace deepmine::io {

inline constexpr std::uint32_t weights_schema_version = 1;

/// rows × columns values, column-major, without padding.
struct NamedTensor {
  std::string name;
  std::uint32_t rows = 0, columns = 0;
  nn::Role role = nn::Role::kernel;
  std::vector<float> values;

  bool operator==(const NamedTensor&) const = default;
  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit&& visit) {
    visit("name", self.name);
    visit("rows", self.rows);
    visit("columns", self.columns);
    visit("role", self.role);
    visit("values", self.values);
  }
};

struct Weights {
  RunId run_id{};  ///< in the frame's header
  std::vector<NamedTensor> tensors;

  bool operator==(const Weights&) const = default;
};

/// The bytes of the file. Throws Error{failure} if check_tensors() finds something: such weights are not
/// saved.
std::string write_weights_file(const Weights& weights);
/// Reads what write_weights_file() made. Throws Error{model_damaged} that names `source` for anything else.
Weights parse_weights_file(std::string_view bytes, const std::string& source);

/// What is wrong with a list of tensors, in words, or nothing: names must be there and unique, sizes positive
/// and that of the values, every value finite.
std::string check_tensors(const std::vector<NamedTensor>& tensors);

/// The tensors of a layout with the values of a slab.
std::vector<NamedTensor> tensors_of(const nn::ParameterLayout& layout, const float* slab);
/// Wants exactly the layout's names, shapes and roles, in any order. Throws Error{model_damaged} that names
/// `source`, what was expected and what was found.
void check_layout(const std::vector<NamedTensor>& tensors, const nn::ParameterLayout& layout,
                  const std::string& source);
/// check_layout(), then copies the values to their places in a slab. If it throws, the slab is as it was.
void copy_to_slab(const std::vector<NamedTensor>& tensors, const nn::ParameterLayout& layout, float* slab,
                  const std::string& source);

}  // namespace deepmine::io
