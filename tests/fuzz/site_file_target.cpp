#include "io/site_file.h"
#include "tests/fuzz/target.h"

using namespace deepmine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  stope::SiteSettings settings;
  const auto read = [&] { settings = io::parse_site_settings(fuzz::as_text(data, size), "fuzz"); };
  if (fuzz::accepts(read, ErrorCode::usage))
    fuzz::require(stope::problems(settings).empty(), "settings that are accepted make sense");
  return 0;
}
