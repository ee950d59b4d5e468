// A structure with visit_fields (io/field_archive.h) as readable JSON, keys in the order of the fields. A
// number that is not finite becomes null, on purpose: JSON has no other word for "could not be computed". For
// .cpp files only.
#pragma once

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace deepmine::io {

using OrderedJson = nlohmann::ordered_json;

namespace detail {
template <class Type>
struct IsSequence : std::false_type {};
template <class Element>
struct IsSequence<std::vector<Element>> : std::true_type {};
template <class Element, std::size_t Size>
struct IsSequence<std::array<Element, Size>> : std::true_type {};
template <class Type>
struct IsTextMap : std::false_type {};
template <class Value>
struct IsTextMap<std::map<std::string, Value>> : std::true_type {};
template <class Type>
struct IsOptional : std::false_type {};
template <class Value>
struct IsOptional<std::optional<Value>> : std::true_type {};
}  // namespace detail

/// Enumerations are shown as `name(value)`, found where the enumeration was declared.
template <class Type>
OrderedJson fields_to_json(const Type& value) {
  if constexpr (std::is_floating_point_v<Type>) {
    return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
  } else if constexpr (std::is_arithmetic_v<Type> || std::is_same_v<Type, std::string>) {
    return value;
  } else if constexpr (std::is_enum_v<Type>) {
    return std::string(name(value));
  } else if constexpr (detail::IsOptional<Type>::value) {
    return value ? fields_to_json(*value) : OrderedJson(nullptr);
  } else if constexpr (detail::IsSequence<Type>::value) {
    OrderedJson list = OrderedJson::array();
    for (const auto& element : value) list.push_back(fields_to_json(element));
    return list;
  } else if constexpr (detail::IsTextMap<Type>::value) {
    OrderedJson object = OrderedJson::object();
    for (const auto& [key, element] : value) object[key] = fields_to_json(element);
    return object;
  } else {
    OrderedJson object = OrderedJson::object();
    Type::visit_fields(
        value, [&object](const char* key, const auto& field) { object[key] = fields_to_json(field); });
    return object;
  }
}

/// Indented text with a line feed at its end. Bytes that are not UTF-8 become U+FFFD.
inline std::string json_text(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

/// The same in one line of ASCII: every other character is written as \uXXXX.
inline std::string ascii_json(const OrderedJson& json) {
  return json.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}

}  // namespace deepmine::io
