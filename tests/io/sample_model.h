// A small but complete set of model files' contents.
#pragma once

#include "io/components_file.h"
#include "io/metadata_file.h"
#include "io/weights_file.h"

namespace deepmine::test {

inline constexpr io::RunId sample_run_id{0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

io::Weights sample_weights();
/// A plan that differs from the product's numbers in every field.
stope::ResponsePlan sample_response_plan();
io::Components sample_components();
io::ModelMetadata sample_metadata();

}  // namespace deepmine::test
