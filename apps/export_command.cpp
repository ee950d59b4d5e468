#include "apps/export_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/common_options.h"
#include "apps/printable_text.h"
#include "apps/terminal.h"
#include "engine/nn/error.h"
#include "io/atomic_file.h"
#include "io/field_json.h"
#include "io/onnx_export.h"
#include "io/sha256.h"
#include "lifecycle/loaded_model.h"

namespace deepmine::apps {
namespace {

namespace fs = std::filesystem;

constexpr const char* examples =
    "deepmine export --onnx stability.onnx --store models                     # the model in service\n"
    "deepmine export --onnx stability.onnx --store models --model-version 3\n"
    "deepmine export --onnx stability.onnx --json                             # inputs, outputs, metadata";

constexpr const char* description =
    "Writes a model as an ONNX file (operator set 17) for ONNX Runtime and other tools.\n"
    "Raw records and readings go in, calibrated probabilities come out: scaling, encoding of categories,\n"
    "features and the rules' prior are inside, and so are the checks of the training range: where they "
    "fail,\n"
    "`abstain` is true and the probabilities are NaN. Checks of dates, histories and sensors, the rule "
    "set's\n"
    "own answer, explanations and advice are not inside. docs/onnx.md describes every input and output.\n"
    "Exit codes: 0 done, 1 the file can't be written, 2 usage, 4 no model, or a damaged one.";

struct ExportOptions {
  std::string store, onnx_file;
  lifecycle::Sequence version = 0;
};

std::shared_ptr<const lifecycle::LoadedModel> load_model(const ExportOptions& options) {
  const lifecycle::ModelStore store(options.store);
  if (options.version > 0)
    return std::make_shared<const lifecycle::LoadedModel>(
        lifecycle::parse_saved_model(store.read(options.version)),
        store.version_folder(options.version).string());
  if (auto model = lifecycle::load_current(store)) return model;
  throw Error(ErrorCode::model_missing, lifecycle::no_model_text(options.store));
}

/// A file that is written into the store might take the place of one that belongs to it.
void refuse_to_write_into_store(const ExportOptions& options) {
  std::error_code error;
  const fs::path store = fs::weakly_canonical(options.store, error);
  if (error) return;
  for (fs::path folder = fs::weakly_canonical(options.onnx_file, error).parent_path();
       !error && !folder.empty(); folder = folder.parent_path()) {
    if (folder == store)
      throw Error(ErrorCode::usage,
                  fmt::format("--onnx {} lies in the store {}, which is for saved models only; name a file "
                              "outside of it",
                              printable(options.onnx_file), printable(options.store)));
    if (folder == folder.root_path()) return;
  }
}

std::string export_json(const ExportOptions& options, const io::OnnxFile& file,
                        const io::ModelMetadata& metadata) {
  io::OrderedJson json;
  json["onnx"] = options.onnx_file;
  json["bytes"] = file.bytes.size();
  json["sha256"] = io::to_hexadecimal(io::sha256(file.bytes));
  json["operator_set"] = io::onnx_operator_set;
  json["model"] = {{"id", metadata.model_id},
                   {"version", std::to_string(metadata.sequence)},
                   {"trained_at", metadata.created_at}};
  json["inputs"] = file.inputs;
  json["outputs"] = file.outputs;
  json["metadata"] = io::OrderedJson::object();
  for (const auto& [key, value] : file.properties) json["metadata"][key] = value;
  return io::json_text(json);
}

std::string export_text(const ExportOptions& options, const io::OnnxFile& file,
                        const io::ModelMetadata& metadata) {
  return fmt::format("{}: {} bytes, ONNX operator set {}\n", printable(options.onnx_file),
                     with_thousands(static_cast<long long>(file.bytes.size())), io::onnx_operator_set) +
         fmt::format("model    {}, version {}, trained {}\n", metadata.model_id, metadata.sequence,
                     metadata.created_at) +
         wrapped("inputs   ", fmt::format("{}", fmt::join(file.inputs, ", "))) +
         wrapped("outputs  ", fmt::format("{}", fmt::join(file.outputs, ", "))) +
         "Where `abstain` is true there is no answer. docs/onnx.md says what goes in and what is left out.\n";
}

int run_export(const ExportOptions& options, const Context& context) {
  refuse_to_write_into_store(options);
  const auto model = load_model(options);
  const io::OnnxFile file = io::export_onnx({model->components(), model->metadata(), model->parameters()});
  io::write_file_atomically(options.onnx_file, file.bytes);
  print_result(context.json ? export_json(options, file, model->metadata())
                            : export_text(options, file, model->metadata()));
  return 0;
}

}  // namespace

void add_export_command(CLI::App& program, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* verb = program.add_subcommand("export", description);
  set_examples(*verb, examples);
  verb->add_option("--onnx", options->onnx_file, "Write this ONNX file")->required()->type_name("FILE");
  add_store_option(*verb, options->store);
  verb->add_option("--model-version", options->version,
                   "Export this version of the store instead of the one in service")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  verb->callback(
      [options, &context] { context.run = [options, &context] { return run_export(*options, context); }; });
}

}  // namespace deepmine::apps
