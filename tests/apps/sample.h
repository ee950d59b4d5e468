// A small simulated mine, made once, and what tests read of the program's files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/apps/run_program.h"
#include "tests/io/temporary_folder.h"
#include "tests/texts.h"

namespace deepmine::test {

/// static.csv and timeseries.csv of ten stopes over 33 days: a training of an epoch takes a fraction of a
/// second.
const std::filesystem::path& small_mine();
/// `train --static … --timeseries … --store STORE` on that mine, then `more`.
std::vector<std::string> train_arguments(const std::filesystem::path& store,
                                         const std::vector<std::string>& more = {});

std::string read_text(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace deepmine::test
