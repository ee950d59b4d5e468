// The answer about one case that came as JSON text (io/case_json.h), on its own: what the stream of the
// command line and the library share.
#pragma once

#include <string>
#include <string_view>

#include "lifecycle/service.h"

namespace deepmine::lifecycle {

/// The case is a data set of one stope: without an as-of day, its own or the request's, the age of its
/// readings counts from the newest of them. Throws Error{data_invalid} if the text is no case, naming
/// `source`, and as predict() does.
stope::Assessment predict_case(const ServiceSnapshot& from, std::string_view json, const std::string& source,
                               PredictionRequest request);

}  // namespace deepmine::lifecycle
