#include "benchmarks/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <system_error>

#include "engine/nn/error.h"

namespace deepmine::benchmarks {

TemporaryFolder::TemporaryFolder(const std::string& name) {
  std::string made = (std::filesystem::temp_directory_path() / (name + ".XXXXXX")).string();
  if (mkdtemp(made.data()) == nullptr)
    throw Error(ErrorCode::failure,
                made + ": the folder can't be created: " + std::generic_category().message(errno));
  path_ = made;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace deepmine::benchmarks
