// A store that was written when each format had its version 1 is read for ever: the same fields, the same
// bits, the same answers. The folder is tests/lifecycle/golden/; DEEPMINE_SOURCE_ROOT comes from the build.
//
// Until a format is released it may still change. The files are then made anew by
// DEEPMINE_WRITE_GOLDEN=1 <this program>; after a release they are never touched again, and a new version of
// a format gets a folder of its own beside them.
#include <doctest/doctest.h>

#include <cstdlib>

#include "engine/nn/numerics_version.h"
#include "io/atomic_file.h"
#include "io/checkpoint_file.h"
#include "io/field_json.h"
#include "io/model_file_names.h"
#include "io/sha256.h"
#include "io/stored_enumerations.h"
#include "lifecycle/loaded_model.h"
#include "lifecycle/store_writer.h"
#include "tests/io/expect_error.h"
#include "tests/lifecycle/smallest_model.h"

using namespace deepmine;
using namespace deepmine::lifecycle;
using namespace deepmine::test;
namespace fs = std::filesystem;
namespace names = deepmine::io::model_file_names;
using io::OrderedJson;

namespace {

const fs::path golden = DEEPMINE_SOURCE_ROOT "/tests/lifecycle/golden/version_1";
constexpr std::uint64_t largest = 1 << 20;

OrderedJson weights_json(const io::Weights& weights) {
  OrderedJson json = OrderedJson::object();
  for (const io::NamedTensor& tensor : weights.tensors)
    json[tensor.name] = {{"rows", tensor.rows},
                         {"columns", tensor.columns},
                         {"role", nn::role_name(tensor.role)},
                         {"values", io::fields_to_json(tensor.values)}};
  return json;
}

/// Every value of the model's files, by name. Floats are written so that they come back to the same bits.
OrderedJson model_json(const SavedModel& model) {
  return {{"run_id", io::to_hexadecimal(model.weights.run_id)},
          {"weights", weights_json(model.weights)},
          {"components", io::fields_to_json(model.components)},
          {"metadata", io::fields_to_json(model.metadata)}};
}

std::vector<StoreEvent> golden_events() {
  std::vector<StoreEvent> events;
  std::uint64_t number = 0;
  for (const auto& [kind, version, before] : {std::tuple{EventKind::published, 1, 0},
                                              {EventKind::rejected, 2, 1},
                                              {EventKind::kept, 3, 1},
                                              {EventKind::rolled_back, 1, 3},
                                              {EventKind::recovered, 1, 3},
                                              {EventKind::pinned, 1, 1},
                                              {EventKind::unpinned, 1, 1},
                                              {EventKind::quarantined, 3, 1},
                                              {EventKind::collected, 2, 1}})
    events.push_back({++number, "2024-03-30T12:00:00Z", kind, static_cast<Sequence>(version),
                      static_cast<Sequence>(before), "miner@mine:1",
                      "because of number " + std::to_string(number)});
  return events;
}

void write_golden() {
  const fs::path folder = ModelStore(golden).version_folder(1);
  fs::create_directories(folder);
  const SavedModel model = smallest_model(1);
  Manifest manifest;
  for (const StoredFile& file : smallest_model_files(1)) {
    io::write_file_atomically(folder / file.name, file.bytes);
    manifest.push_back({file.name, file.kind, file.bytes.size(), io::to_hexadecimal(io::sha256(file.bytes))});
  }
  const std::string text = format_manifest(manifest);
  io::write_file_atomically(folder / store_names::manifest, text);
  io::write_file_atomically(golden / store_names::store, store_text());
  io::write_file_atomically(golden / store_names::current,
                            format_current({1, io::to_hexadecimal(io::sha256(text)), 0}));
  std::string log;
  for (const StoreEvent& event : golden_events()) log += format_event(event);
  io::write_file_atomically(golden / store_names::events, log);
  io::write_file_atomically(golden / "values.json", io::json_text(model_json(model)));
}

/// What `found` lacks of `expected`, with its place: a later version may know more, never less or other.
void check_contains(const OrderedJson& found, const OrderedJson& expected, const std::string& place) {
  if (!expected.is_object()) {
    CHECK_MESSAGE(found == expected, place);
    return;
  }
  for (const auto& [name, value] : expected.items()) {
    const std::string place_of_it = place + "." + name;
    CHECK_MESSAGE(found.contains(name), place_of_it);
    if (found.contains(name)) check_contains(found.at(name), value, place_of_it);
  }
}

}  // namespace

