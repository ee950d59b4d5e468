// The name of a training run, and of the model that it makes.
#pragma once

#include <string>

#include "io/frame.h"

namespace deepmine::lifecycle {

/// A new one, from the system's random numbers. Throws Error(failure) if there are none.
io::RunId new_run_id();
/// 32 hexadecimal digits.
std::string run_id_text(const io::RunId& run_id);

}  // namespace deepmine::lifecycle
