#include "apps/gate_options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>

#include "io/field_json.h"

namespace deepmine::apps {

void add_gate_options(CLI::App& verb, lifecycle::GatePolicy& policy) {
  using lifecycle::GateMode;
  verb.add_option_function<std::string>(
          "--gate",
          [&policy](const std::string& text) {
            policy.mode = text == "off"     ? GateMode::off
                          : text == "floor" ? GateMode::floor
                                            : GateMode::compare;
          },
          "When the new model may go into service: it is not worse than the one in service, where both were "
          "judged on the same stopes of the same data, else not below the floor; not below the floor; "
          "whatever its figures. A model that may not is kept, marked rejected, and the exit code is 1")
      ->check(CLI::IsMember({"compare", "floor", "off"}))
      ->option_text("compare|floor|off [compare]");
  verb.add_option("--gate-tolerance", policy.tolerance, "So much worse than the model in service is allowed")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->type_name("X");
  verb.add_option(
          "--gate-floor", policy.floor,
          "Lowest balanced accuracy of the current head (default: 0.5 less what so few stopes may cost by "
          "chance)")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X");
  verb.add_option("--force-publish", policy.force_reason,
                  "Put the model into service whatever its figures; the reason is recorded")
      ->type_name("REASON");
}

std::string publication_text(const lifecycle::ModelPublication& publication, const std::string& store) {
  if (publication.in_service)
    return fmt::format("version {} of {}, in service.\nGate: {}", publication.sequence, store,
                       publication.verdict);
  if (publication.rejected)
    return fmt::format("version {} of {}, REJECTED: not in service.\nGate: {}", publication.sequence, store,
                       publication.refusal);
  return fmt::format(
      "version {} of {}, kept but not in service: {}.\nPut it into service with `deepmine models rollback {} "
      "--store {}`",
      publication.sequence, store, publication.refusal, publication.sequence, store);
}

std::string publication_json(const std::string& metadata_json,
                             const lifecycle::ModelPublication& publication) {
  io::OrderedJson json = io::OrderedJson::parse(metadata_json);
  const auto text = [](const std::string& words) {
    return words.empty() ? io::OrderedJson(nullptr) : io::OrderedJson(words);
  };
  json["publication"] = {{"in_service", publication.in_service},
                         {"rejected", publication.rejected},
                         {"gate", text(publication.verdict)},
                         {"refusal", text(publication.refusal)}};
  return io::json_text(json);
}

}  // namespace deepmine::apps
