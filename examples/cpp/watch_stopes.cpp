// Several stopes from a program's own records, asked from two threads at once: deepmine.hpp from C++17.
//
//     watch_stopes models
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "deepmine.hpp"

namespace {

/// What a program would have in its database: here the deformation of each stope grows at its own rate.
dm::Case stope(int number, double growth) {
  dm::Case made;
  made.stope_name = "Stope " + std::to_string(number);
  made.rqd = 75;
  made.hr = 8;
  made.depth = 600;
  made.dip = 60;
  made.undercut_wdt = 6;
  made.support_density = 0.6;
  made.support_installed = true;
  made.direction = "North";
  made.rock_type = "Granite";
  made.support_type = "Rock Bolts";
  for (int day = 1; day <= 30; ++day) {
    char date[16];
    std::snprintf(date, sizeof date, "2024-03-%02d", day);
    made.readings.push_back({date, 1.2, 0.2 + growth * day, 41, 24, 60.0 + day % 5});
  }
  return made;
}

std::string line_about(const dm_answer& answer) {
  std::string line = std::string(answer.stope_name) + ": " + dm_answer_status_name(answer.status) + ", ";
  // Three values, not two: what is not known is not stable.
  line += answer.stable == DM_YES ? "stable" : answer.stable == DM_NO ? "UNSTABLE" : "UNKNOWN: INSPECT";
  for (const dm_future& future : dm::future_predictions(answer))
    line += std::string(" ") + std::to_string(future.horizon_days) +
            "d:" + dm_level_name(future.predicted_risk_level);
  for (const dm_reason& reason : dm::reasons(answer)) line += std::string("\n  ") + reason.message;
  return line + "\n";
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: watch_stopes STORE\n");
    return 2;
  }
  try {
    dm::Service service(arguments[1]);
    dm::Request request;
    request.as_of = "2024-03-30";
    std::string east, west;
    // One service, as many callers as you like.
    const auto watch = [&](std::string& report, const std::vector<dm::Case>& stopes) {
      try {
        for (const dm_answer& answer : service.predict(stopes, request)) report += line_about(answer);
      } catch (const dm::Error& error) {
        report = std::string("error: ") + error.what() + "\n";
      }
    };
    std::thread other(watch, std::ref(west), std::vector{stope(3, 0.05), stope(4, 0.2)});
    watch(east, {stope(1, 0), stope(2, 0.01)});
    other.join();
    std::printf("%s%s", east.c_str(), west.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
