// `deepmine audit verify | replay`: was an audit log changed, and are its answers still the same.
#pragma once

#include "apps/context.h"

namespace deepmine::apps {

void add_audit_command(CLI::App& program, Context& context);

}  // namespace deepmine::apps