TEST_CASE("the golden store is made anew where that is asked for") {
  if (std::getenv("DEEPMINE_WRITE_GOLDEN") == nullptr) return;
  write_golden();
  MESSAGE("made anew: " << golden.string());
}

TEST_CASE("text files of version 1 read as they were meant") {
  const ModelStore store(golden);
  const std::optional<CurrentRecord> current = store.current();
  REQUIRE(current.has_value());
  CHECK(current->sequence == 1);
  CHECK(current->previous == 0);
  CHECK(store.sequences() == std::vector<Sequence>{1});
  const EventLog log = store.events();
  CHECK(log.problems.empty());
  CHECK(log.events == golden_events());

  const StoredVersion version = store.read(1);
  std::vector<std::string> kinds;
  for (const StoredFile& file : version.files) kinds.push_back(file.kind);
  CHECK(kinds ==
        std::vector<std::string>{"components", "metadata", "metadata_json", "weights", "training_log"});
}

TEST_CASE("a model of version 1 has the same values, bit for bit, and gives the same answers") {
  const StoredVersion version = ModelStore(golden).read(1);
  const OrderedJson expected = OrderedJson::parse(io::read_file(golden / "values.json", largest));
  SavedModel model;
  try {
    model = parse_saved_model(version);
  } catch (const Error& error) {
    // The formats are older than a program whose network wants other inputs, and it says so. Then the fields
    // are all that can be compared.
    REQUIRE(std::string(error.what()).find("train the model again") != std::string::npos);
    const io::Frame frame = io::parse_frame(version.bytes(names::components), io::FrameKind::components,
                                            io::components_schema_version, "components");
    check_contains(io::fields_to_json(io::decode<io::Components>(frame.payload, "components")),
                   expected.at("components"), "components");
    return;
  }
  check_contains(model_json(model), expected, "model");
  // As long as version 1 is what is written.
  if (io::weights_schema_version == 1)
    CHECK(io::write_weights_file(model.weights) == version.bytes(names::weights));
  if (io::components_schema_version == 1)
    CHECK(io::write_components_file(model.components) == version.bytes(names::components));
  if (io::metadata_schema_version == 1)
    CHECK(io::write_metadata_file(model.metadata) == version.bytes(names::metadata));
  const LoadedModel loaded(std::move(model), "golden");
  const bool same_arithmetic = loaded.components().test_cases.numerics_version == nn::numerics_version;
  CHECK(loaded.verified() == (same_arithmetic ? Verified::bit_for_bit : Verified::to_tolerance));
}

TEST_CASE("every kind of file says that it was made by a newer version") {
  const auto newer_frame = [](io::FrameKind kind, std::uint32_t version) {
    return io::make_frame(kind, version + 1, {}, "what a later program wrote");
  };
  const auto expect_newer = [](auto&& parse) {
    expect_error(ErrorCode::model_damaged, "file: made by a newer version of deepmine", parse);
    try {
      parse();
    } catch (const Error& error) {
      CHECK(dynamic_cast<const io::NewerFormatError*>(&error) != nullptr);
    }
  };
  expect_newer([&] {
    io::parse_weights_file(newer_frame(io::FrameKind::weights, io::weights_schema_version), "file");
  });
  expect_newer([&] {
    io::parse_components_file(newer_frame(io::FrameKind::components, io::components_schema_version), "file");
  });
  expect_newer([&] {
    io::parse_metadata_file(newer_frame(io::FrameKind::metadata, io::metadata_schema_version), "file");
  });
  expect_newer([&] {
    io::parse_checkpoint_file(newer_frame(io::FrameKind::checkpoint, io::checkpoint_schema_version), "file");
  });
  std::string frame = newer_frame(io::FrameKind::weights, 0);
  frame[8] = 2;  // a newer frame, whatever is in it
  expect_newer([&] { io::parse_weights_file(frame, "file"); });
  expect_newer([] { parse_manifest("deepmine manifest 2\n", "file"); });
  expect_newer([] { check_store_text("deepmine store 2\n", "file"); });
}
