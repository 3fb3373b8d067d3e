#pragma once
// The list of revoked certificates, where a pool demands that one is looked at.
// Blocks the calling thread.

#include <vector>

#include "base/bytes.h"
#include "commands/attest_gather.h"
#include "evidence/appraisal.h"

namespace cpods::commands {

// Whether nothing is open but the demand that a list is looked at: about evidence that is refused
// already nobody is asked.
[[nodiscard]] bool asks_for_revocation(const evidence::Appraisal& appraisal);

// From AMD's key service, for the product and the kind of key of this evidence; none where it does
// not tell its product.
[[nodiscard]] evidence::Proven<std::vector<Bytes>> fetch_revocation_lists(
    const evidence::Evidence& gathered, const Sources& sources);

}  // namespace cpods::commands
