// The one exception of the project: faults of data or environment. Expected outcomes (a rejected row, a model
// that is not there) are values, broken invariants are asserts.
#pragma once

#include <stdexcept>
#include <string>

namespace deepmine {

/// What kind of fault it is. `main` turns it into an exit code, the C interface into a status code.
enum class ErrorCode {
  failure,        ///< something that should work did not (exit 1)
  usage,          ///< the caller asked for something that makes no sense (exit 2)
  data_invalid,   ///< input data can't be used (exit 3)
  model_missing,  ///< there is no model where one was asked for (exit 4)
  model_damaged,  ///< a model file fails its checks (exit 4)
  interrupted,    ///< the user stopped it (exit 130)
};

/// A fault of data or environment. The message says where, what was expected, what was found and what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// The exit code of the command line for this fault (1 failure, 2 usage, 3 data, 4 model, 130 interrupt).
int exit_code(ErrorCode code) noexcept;

}  // namespace deepmine
