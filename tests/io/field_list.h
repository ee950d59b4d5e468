// The fields of a stored structure as text, one line each: `network.horizons[]: i32`. What
// docs/file_format.md prints is compared with it, so neither the format nor its description changes
// unnoticed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace deepmine::test {

template <class Type>
struct FieldKind {
  static constexpr bool list = false, map = false;
};
template <class Element>
struct FieldKind<std::vector<Element>> {
  static constexpr bool list = true, map = false;
  using element = Element;
};
template <class Value>
struct FieldKind<std::map<std::string, Value>> {
  static constexpr bool list = false, map = true;
  using element = Value;
};

template <class Type>
std::string field_list(const std::string& path) {
  const std::string bits = std::to_string(8 * sizeof(Type));
  if constexpr (std::is_same_v<Type, bool>) {
    return path + ": bool\n";
  } else if constexpr (std::is_enum_v<Type>) {
    return path + ": choice\n";
  } else if constexpr (std::is_floating_point_v<Type>) {
    return path + ": f" + bits + "\n";
  } else if constexpr (std::is_integral_v<Type>) {
    return path + (std::is_signed_v<Type> ? ": i" : ": u") + bits + "\n";
  } else if constexpr (std::is_same_v<Type, std::string>) {
    return path + ": text\n";
  } else if constexpr (FieldKind<Type>::list) {
    return field_list<typename FieldKind<Type>::element>(path + "[]");
  } else if constexpr (FieldKind<Type>::map) {
    return field_list<typename FieldKind<Type>::element>(path + "{}");
  } else {
    std::string lines;
    Type value{};
    Type::visit_fields(value, [&](const char* name, auto& field) {
      lines += field_list<std::remove_cvref_t<decltype(field)>>(path.empty() ? name : path + "." + name);
    });
    return lines;
  }
}

}  // namespace deepmine::test
