// What is in a folder, and removing one. The standard library's iterator over a folder ends the process where
// memory runs out (libstdc++ 12 allocates behind a noexcept), and so do destructors that call its
// remove_all().
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/nn/error.h"

namespace deepmine::io {

/// The names in a folder, ascending; a folder that is not there has none. Throws SystemError{code} if it
/// can't be read.
std::vector<std::string> names_in_folder(const std::filesystem::path& folder, ErrorCode code);

/// Removes a folder with all that is in it, as far as that is possible; a symbolic link goes, not what it
/// means. Asks for no memory but what the system's own list of names takes.
void remove_folder(const char* path) noexcept;

}  // namespace deepmine::io
