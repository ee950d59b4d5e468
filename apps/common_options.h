// Options that several verbs have in common, declared once.
#pragma once

#include <string>

#include "apps/context.h"
#include "engine/stope/network_specification.h"

namespace deepmine::apps {

/// `--store DIR`, else DEEPMINE_STORE, else ./models.
CLI::Option* add_store_option(CLI::App& verb, std::string& store);
/// `--threads N`, else DEEPMINE_THREADS, else all cores, at most 8.
CLI::Option* add_threads_option(CLI::App& verb, int& threads);

/// `--cross-attention pooled|days`.
CLI::Option* add_cross_attention_option(CLI::App& verb, stope::CrossAttention& choice);

}  // namespace deepmine::apps
