// Cereal archives of our own: little-endian, fixed widths, in memory. The input archive trusts nothing: it
// checks every size against the bytes that remain and against a memory budget before anything is allocated,
// takes 0 and 1 only for a bool, limits nesting, wants maps sorted, and in the end wants every byte used.
// Stock cereal must never see bytes that came from outside. Heavy to compile: for .cpp files only.
//
// A format is one function, used in both directions:
//
//     template <class Archive>
//     void serialize(Archive& archive, Person& person) { archive(person.name, person.age); }
//
//     std::string bytes = encode(person);
//     Person again = decode<Person>(bytes, "people.bin");     // Error{model_damaged} naming people.bin
//
// Encoding of a value (docs/file_format.md): whole numbers and IEEE 754 floats in their width, bool one byte,
// std::array its elements, string and vector a 64-bit count and the elements, map a 64-bit count and
// key-value pairs in ascending order of the keys, optional a bool and the value. A type has no name, no
// version and no identity on disk.
#pragma once

// Cereal's own registries (version numbers of classes) are not used here, but must not race if somebody else
// does.
#ifndef CEREAL_THREAD_SAFE
#define CEREAL_THREAD_SAFE 1
#endif

#include <array>
#include <bit>
#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/nn/error.h"
#include "io/storable_types.h"

namespace deepmine::io {

// ---- writing

/// Collects the encoding of values in memory.
class MemoryOutputArchive : public cereal::OutputArchive<MemoryOutputArchive> {
 public:
  MemoryOutputArchive() : OutputArchive(this) {}
  std::string take() { return std::move(bytes_); }

  template <class Number>
  void put(Number number) {
    auto raw = std::bit_cast<std::array<char, sizeof(Number)>>(number);
    if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
    bytes_.append(raw.data(), raw.size());
  }
  template <class Number>
  void put_many(const Number* numbers, std::size_t count) {
    if constexpr (std::endian::native == std::endian::little)
      bytes_.append(reinterpret_cast<const char*>(numbers), count * sizeof(Number));
    else
      for (std::size_t i = 0; i < count; ++i) put(numbers[i]);
  }

 private:
  std::string bytes_;
};

template <class Type>
void prologue(MemoryOutputArchive&, const Type&) {
  if constexpr (!detail::IsEnvelope<Type>::value) detail::check_that_it_may_be_stored<Type>();
}
template <class Type>
void epilogue(MemoryOutputArchive&, const Type&) {}

template <class Number>
requires std::is_arithmetic_v<Number>
void save(MemoryOutputArchive& archive, const Number& number) {
  archive.put(number);
}
template <class Size>
void save(MemoryOutputArchive& archive, const cereal::SizeTag<Size>& tag) {
  archive.put(static_cast<std::uint64_t>(tag.size));
}
template <class Pointer>
void save(MemoryOutputArchive& archive, const cereal::BinaryData<Pointer>& data) {
  using Number = std::remove_cv_t<std::remove_pointer_t<std::remove_reference_t<Pointer>>>;
  detail::check_that_it_may_be_stored<Number>();
  archive.put_many(static_cast<const Number*>(data.data), data.size / sizeof(Number));
}
template <class Key, class Value>
void save(MemoryOutputArchive& archive, const std::map<Key, Value>& map) {
  archive(cereal::make_size_tag(static_cast<cereal::size_type>(map.size())));
  for (const auto& [key, value] : map) archive(key, value);
}

// ---- reading

/// Reads values from bytes that may be damaged or hostile. Throws Error{model_damaged} that names `source`
/// and the position. Use decode(), which also takes care of what cereal and the standard library throw.
class BoundedInputArchive : public cereal::InputArchive<BoundedInputArchive> {
 public:
  static constexpr int deepest_nesting = 32;

  /// `bytes` and `source` must outlive the archive.
  BoundedInputArchive(std::string_view bytes, const std::string& source);

  template <class Number>
  Number get() {
    std::array<char, sizeof(Number)> raw;
    copy(raw.data(), raw.size());
    if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<Number>(raw);
  }
  template <class Number>
  void get_many(Number* numbers, std::size_t count) {
    if constexpr (std::endian::native == std::endian::little)
      copy(reinterpret_cast<char*>(numbers), count * sizeof(Number));
    else
      for (std::size_t i = 0; i < count; ++i) numbers[i] = get<Number>();
  }
  bool get_bool();
  /// The number of elements of the container announced last, checked against what remains and the memory
  /// budget.
  std::uint64_t get_size();

  /// Before a container: the fewest bytes of an element on disk, and its bytes in memory.
  void announce_elements(std::uint64_t minimum_on_disk, std::uint64_t in_memory);
  void enter();
  void leave() { --depth_; }

  /// Every byte must have been used.
  void require_end() const;
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  void copy(char* to, std::size_t size);

