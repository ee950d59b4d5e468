// `deepmine export --onnx`: the file, what the program says of it, and that the graph in it answers as
// `predict`.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/stope/records.h"
#include "io/sha256.h"
#include "tests/apps/small_mine.h"
#include "tests/io/onnx_interpreter.h"
#include "tests/io/onnx_reader.h"

using namespace deepmine;
using nlohmann::json;

namespace {

test::ProgramResult export_model(const std::string& file, const std::filesystem::path& store,
                                 std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"export", "--onnx", file, "--store", store.string()});
  return test::run_program(more);
}

/// What a person would take from the two CSV files, a stope's last 30 days.
test::Arrays inputs_of(test::SmallMine& mine, const std::string& stope) {
  using io::onnx::ElementType;
  test::Arrays inputs;
  for (const char* column : {"direction", "rock_type", "support_type"})
    inputs[column] = {ElementType::text, {1}, {}, {mine.property(stope, column)}};
  for (const stope::StaticColumn& column : stope::static_columns) {
    const std::string name(column.name);
    inputs[name] = {ElementType::float64, {1}, {std::stod(mine.property(stope, name))}, {}};
  }
  inputs["support_installed"] = {
      ElementType::boolean, {1}, {mine.property(stope, "support_installed") == "1" ? 1.0 : 0.0}, {}};
  for (const stope::SensorColumn& column : stope::sensor_columns) {
    const std::string name(column.name);
    test::Array& days = inputs[name] = {ElementType::float64, {1, 30}, {}, {}};
    for (std::size_t ago = 30; ago-- > 0;) days.numbers.push_back(std::stod(mine.reading(stope, ago, name)));
  }
  return inputs;
}

}  // namespace

TEST_CASE("export: the graph in the file answers as predict does") {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "model.onnx").string();
  const test::ProgramResult result = export_model(file, test::trained_store());
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  CHECK(result.out.find("operator set 17") != std::string::npos);

  test::SmallMine mine;
  const std::string stope = test::good_stopes().front();
  const auto answer = test::predict_json(mine, {stope}).of(stope);
  const io::onnx::Model model = test::read_onnx(test::file_text(file));
  const test::Arrays found = test::run_onnx(model, inputs_of(mine, stope));
  CHECK(found.at("abstain").numbers[0] == 0);
  const double probability = answer["current_stability"]["instability_probability"];
  CHECK(std::abs(found.at("instability_probability").numbers[0] - probability) < 1e-5);
  for (std::size_t h = 0; h < 5; ++h) {
    const auto& levels = answer["future_predictions"][h]["risk_probabilities"];
    std::size_t k = 0;
    for (const auto& [name, share] : levels.items())
      CHECK(std::abs(found.at("risk_probabilities").numbers[h * 6 + k++] - share.get<double>()) < 1e-5);
  }
}

TEST_CASE("export: --json says what was written, and of which version") {
  const test::TemporaryFolder folder;
  const std::filesystem::path store = folder / "models";
  test::publish_variant(store, [](io::Components&) {});
  test::publish_variant(store, [](io::Components& components) {
    for (double& temperature : components.calibration.temperatures) temperature = 2;
  });
  const std::string first = (folder / "first.onnx").string(), second = (folder / "second.onnx").string();
  const json of_second = json::parse(export_model(second, store, {"--json"}).out);
  const json of_first = json::parse(export_model(first, store, {"--json", "--model-version", "1"}).out);
  CHECK(of_second["model"]["version"] == "2");
  CHECK(of_first["model"]["version"] == "1");
  CHECK(of_second["onnx"] == second);
  CHECK(of_second["inputs"].size() == 15);
  CHECK(of_second["metadata"]["temperatures"] != of_first["metadata"]["temperatures"]);
  const std::string bytes = test::file_text(second);
  CHECK(of_second["bytes"] == bytes.size());
  CHECK(of_second["sha256"] == io::to_hexadecimal(io::sha256(bytes)));
  CHECK(test::read_onnx(bytes).version == 2);
  CHECK(test::file_text(first) != bytes);
}

TEST_CASE("export: refusals") {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "model.onnx").string();
  const auto refused = [&](const test::ProgramResult& result, int code, const std::string& text) {
    CHECK(result.exit_code == code);
    CHECK(result.out.empty());
    CHECK_MESSAGE(result.err.find(text) != std::string::npos, result.err);
    CHECK_FALSE(std::filesystem::exists(file));
  };
  refused(export_model(file, folder / "nothing"), 4, "there is no model");
  refused(export_model((folder / "no" / "model.onnx").string(), test::trained_store()), 1, "no");
  refused(test::run_program({"export", "--store", test::trained_store().string()}), 2, "--onnx");
  const std::string inside = (test::trained_store() / "CURRENT").string();
  refused(export_model(inside, test::trained_store()), 2, "outside of it");
  refused(export_model(file, test::trained_store(), {"--model-version", "77"}), 4, "77");
}
