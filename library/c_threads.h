// How many threads a call may use without harm to the program around it.
#pragma once

namespace deepmine::library {

/// How many of `wanted` threads, the caller's among them, the system gives at this moment: 1 to `wanted`;
/// where it does not give all, half of what it gives. libgomp ends the whole program where it can't start one
/// (a limit on processes, on memory), so they are all started once before it is asked, and are gone when this
/// returns; some tens of microseconds each. Answers are the same for any number.
int threads_to_be_had(int wanted) noexcept;

}  // namespace deepmine::library
