#include "lifecycle/run_id.h"

#include <sys/random.h>

#include "engine/nn/error.h"

namespace deepmine::lifecycle {

io::RunId new_run_id() {
  io::RunId run_id{};
  if (getrandom(run_id.data(), run_id.size(), 0) != static_cast<ssize_t>(run_id.size()))
    throw Error(ErrorCode::failure, "the system gave no random numbers for the name of the run");
  return run_id;
}

std::string run_id_text(const io::RunId& run_id) {
  std::string text;
  for (const std::uint8_t byte : run_id) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace deepmine::lifecycle
