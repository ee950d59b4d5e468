// DEEPMINE_SOURCE_ROOT comes from the build.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "io/atomic_file.h"
#include "io/checkpoint_file.h"
#include "io/sha256.h"
#include "tests/io/allocation_count.h"
#include "tests/io/damage.h"
#include "tests/io/expect_error.h"
#include "tests/io/sample_model.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

namespace {

constexpr const char* golden_version_3 = DEEPMINE_SOURCE_ROOT "/tests/io/golden/checkpoint_version_3";

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Between the second and the third step of epoch 2, after one that was the best.
Checkpoint sample_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.run_id = sample_run_id;
  checkpoint.started_at = "2024-03-30T12:00:00Z";
  checkpoint.saved_at = "2024-03-30T12:01:00Z";
  checkpoint.program_version = "0.1.0";
  RunIdentity& identity = checkpoint.identity;
  identity.data = {std::string(64, 'a'), 50, 4500, 3050};
  identity.records_sha256 = std::string(64, 'b');
  identity.split = {"stope", 0.2, 0.2, {"A", "B"}, {"C"}, {"D"}};
  identity.plan.seed = 7;
  identity.network.horizons = {1};
  identity.feature_table = stope::feature_table();
  identity.settings.response_plan = sample_response_plan();
  identity.kernel_path = "avx2";
  identity.numerics_version = 1;

  TrainingProgress& progress = checkpoint.state.progress;
  progress.epoch = 2;
  progress.step = 2;
  progress.epoch_samples = 64;
  progress.epoch_seconds = 0.25;
  progress.epoch_loss_sum = 100.0 / 3;
  progress.epoch_head_loss_sums = {12.5, -0.0};
  progress.steps = 7;
  progress.samples = 160;
  progress.dropped_samples = 1;
  progress.seconds = 3.5;
  progress.schedule = {5e-4, 1.25, 3};
  progress.stopping = {1.125, 1, 0};
  progress.epochs = {
      {1, 1e-3, 2.5, 1.125, 0.125, {1.5, 1}, {0.5, 0.625}, {0.75, not_a_number}, 3.25, 49.230769, true}};
  checkpoint.state.tensors = {
      {"dense/kernel", 1, 2, nn::Role::kernel, {1, -0.0f}, {2, 1e-45f}, {0.5f, -0.5f}, {0, 3.4e38f}},
      {"norm/running_mean", 1, 1, nn::Role::running_statistic, {4}, {5}, {}, {}}};
  return checkpoint;
}

std::string with_right_hash(std::string bytes) {
  bytes.resize(bytes.size() - frame_hash_size);
  const Sha256Digest digest = sha256(bytes);
  return bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

nn::ParameterLayout layout() {
  nn::ParameterLayout result;
  result.add("norm/running_mean", 1, 1, nn::Role::running_statistic, nn::Initialiser::zeros);
  result.add("dense/kernel", 1, 2, nn::Role::kernel, nn::Initialiser::glorot_uniform);
  result.finish();
  return result;
}

}  // namespace

TEST_CASE("a checkpoint comes back bit for bit") {
  const std::string bytes = write_checkpoint_file(sample_checkpoint());
  const Checkpoint again = parse_checkpoint_file(bytes, "checkpoint");
  CHECK(write_checkpoint_file(again) == bytes);
  CHECK(again.run_id == sample_run_id);
  CHECK(again.identity.plan.seed == 7);
  CHECK(again.identity.split.validation_stopes == std::vector<std::string>{"C"});
  CHECK(again.state.progress.epoch_loss_sum == 100.0 / 3);
  CHECK(std::signbit(again.state.progress.epoch_head_loss_sums[1]));
  CHECK(std::isnan(again.state.progress.epochs[0].validation_accuracy[1]));
  CHECK(again.state.tensors[0].best[1] == 1e-45f);
  CHECK(again.state.tensors[0].second_moment[1] == 3.4e38f);
  CHECK(again.state.tensors[1].first_moment.empty());

  Checkpoint first_epoch = sample_checkpoint();  // there is no best yet, and infinity is its loss
  first_epoch.state.progress.epoch = 1;
  first_epoch.state.progress.epochs.clear();
  first_epoch.state.progress.stopping = {};
  for (StateTensor& tensor : first_epoch.state.tensors) tensor.best.clear();
  const std::string first_bytes = write_checkpoint_file(first_epoch);
  CHECK(write_checkpoint_file(parse_checkpoint_file(first_bytes, "checkpoint")) == first_bytes);
}