  std::string_view bytes_;
  const std::string& source_;
  std::size_t position_ = 0;
  std::uint64_t memory_left_;
  std::uint64_t element_on_disk_ = 0, element_in_memory_ = 0;  // 0: no container was announced
  int depth_ = 0;
};

template <class Type>
void prologue(BoundedInputArchive& archive, const Type&) {
  if constexpr (!detail::IsEnvelope<Type>::value) {
    detail::check_that_it_may_be_stored<Type>();
    if constexpr (!std::is_arithmetic_v<Type>) archive.enter();
    using Traits = detail::ContainerTraits<Type>;
    if constexpr (Traits::sized)
      archive.announce_elements(detail::minimum_size<typename Traits::element>(), Traits::memory);
  }
}
template <class Type>
void epilogue(BoundedInputArchive& archive, const Type&) {
  if constexpr (!detail::IsEnvelope<Type>::value && !std::is_arithmetic_v<Type>) archive.leave();
}

template <class Number>
requires std::is_arithmetic_v<Number>
void load(BoundedInputArchive& archive, Number& number) {
  if constexpr (std::is_same_v<Number, bool>)
    number = archive.get_bool();
  else
    number = archive.get<Number>();
}
template <class Size>
void load(BoundedInputArchive& archive, cereal::SizeTag<Size>& tag) {
  tag.size = archive.get_size();
}
template <class Pointer>
void load(BoundedInputArchive& archive, cereal::BinaryData<Pointer>& data) {
  using Number = std::remove_pointer_t<std::remove_reference_t<Pointer>>;
  static_assert(!std::is_same_v<Number, bool>, "a bool is checked one by one");
  detail::check_that_it_may_be_stored<Number>();
  archive.get_many(static_cast<Number*>(data.data), data.size / sizeof(Number));
}
template <class Key, class Value>
void load(BoundedInputArchive& archive, std::map<Key, Value>& map) {
  cereal::size_type size = 0;
  archive(cereal::make_size_tag(size));
  map.clear();
  for (; size > 0; --size) {
    Key key{};
    Value value{};
    archive(key, value);
    if (!map.empty() && !(map.rbegin()->first < key)) archive.refuse("the keys of a map are not ascending");
    map.emplace_hint(map.end(), std::move(key), std::move(value));
  }
}

// ---- both directions

template <class Archive>
concept OurArchive =
    std::is_same_v<Archive, MemoryOutputArchive> || std::is_same_v<Archive, BoundedInputArchive>;

template <OurArchive Archive, class Value>
void serialize(Archive& archive, std::optional<Value>& optional) {
  bool present = optional.has_value();
  archive(present);
  if constexpr (Archive::is_loading::value) {
    optional.reset();
    if (present) optional.emplace();
  }
  if (present) archive(*optional);
}

/// An enumeration with the values 0 to `count` − 1, one byte on disk. Anything else is refused.
template <class Enumeration>
struct CheckedEnumeration {
  Enumeration& value;
  std::uint8_t count;
};
template <class Enumeration>
CheckedEnumeration<Enumeration> enumeration(Enumeration& value, std::uint8_t count) {
  return {value, count};
}
template <OurArchive Archive, class Enumeration>
void serialize(Archive& archive, CheckedEnumeration<Enumeration>& checked) {
  auto number = static_cast<std::uint8_t>(checked.value);
  archive(number);
  if constexpr (Archive::is_loading::value) {
    if (number >= checked.count)
      archive.refuse("found choice " + std::to_string(number) + ", expected at most " +
                     std::to_string(checked.count - 1));
    checked.value = static_cast<Enumeration>(number);
  }
}

// ---- whole values

template <class Value>
std::string encode(const Value& value) {
  MemoryOutputArchive archive;
  archive(value);
  return archive.take();
}

/// Throws Error{model_damaged, "<source>: ..."} and nothing else, whatever the bytes are. Only where the
/// machine has no memory left comes std::bad_alloc: no bytes ask for more than a sound file of their size, so
/// that is never damage, and must not be taken for it.
template <class Value>
Value decode(std::string_view bytes, const std::string& source) {
  BoundedInputArchive archive(bytes, source);
  try {
    // Not Value{}: GCC 12 destroys members of an aggregate twice if one after them throws.
    auto value = Value();
    archive(value);
    archive.require_end();
    return value;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // cereal's own, length_error
    archive.refuse(error.what());
  }
}

}  // namespace deepmine::io

namespace cereal::traits::detail {

// Ties the two archives together, as CEREAL_SETUP_ARCHIVE_TRAITS does for cereal's own.
template <>
struct get_output_from_input<deepmine::io::BoundedInputArchive> {
  using type = deepmine::io::MemoryOutputArchive;
};
template <>
struct get_input_from_output<deepmine::io::MemoryOutputArchive> {
  using type = deepmine::io::BoundedInputArchive;
};

}  // namespace cereal::traits::detail
