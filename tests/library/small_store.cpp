#include "tests/library/small_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "io/assessment_json.h"
#include "io/atomic_file.h"
#include "tests/lifecycle/two_models.h"

namespace deepmine::test {

struct SmallStore::Files {
  TemporaryFolder folder;
  lifecycle::ModelStore store{folder / "m"};
};

SmallStore::SmallStore() : files_(std::make_unique<Files>()) {
  publish(0);
}

SmallStore::~SmallStore() = default;

std::string SmallStore::path() const {
  return files_->store.root().string();
}

void SmallStore::publish(int number) {
  publish_model_number(files_->store, number);
}

void SmallStore::damage_current() {
  damage_version(files_->store, files_->store.current()->sequence);
}

std::vector<dm::Case> simulated_cases() {
  std::vector<dm::Case> cases;
  for (const stope::StopeRecord& record : simulated_records()) {
    const stope::StaticRecord& s = record.statics;
    dm::Case& made = cases.emplace_back();
    made.stope_name = record.name;
    made.rqd = s.rqd;
    made.hr = s.hydraulic_radius;
    made.depth = s.depth;
    made.dip = s.dip;
    made.undercut_wdt = s.undercut_width;
    made.support_density = s.support_density;
    made.support_installed = s.support_installed;
    made.direction = s.direction;
    made.rock_type = s.rock_type;
    made.support_type = s.support_type;
    for (std::size_t day = 0; day < record.readings.days.size(); ++day) {
      const stope::DailyReading& r = record.readings.days[day];
      made.readings.push_back({stope::format_day(record.readings.first_day + static_cast<stope::Day>(day)),
                               r[0], r[1], r[2], r[3], r[4]});
    }
  }
  return cases;
}

dm::Request fixed_request() {
  dm::Request request;
  request.timestamp = one_thread().timestamp;
  return request;
}

std::string expected_json(int number, const dm::Request& asked) {
  const lifecycle::LoadedModel model(model_number(number), "test");
  lifecycle::PredictionRequest request = one_thread();
  request.draws = asked.samples;
  request.draw_seed = asked.sample_seed;
  request.attributions = asked.attributions;
  if (asked.coverage) {
    request.settings = model.components().settings;
    request.settings->assessment.risk_set_coverage = *asked.coverage;
  }
  const io::ModelMetadata& metadata = model.metadata();
  return io::predictions_json(
      stope::ModelIdentity{metadata.model_id, std::to_string(metadata.sequence), metadata.created_at},
      lifecycle::predict(&model, simulated_records(), {}, request));
}

std::string printed_while(const std::function<void()>& work) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "printed";
  std::fflush(nullptr);
  const int sink = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int out = ::dup(STDOUT_FILENO), err = ::dup(STDERR_FILENO);
  ::dup2(sink, STDOUT_FILENO);
  ::dup2(sink, STDERR_FILENO);
  work();
  std::fflush(nullptr);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  for (const int descriptor : {sink, out, err}) ::close(descriptor);
  return io::read_file(file, 1 << 20);
}

}  // namespace deepmine::test
