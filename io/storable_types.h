// Which types may stand on disk, and how much room their values take: what the archives of bounded_archive.h
// ask at compile time.
#pragma once

#include <array>
#include <cereal/cereal.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace deepmine::io {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);
static_assert(sizeof(std::size_t) == 8, "sizes on disk have 64 bits");

namespace detail {

template <class Type>
struct ContainerTraits {
  static constexpr bool sized = false;
};
template <class Element>
struct ContainerTraits<std::vector<Element>> {
  static constexpr bool sized = true;
  using element = Element;
  static constexpr std::uint64_t memory = sizeof(Element);
};
template <>
struct ContainerTraits<std::string> {
  static constexpr bool sized = true;
  using element = char;
  static constexpr std::uint64_t memory = 1;
};
template <class Key, class Value>
struct ContainerTraits<std::map<Key, Value>> {
  static constexpr bool sized = true;
  using element = std::pair<Key, Value>;
  static constexpr std::uint64_t memory = sizeof(std::pair<const Key, Value>) + 48;  // a node of the tree
};

template <class Type>
struct IsArray : std::false_type {};
template <class Element, std::size_t Size>
struct IsArray<std::array<Element, Size>> : std::true_type {};
template <class Type>
struct IsPair : std::false_type {};
template <class First, class Second>
struct IsPair<std::pair<First, Second>> : std::true_type {};

/// The fewest bytes that a value of this type takes on disk. A structure counts as one: the memory budget
/// bounds it.
template <class Type>
constexpr std::uint64_t minimum_size() {
  if constexpr (std::is_arithmetic_v<Type>)
    return sizeof(Type);
  else if constexpr (ContainerTraits<Type>::sized)
    return 8;
  else if constexpr (IsArray<Type>::value)
    return std::tuple_size_v<Type> * minimum_size<typename Type::value_type>();
  else if constexpr (IsPair<Type>::value)
    return minimum_size<typename Type::first_type>() + minimum_size<typename Type::second_type>();
  else
    return 1;
}

template <class Type>
constexpr bool is_arithmetic_of_fixed_width = (std::is_integral_v<Type> && sizeof(Type) <= 8 &&
                                               !std::is_same_v<Type, wchar_t>) ||
                                              std::is_same_v<Type, float> || std::is_same_v<Type, double>;

/// cereal's own envelopes (a name and a value, a size, raw bytes), which are no values of a format.
template <class Type>
struct IsEnvelope : std::false_type {};
template <class Type>
struct IsEnvelope<cereal::SizeTag<Type>> : std::true_type {};
template <class Type>
struct IsEnvelope<cereal::BinaryData<Type>> : std::true_type {};

template <class Type>
concept PointerLike = requires(Type value) {
  typename Type::element_type;
  value.get();
};

template <class Type>
constexpr void check_that_it_may_be_stored() {
  static_assert(!std::is_pointer_v<Type> && !PointerLike<Type>, "no pointers on disk");
  static_assert(!std::is_polymorphic_v<Type>, "no polymorphic types on disk");
  static_assert(!std::is_enum_v<Type>, "wrap it in enumeration(), which checks its range");
  static_assert(!std::is_empty_v<Type>, "an empty type has no place on disk");
  static_assert(!std::is_arithmetic_v<Type> || is_arithmetic_of_fixed_width<Type>,
                "only numbers of a fixed width");
}

}  // namespace detail

}  // namespace deepmine::io
