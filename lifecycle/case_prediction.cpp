#include "lifecycle/case_prediction.h"

#include <utility>

#include "engine/nn/error.h"
#include "io/case_json.h"

namespace deepmine::lifecycle {

stope::Assessment predict_case(const ServiceSnapshot& from, std::string_view json, const std::string& source,
                               PredictionRequest request) {
  const stope::SiteSettings settings = settings_in_effect(from.model.get(), request);
  io::JsonCase given = io::parse_case_json(json, source, settings.data.sentinels);
  if (given.as_of) request.as_of = given.as_of;
  if (request.as_of && request.today && *request.as_of > *request.today)
    throw Error(ErrorCode::data_invalid, source + ": as_of " + stope::format_day(*request.as_of) +
                                             " lies after today, " + stope::format_day(*request.today));
  std::vector<stope::StopeRecord> records;
  records.push_back(std::move(given.stope.record));
  return std::move(predict(from, std::move(records), given.stope.issues, std::move(request)).front());
}

}  // namespace deepmine::lifecycle
