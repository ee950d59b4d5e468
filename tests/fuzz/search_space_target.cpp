#include "io/search_space_file.h"
#include "tests/fuzz/target.h"

using namespace deepmine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  train::SearchSpace space;
  const auto read = [&] { space = io::parse_search_space(fuzz::as_text(data, size), "fuzz"); };
  if (!fuzz::accepts(read, ErrorCode::usage)) return 0;
  fuzz::require(io::parse_search_space(io::search_space_json(space), "again") == space,
                "a space that is accepted reads back the same");
  for (const train::SearchDimension& dimension : space)
    fuzz::require(dimension.kind == train::SearchDimension::Kind::choice
                      ? !dimension.choices.empty()
                      : dimension.lowest < dimension.highest,
                  "there is something to draw from");
  return 0;
}
