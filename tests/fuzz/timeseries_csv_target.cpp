// The readings of a mine; the static file beside them is sound.
#include "tests/fuzz/stope_csv_check.h"

using namespace deepmine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile statics("statics"), timeseries("timeseries");
  static const bool once = [] {
    statics.set(
        "stope_name,rqd,hr,depth,dip,direction,undercut_wdt,rock_type,support_type,support_density,"
        "support_installed,stability\n"
        "A,60,8,400,60,North,5,Granite,Rock Bolts,0.5,1,1\nB,30,12,900,70,East,6,Shale,None,0,0,0\n");
    return true;
  }();
  (void)once;
  timeseries.set(fuzz::as_text(data, size));
  fuzz::read_stope_csv(statics, timeseries);
  return 0;
}
