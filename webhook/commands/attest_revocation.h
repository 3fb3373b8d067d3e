#pragma once
// The list of revoked certificates, where a pool demands that one is looked at.
// Blocks the calling thread.

#include <vector>

#include "base/bytes.h"
#include "commands/attest_gather.h"
#include "json/node.h"

namespace cpods::commands {

// From AMD's key service, for the product and the kind of key of this evidence. None, and nobody is
// asked, without requireRevocationCheck or where the evidence does not tell its product.
[[nodiscard]] evidence::Proven<std::vector<Bytes>> fetch_revocation_lists(
    json::Node settings, const evidence::Evidence& gathered, const Sources& sources);

}  // namespace cpods::commands
