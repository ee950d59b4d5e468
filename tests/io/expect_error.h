// The Error that a call throws, for tests of its code and message.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "engine/nn/error.h"

namespace deepmine::test {

/// Runs `call`, which must throw an Error of this code whose message contains `part`.
template <class Call>
void expect_error(ErrorCode code, const std::string& part, Call&& call) {
  try {
    std::forward<Call>(call)();
    FAIL_CHECK("no error; expected one that says: " << part);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK_MESSAGE(error.code() == code, message);
    CHECK_MESSAGE(message.find(part) != std::string::npos,
                  "expected '" << part << "', the message is: " << message);
  }
}

}  // namespace deepmine::test
