// What is wrong with a text that is no JSON, in words for whoever wrote it by hand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deepmine::io {

/// Where the first fault stands, counted from 1 (a column counts characters), and what it is: "expected a
/// value, found '}'".
struct JsonFault {
  std::size_t line = 1, column = 1;
  std::string problem;
};

/// `parser_message` and `byte` are those of the parser's exception about this text; `byte` counts from 1.
JsonFault describe_json_fault(std::string_view text, std::size_t byte, std::string_view parser_message);

}  // namespace deepmine::io
