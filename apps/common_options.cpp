#include "apps/common_options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <thread>

namespace deepmine::apps {

CLI::Option* add_store_option(CLI::App& verb, std::string& store) {
  store = "models";
  return verb.add_option("--store", store, "Folder of the models (environment: DEEPMINE_STORE)")
      ->envname("DEEPMINE_STORE")
      ->type_name("DIR")
      ->default_str("./models");
}

CLI::Option* add_threads_option(CLI::App& verb, int& threads) {
  constexpr int most_by_default = 8, most = 1024;
  threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_by_default);
  return verb
      .add_option("--threads", threads,
                  "Threads; the result is the same for any number of them (environment: DEEPMINE_THREADS)")
      ->envname("DEEPMINE_THREADS")
      ->check(CLI::Range(1, most))
      ->type_name("N")
      ->default_str("all cores, at most 8");
}

CLI::Option* add_cross_attention_option(CLI::App& verb, stope::CrossAttention& choice) {
  using stope::CrossAttention;
  return verb
      .add_option_function<std::string>(
          "--cross-attention",
          [&choice](const std::string& text) {
            choice = text == "days" ? CrossAttention::days : CrossAttention::pooled;
          },
          "What the static branch attends to: every day, or all days as one vector")
      ->check(CLI::IsMember({"pooled", "days"}))
      ->option_text("pooled|days [" + std::string(name(choice)) + "]");
}

}  // namespace deepmine::apps
