// One description of a structure, many uses: a type with
//
//     template <class Self, class Visit>
//     static void visit_fields(Self& self, Visit&& visit) { visit("name", self.name); ... }
//
// is stored by the bounded archives, field after field in that order, without the names; io/field_json.h
// shows it as JSON with them. Adding, removing or moving a field changes the format: raise the schema version
// of the file it is part of (tests/io/test_model_files.cpp fails until then). Heavy to compile: for .cpp
// files only.
#pragma once

#include <type_traits>

#include "io/bounded_archive.h"

namespace deepmine::io {

template <class Type>
concept HasFields = requires(Type& value) {
  Type::visit_fields(value, [](const char*, auto&) {});
};

/// How many values an enumeration has (0 to count − 1); to be specialised for each one that is stored.
template <class Enumeration>
inline constexpr std::uint8_t enumeration_count = 0;

template <OurArchive Archive, HasFields Type>
void serialize(Archive& archive, Type& value) {
  Type::visit_fields(value, [&archive](const char*, auto& field) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_enum_v<Field>) {
      static_assert(enumeration_count<Field> > 0, "specialise enumeration_count for it");
      auto checked = enumeration(field, enumeration_count<Field>);
      archive(checked);
    } else {
      archive(field);
    }
  });
}

}  // namespace deepmine::io
