#include "lifecycle/trials_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <type_traits>

#include "engine/nn/error.h"
#include "engine/nn/kernels/select.h"
#include "engine/nn/numerics_version.h"
#include "io/atomic_file.h"
#include "io/field_json.h"
#include "io/search_space_file.h"
#include "io/sha256.h"

namespace deepmine::lifecycle {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_file = std::uint64_t{64} << 20;
constexpr int trials_file_version = 1;

/// Everything that results depend on.
Json header_of(const TuningRequest& request) {
  const std::string settings = io::fields_to_json(request.settings).dump();
  Json plan = Json::parse(io::fields_to_json(request.base.plan).dump());
  return {{"deepmine_tuning", trials_file_version},
          {"numerics_version", nn::numerics_version},
          {"kernels", std::string(nn::default_kernels().name)},
          {"data_sha256", request.data_sha256},
          {"site_settings_sha256", io::to_hexadecimal(io::sha256(settings))},
          {"trials", request.trials},
          {"keep_one_in", request.factor},
          {"fewest_epochs", request.fewest_epochs},
          {"folds", request.folds},
          {"validation_split", request.validation_fraction},
          {"plan", std::move(plan)},
          {"network", Json::parse(io::fields_to_json(request.base.network).dump())},
          {"space", Json::parse(io::search_space_json(request.space))}};
}

std::string place_of(std::string place, const std::string& name) {
  if (!place.empty()) place += '.';
  return place += name;
}

/// The first thing that is not the same, by name.
std::string difference(const Json& begun, const Json& now, const std::string& place = "") {
  for (const auto& [name, value] : now.items()) {
    const std::string here = place_of(place, name);
    const auto found = begun.find(name);
    if (found == begun.end()) return here + " is new";
    if (value.is_object() && found->is_object()) {
      if (std::string inside = difference(*found, value, here); !inside.empty()) return inside;
    } else if (*found != value) {
      return here + " was " + found->dump() + ", now " + value.dump();
    }
  }
  for (const auto& [name, value] : begun.items())
    if (!now.contains(name)) return place_of(place, name) + " is no more";
  return {};
}

double number_of(const Json& json, const char* name, double if_null) {
  return json.at(name).is_null() ? if_null : json.at(name).get<double>();
}

TrialResult result_of(const Json& json) {
  constexpr double infinite = std::numeric_limits<double>::infinity(),
                   unknown = std::numeric_limits<double>::quiet_NaN();
  TrialResult result;
  result.trial = json.at("trial").get<int>();
  result.rung = json.at("rung").get<int>();
  result.epochs = json.at("epochs").get<int>();
  result.loss = number_of(json, "loss", infinite);
  result.balanced_accuracy = number_of(json, "balanced_accuracy", unknown);
  result.level_accuracy = number_of(json, "level_accuracy", unknown);
  for (const Json& loss : json.at("fold_losses"))
    result.fold_losses.push_back(loss.is_null() ? infinite : loss.get<double>());
  return result;
}

Json json_of(const Trial& trial, const TrialResult& result) {
  Json settings = Json::object();
  for (const auto& [name, value] : trial.settings)
    std::visit([&, key = name](const auto& v) { settings[key] = v; }, value);
  // A number that is not finite becomes null.
  return {{"trial", result.trial},
          {"rung", result.rung},
          {"epochs", result.epochs},
          {"loss", result.loss},
          {"balanced_accuracy", result.balanced_accuracy},
          {"level_accuracy", result.level_accuracy},
          {"fold_losses", result.fold_losses},
          {"settings", std::move(settings)}};
}

}  // namespace

TrialsFile::TrialsFile(std::filesystem::path path, const TuningRequest& request) : path_(std::move(path)) {
  constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  file_ = io::open_file(path_, flags);
  if (!file_.is_open()) io::throw_system_error(ErrorCode::failure, path_, "open", errno);
  while (::flock(file_.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) io::throw_system_error(ErrorCode::failure, path_, "lock", errno);
    throw Error(ErrorCode::failure,
                path_.string() + ": another search writes to it; wait for its end, or name another --out");
  }
  io::sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
  read(header_of(request).dump(-1, ' ', true));
}

void TrialsFile::read(const std::string& header) {
  std::string text = io::read_file(path_, largest_file);
  const std::size_t whole = text.rfind('\n') + 1;  // 0 if there is no line feed
  if (whole < text.size() && ::ftruncate(file_.number(), static_cast<off_t>(whole)) != 0)
    io::throw_system_error(ErrorCode::failure, path_, "cut off the last line of", errno);
  text.resize(whole);
  if (text.empty()) return io::append_to_file(file_, path_, header + "\n");
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    const std::string_view content = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    try {
      const Json json = Json::parse(content);
      if (line > 0) {
        known_.push_back(result_of(json));
      } else if (!json.is_object() || !json.contains("deepmine_tuning")) {
        throw Error(ErrorCode::usage, path_.string() + ": this is no record of a search; name another --out");
      } else if (const std::string other = difference(json, Json::parse(header)); !other.empty()) {
        throw Error(ErrorCode::usage, path_.string() + ": belongs to another search: " + other +
                                          "; give the same options to go on with it, or name another --out");
      }
    } catch (const Json::exception& error) {
      throw Error(ErrorCode::failure, path_.string() + ":" + std::to_string(line + 1) +
                                          ": expected a result of a trial: " + error.what() +
                                          "; name another --out, or delete this line and those after it");
    }
  }
}

void TrialsFile::append(const Trial& trial, const TrialResult& result) {
  io::append_to_file(file_, path_, json_of(trial, result).dump(-1, ' ', true) + "\n");
}

}  // namespace deepmine::lifecycle
