#pragma once
// One attempt to attest this node, by whichever verifier the pool names: a nonce, the node's
// evidence that answers it, the step's own verification, and then the remote verifier's word.
//
// A remote verifier is asked only about evidence that holds here, and what it says is checked like
// everything else: it adds checks, it takes none away. Blocks the calling thread.

#include <optional>
#include <string>

#include "base/bytes.h"
#include "commands/attest_gather.h"
#include "evidence/amd_chain.h"
#include "evidence/appraisal.h"
#include "evidence/refusal.h"
#include "node/demand.h"

namespace cpods::commands {

struct Attempt {
  std::string evidence;  // JSON
  evidence::Appraisal appraisal;
  // Of a remote verifier; empty where there is none, or none was given.
  std::string verified_by;  // its address
  std::string token;        // a JSON Web Token
  std::optional<Bytes> resource;
};

// A refusal where there is no evidence to look at.
[[nodiscard]] evidence::Proven<Attempt> attempt(const node::Demand& demand, const Sources& sources,
                                                const evidence::Roots& roots);

}  // namespace cpods::commands
