// The smallest model that is whole: the network with one unit wherever a size may be chosen, a scaler and
// test cases of its own. All of its files together have a few kilobytes, so a test can spoil every bit of
// them.
#pragma once

#include "lifecycle/saved_model.h"

namespace deepmine::test {

stope::NetworkSpecification smallest_network();

/// The same model, bit for bit, at every call on this machine.
lifecycle::SavedModel smallest_model(lifecycle::Sequence sequence, std::uint8_t run = 1);
/// Its files, a training log of one line among them.
std::vector<lifecycle::StoredFile> smallest_model_files(lifecycle::Sequence sequence, std::uint8_t run = 1);

}  // namespace deepmine::test