TEST_CASE("the golden checkpoint of today's version is made anew where that is asked for") {
  if (std::getenv("DEEPMINE_WRITE_GOLDEN") == nullptr) return;
  // Until this version is released; then never again.
  write_file_atomically(golden_version_3, write_checkpoint_file(sample_checkpoint()));
  MESSAGE("made anew: " << golden_version_3);
}

TEST_CASE("a checkpoint of the third version loads to the same bits for ever") {
  const std::string bytes = read_file(golden_version_3, 1 << 20);
  const Checkpoint checkpoint = parse_checkpoint_file(bytes, "golden");
  CHECK(checkpoint.identity.settings.response_plan == sample_response_plan());
  Checkpoint now = sample_checkpoint();
  now.identity.settings = checkpoint.identity.settings;
  CHECK(write_checkpoint_file(now) == write_checkpoint_file(checkpoint));
  // As long as version 3 is what is written.
  if (checkpoint_schema_version == 3) CHECK(write_checkpoint_file(checkpoint) == bytes);
}

TEST_CASE("a checkpoint of the second version loads to the same bits for ever") {
  const std::string bytes = read_file(DEEPMINE_SOURCE_ROOT "/tests/io/golden/checkpoint_version_2", 1 << 20);
  const Checkpoint checkpoint = parse_checkpoint_file(bytes, "golden");
  CHECK(checkpoint.identity.settings.assessment.risk_set_coverage == 0.9);
  CHECK_FALSE(checkpoint.identity.settings.response_plan.in_use());
  Checkpoint now = sample_checkpoint();
  now.identity.settings = checkpoint.identity.settings;
  CHECK(write_checkpoint_file(now) == write_checkpoint_file(checkpoint));
}

TEST_CASE("a checkpoint of the first version loads to the same bits for ever") {
  const std::string bytes = read_file(DEEPMINE_SOURCE_ROOT "/tests/io/golden/checkpoint_version_1", 1 << 20);
  const Checkpoint checkpoint = parse_checkpoint_file(bytes, "golden");
  CHECK(checkpoint.identity.network.summary_features == 0);
  CHECK(!checkpoint.identity.network.rule_prior);
  CHECK(checkpoint.identity.feature_table.version == 1);
  // What was in it, but for tables that may change with the program. (Today's version is what is written.)
  Checkpoint now = sample_checkpoint();
  now.identity.feature_table = checkpoint.identity.feature_table;
  now.identity.settings = checkpoint.identity.settings;
  CHECK(write_checkpoint_file(now) == write_checkpoint_file(checkpoint));
}

TEST_CASE("all damage to a checkpoint is refused") {
  check_that_all_damage_is_refused(write_checkpoint_file(sample_checkpoint()), [](std::string_view bytes) {
    parse_checkpoint_file(bytes, "checkpoint");
  });
}

TEST_CASE("damage under a right hash is refused or gives a sound checkpoint, without much memory") {
  const std::string good = write_checkpoint_file(sample_checkpoint());
  std::size_t refused = 0, accepted = 0, most = 0;
  for (std::size_t at = frame_header_size; at < good.size() - frame_hash_size; ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      bytes = with_right_hash(std::move(bytes));
      const std::size_t before = allocated_bytes();
      try {
        const Checkpoint checkpoint = parse_checkpoint_file(bytes, "checkpoint");
        most = std::max(most, allocated_bytes() - before);
        accepted += write_checkpoint_file(checkpoint) == bytes;  // one encoding only
      } catch (const Error& error) {
        most = std::max(most, allocated_bytes() - before);
        refused += error.code() == ErrorCode::model_damaged;
      }
    }
  }
  CHECK(refused + accepted == 3 * (good.size() - frame_header_size - frame_hash_size));
  CHECK(refused > accepted / 10);
  CHECK(most <= 3 * good.size() + (1 << 20));
}

TEST_CASE("a newer format says so") {
  std::string bytes = write_checkpoint_file(sample_checkpoint());
  bytes[16] = 4;
  expect_error(ErrorCode::model_damaged,
               "the_file: made by a newer version of deepmine (checkpoint version 4",
               [&] { parse_checkpoint_file(with_right_hash(bytes), "the_file"); });
  bytes[16] = 3;
  bytes[12] = 1;
  expect_error(ErrorCode::model_damaged, "expected a file of checkpoint, found one of weights",
               [&] { parse_checkpoint_file(with_right_hash(bytes), "the_file"); });
}

