#pragma once
// `confidential-pods-attest collect`: the node's evidence as JSON, for a verifier elsewhere.
// One thread.

#include <ostream>
#include <string>

#include "commands/attest_gather.h"

namespace cpods::commands {

struct AttestCollect {
  std::string evidence = "azure-vtpm";  // or sev-snp
  std::string device;                   // empty: the kind's usual one
  Sources sources;
  std::string nonce;  // hex, at most 48 bytes; empty: a fresh one, told on standard error
  bool fresh_report = false;
  std::string output;  // file; empty: standard output
};

[[nodiscard]] int collect_evidence(const AttestCollect& options, std::ostream& out,
                                   std::ostream& err);

}  // namespace cpods::commands
