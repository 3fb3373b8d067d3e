#pragma once
// Whose requests nobody is asked about, by the conditions of the webhook configurations' entries.
// Pure; any thread.

#include "admission/review.h"
#include "configuration/trusted.h"

namespace cpods::commands {

// A Binding by a trusted scheduler, or an update of a namespace by a member of a trusted group.
[[nodiscard]] bool is_trusted(const admission::Request& request,
                              const configuration::Trusted& trusted);

}  // namespace cpods::commands