TEST_CASE("a checkpoint without sense is neither written nor read") {
  const auto problem_of = [](auto&& change) {
    Checkpoint checkpoint = sample_checkpoint();
    change(checkpoint);
    return check_checkpoint(checkpoint);
  };
  CHECK(problem_of([](Checkpoint&) {}).empty());
  const auto expect = [&](const std::string& part, auto&& change) {
    const std::string problem = problem_of(change);
    CHECK_MESSAGE(problem.find(part) != std::string::npos, problem);
    Checkpoint checkpoint = sample_checkpoint();
    change(checkpoint);
    expect_error(ErrorCode::failure, part, [&] { write_checkpoint_file(checkpoint); });
  };
  using C = Checkpoint;
  expect("epoch 0 of 100", [](C& c) { c.state.progress.epoch = 0; });
  expect("epoch 102 of 100", [](C& c) { c.state.progress.epoch = 102; });
  expect("1 finished epochs before epoch 3", [](C& c) { c.state.progress.epoch = 3; });
  expect("step: -1", [](C& c) { c.state.progress.step = -1; });
  expect("steps: -", [](C& c) { c.state.progress.steps = -2; });
  expect("seconds: nan", [](C& c) { c.state.progress.seconds = not_a_number; });
  expect("more steps in the epoch", [](C& c) { c.state.progress.step = 8; });
  expect("not those of 2 heads", [](C& c) { c.state.progress.epoch_head_loss_sums.pop_back(); });
  expect("not numbered", [](C& c) { c.state.progress.epochs[0].epoch = 2; });
  expect("epoch 1 has 1 numbers", [](C& c) { c.state.progress.epochs[0].validation_accuracy.pop_back(); });
  expect("a learning rate of 0", [](C& c) { c.state.progress.schedule.learning_rate = 0; });
  expect("best epoch 2 before epoch 2", [](C& c) { c.state.progress.stopping.best_epoch = 2; });
  expect("the best loss is not a number", [](C& c) { c.state.progress.stopping.best = not_a_number; });
  expect("batch_size", [](C& c) { c.identity.plan.batch_size = 1; });
  expect("key_size", [](C& c) { c.identity.network.key_size = 0; });
  expect("no tensors", [](C& c) { c.state.tensors.clear(); });
  expect("two tensors", [](C& c) { c.state.tensors[1] = c.state.tensors[0]; });
  expect("dense/kernel has a value that is not finite", [](C& c) { c.state.tensors[0].values[0] = NAN; });
  expect("dense/kernel: the best", [](C& c) { c.state.tensors[0].best.clear(); });
  expect("dense/kernel: the optimiser's", [](C& c) { c.state.tensors[0].first_moment.push_back(0); });
  expect("dense/kernel: the optimiser's", [](C& c) { c.state.tensors[0].second_moment[0] = INFINITY; });
  expect("below 0", [](C& c) { c.state.tensors[0].second_moment[0] = -1; });
  expect("norm/running_mean: the optimiser's", [](C& c) { c.state.tensors[1].first_moment = {0}; });
}

TEST_CASE("slabs become tensors and slabs again") {
  const nn::ParameterLayout network = layout();
  std::vector<float> values(network.size()), best(network.size()), first(network.trainable_size()),
      second(network.trainable_size());
  const std::vector<StateTensor> tensors = sample_checkpoint().state.tensors;
  const TrainingSlabs<float*> slabs{values.data(), best.data(), first.data(), second.data()};
  copy_to_slabs(tensors, network, slabs, "here");
  const std::vector<StateTensor> again =
      state_tensors(network, {values.data(), best.data(), first.data(), second.data()});
  Checkpoint checkpoint = sample_checkpoint();
  checkpoint.state.tensors = {again[1], again[0]};  // the layout's order is the other way round
  CHECK(write_checkpoint_file(checkpoint) == write_checkpoint_file(sample_checkpoint()));
  for (const StateTensor& tensor :
       state_tensors(network, {values.data(), nullptr, first.data(), second.data()}))
    CHECK(tensor.best.empty());

  std::vector<StateTensor> other = tensors;
  other[0].name = "elsewhere/kernel";
  values.assign(values.size(), 9);
  expect_error(ErrorCode::model_damaged, "here: has no tensor dense/kernel",
               [&] { copy_to_slabs(other, network, slabs, "here"); });
  CHECK(values == std::vector<float>(values.size(), 9));
}
