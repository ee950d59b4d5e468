// Reads an ONNX file back: a decoder of its own, written from onnx.proto, that knows every field number by
// itself and refuses what it does not expect. It shares the plain values with io/onnx_model.h, no code.
#pragma once

#include <string_view>

#include "io/onnx_model.h"

namespace deepmine::test {

/// Throws std::runtime_error for bytes that are no model of the kind that deepmine writes.
io::onnx::Model read_onnx(std::string_view bytes);

}  // namespace deepmine::test
