// Every single-bit flip and every truncation of a file's bytes must be refused by its reader.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "engine/nn/error.h"

namespace deepmine::test {

template <class Parse>
bool refuses(Parse& parse, std::string_view bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    return error.code() == ErrorCode::model_damaged;
  }
  return false;
}

template <class Parse>
void check_that_all_damage_is_refused(std::string bytes, Parse parse) {
  REQUIRE(!refuses(parse, bytes));
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const char before = bytes[bit / 8];
    bytes[bit / 8] = static_cast<char>(before ^ (1 << (bit % 8)));
    accepted += !refuses(parse, bytes);
    bytes[bit / 8] = before;
  }
  CHECK(accepted == 0);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    accepted += !refuses(parse, std::string_view(bytes).substr(0, size));
  CHECK(accepted == 0);
  CHECK(refuses(parse, bytes + '\0'));
}

}  // namespace deepmine::test
