#include <doctest/doctest.h>

#include "engine/nn/random.h"
#include "engine/stope/dual_branch_network.h"
#include "io/atomic_file.h"
#include "io/model_file_names.h"
#include "lifecycle/saved_model.h"
#include "lifecycle/store_writer.h"
#include "tests/io/expect_error.h"
#include "tests/io/sample_model.h"
#include "tests/io/temporary_folder.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace names = deepmine::io::model_file_names;

namespace {

/// The whole network of the sample's specification, with random weights.
SavedModel sample(Sequence sequence) {
  SavedModel model{{sample_run_id, {}}, sample_components(), sample_metadata()};
  const stope::DualBranchNetwork<float> network(model.components.network);
  std::vector<float> slab(network.layout().size());
  RandomStream random(5);
  for (float& value : slab) value = static_cast<float>(random.normal());
  model.weights.tensors = io::tensors_of(network.layout(), slab.data());
  model.metadata.sequence = sequence;
  return model;
}

StoredVersion version_of(const SavedModel& model) {
  return {model.metadata.sequence, saved_model_files(model, "epoch,loss\n")};
}

}  // namespace

TEST_CASE("a model goes through the store and comes back bit for bit") {
  TemporaryFolder folder;
  const ModelStore store(folder / "models");
  StoreWriter writer = store.lock_for_writing();
  const SavedModel model = sample(writer.next_sequence());
  writer.publish(saved_model_files(model, "epoch,loss\n1,0.5\n"));
  const SavedModel again = parse_saved_model(*store.read_current());
  CHECK(again.weights == model.weights);
  CHECK(again.components == model.components);
  CHECK(again.metadata.split == model.metadata.split);
  CHECK(again.metadata.plan == model.metadata.plan);
  for (const char* name : {"enhanced_dual_branch_model_weights", "enhanced_dual_branch_model_components",
                           "enhanced_dual_branch_model_metadata", "enhanced_dual_branch_model_metadata.json",
                           "training_log.csv"})
    CHECK_MESSAGE(std::filesystem::is_regular_file(store.version_folder(1) / name), std::string(name));
  CHECK(io::read_file(store.version_folder(1) / names::training_log, 1000) == "epoch,loss\n1,0.5\n");
}

TEST_CASE("files of different runs are not taken for one model") {
  const SavedModel model = sample(3);
  SavedModel other = sample(3);
  other.components.run_id[15] ^= 1;
  expect_error(ErrorCode::failure, "different runs", [&] { (void)saved_model_files(other, ""); });

  StoredVersion mixed = version_of(model);
  mixed.files[1].bytes = io::write_components_file(other.components);  // sound, but of another run
  expect_error(ErrorCode::model_damaged, "version 3: its files are of different runs",
               [&] { parse_saved_model(mixed); });
}

TEST_CASE("weights of another network are refused") {
  SavedModel model = sample(3);
  model.weights.tensors.pop_back();
  expect_error(ErrorCode::failure, "has no tensor", [&] { (void)saved_model_files(model, ""); });

  StoredVersion version = version_of(sample(3));
  version.files[0].bytes = io::write_weights_file(model.weights);
  expect_error(ErrorCode::model_damaged, "has no tensor", [&] { parse_saved_model(version); });
}

TEST_CASE("metadata of another version, and missing files, are refused") {
  StoredVersion version = version_of(sample(3));
  version.sequence = 4;
  expect_error(ErrorCode::model_damaged, "says that it belongs to version 3",
               [&] { parse_saved_model(version); });
  version = version_of(sample(3));
  version.files.erase(version.files.begin());
  expect_error(ErrorCode::model_damaged, "no file enhanced_dual_branch_model_weights",
               [&] { parse_saved_model(version); });
}
