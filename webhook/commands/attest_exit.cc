#include "commands/attest_exit.h"

namespace cpods::commands {
namespace {

struct Row {
  AttestExit code;
  const char* meaning;
};

constexpr Row kRows[] = {
    {AttestExit::Attested, "the node is attested, the Pod may start"},
    {AttestExit::Usage, "wrong arguments, or a file or a demand that this version cannot read"},
    {AttestExit::NotATee, "this node is no AMD SEV-SNP node: no device, or no report in it"},
    {AttestExit::Transport, "the device, or a service that is asked, does not answer"},
    {AttestExit::Malformed, "evidence that does not have its specified layout"},
    {AttestExit::Signature, "evidence whose signatures or digests do not hold"},
    {AttestExit::Policy, "genuine evidence of a guest that is not allowed"},
    {AttestExit::Freshness, "evidence that does not answer this attestation"},
    {AttestExit::RemoteRefused, "the remote verifier refused"},
    {AttestExit::NotVerifiable, "this version cannot complete the verification asked for"},
};

}  // namespace

AttestExit exit_of(evidence::Doubt doubt) {
  switch (doubt) {
    case evidence::Doubt::NotATee:
      return AttestExit::NotATee;
    case evidence::Doubt::Transport:
      return AttestExit::Transport;
    case evidence::Doubt::Malformed:
      return AttestExit::Malformed;
    case evidence::Doubt::Signature:
      return AttestExit::Signature;
    case evidence::Doubt::Policy:
      return AttestExit::Policy;
    case evidence::Doubt::Freshness:
      return AttestExit::Freshness;
    case evidence::Doubt::RemoteRefused:
      return AttestExit::RemoteRefused;
    case evidence::Doubt::NotVerifiable:
      break;
  }
  return AttestExit::NotVerifiable;
}

AttestExit exit_of(const evidence::Appraisal& appraisal) {
  if (appraisal.verified()) return AttestExit::Attested;
  const auto* check = appraisal.decisive();
  return check == nullptr ? AttestExit::NotVerifiable : exit_of(check->doubt);
}

std::string exit_code_help() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : kRows) {
    const auto number = std::to_string(static_cast<int>(code));
    text += std::string(4 - number.size(), ' ') + number + "  " + meaning + "\n";
  }
  return text;
}

}  // namespace cpods::commands
