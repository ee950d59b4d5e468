#include "engine/nn/error.h"

namespace deepmine {

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::failure:
      return 1;
    case ErrorCode::usage:
      return 2;
    case ErrorCode::data_invalid:
      return 3;
    case ErrorCode::model_missing:
    case ErrorCode::model_damaged:
      return 4;
    case ErrorCode::interrupted:
      return 130;
  }
  return 1;
}

}  // namespace deepmine
