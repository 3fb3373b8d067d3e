#include "admission/verdict.h"

#include "base/limits.h"
#include "base/text.h"

namespace cpods::admission {
std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::NotConcerned:
      return "NotConcerned";
    case Reason::Satisfied:
      return "Satisfied";
    case Reason::Placed:
      return "Placed";
    case Reason::Restored:
      return "Restored";
    case Reason::NotGuaranteed:
      return "NotGuaranteed";
    case Reason::SecretOffPool:
      return "SecretOffPool";
    case Reason::UnknownSource:
      return "UnknownSource";
    case Reason::StepMissing:
      return "StepMissing";
    case Reason::StepAltered:
      return "StepAltered";
    case Reason::NodeName:
      return "NodeName";
    case Reason::PodSecurity:
      return "PodSecurity";
    case Reason::LeavesPolicy:
      return "LeavesPolicy";
    case Reason::Binding:
      return "Binding";
    case Reason::NodeLabels:
      return "NodeLabels";
    case Reason::Policies:
      return "Policies";
    case Reason::TwoPools:
      return "TwoPools";
    case Reason::NamespaceUnknown:
      return "NamespaceUnknown";
    case Reason::Malformed:
      return "Malformed";
    case Reason::Internal:
      return "Internal";
  }
  return "Internal";
}

std::string listed(const std::vector<Complaint>& complaints) {
  std::string out;
  for (const auto& each : complaints) {
    out.append(out.empty() ? "" : ",").append(name_of(each.reason));
    out += "(" + each.policy + ")";
  }
  return out;
}

Verdict refuse(Reason reason, std::string_view message) {
  Verdict verdict;
  verdict.allowed = false;
  verdict.reason = reason;
  verdict.message = one_line(message, limits::kMessageBytes);
  return verdict;
}

}  // namespace cpods::admission
