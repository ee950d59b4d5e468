// The names of all files of a saved model, in one place. The binary ones have no extension; their format is
// docs/file_format.md.
#pragma once

namespace deepmine::io::model_file_names {

inline constexpr const char* weights = "enhanced_dual_branch_model_weights";
inline constexpr const char* components = "enhanced_dual_branch_model_components";
inline constexpr const char* metadata = "enhanced_dual_branch_model_metadata";
inline constexpr const char* metadata_json = "enhanced_dual_branch_model_metadata.json";
inline constexpr const char* training_log = "training_log.csv";

}  // namespace deepmine::io::model_file_names
