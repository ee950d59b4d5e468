// The static file of a mine; the readings beside it are sound.
#include "tests/fuzz/stope_csv_check.h"

using namespace deepmine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile statics("statics"), timeseries("timeseries");
  static const bool once = [] {
    timeseries.set(
        "stope_name,timestamp,vibration_velocity,deformation_rate,stress,temperature,humidity\n"
        "A,2024-03-01,1,0.1,20,15,50\nA,2024-03-02,1.5,0.1,21,15,50\nB,2024-03-01T06:00,1,,20,15,50\n");
    return true;
  }();
  (void)once;
  statics.set(fuzz::as_text(data, size));
  fuzz::read_stope_csv(statics, timeseries);
  return 0;
}
