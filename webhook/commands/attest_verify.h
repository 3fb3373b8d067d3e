#pragma once
// `confidential-pods-attest verify`: evidence in files, a verdict out. It talks to nobody; what it
// says follows from the bytes, the policy, the time and AMD's roots.
// One thread.

#include <ostream>
#include <string>
#include <vector>

#include "evidence/amd_chain.h"

namespace cpods::commands {

struct AttestVerify {
  std::string evidence;  // one JSON file; or the files below; "-" is standard input
  std::string hcl_report;
  std::string quote;
  std::string quote_signature;
  std::string pcrs;
  std::string snp_report;
  std::string vcek;                           // DER or PEM, perhaps with its chain behind it
  std::string chain;                          // DER or PEM
  std::vector<std::string> revocation_lists;  // DER or PEM, all of one PEM text
  std::string policy;  // verifier.local as YAML or JSON; empty: nothing is pinned
  std::string nonce;   // hex
  bool has_nonce = false;
  std::string time;             // RFC 3339 in UTC, or Unix seconds; empty: now
  std::string output = "text";  // text | json
};

// Prints every check; the exit code is that of the gravest failure (commands/attest_exit.h).
[[nodiscard]] int verify_evidence(const AttestVerify& options, const evidence::Roots& roots,
                                  std::ostream& out, std::ostream& err);

}  // namespace cpods::commands
