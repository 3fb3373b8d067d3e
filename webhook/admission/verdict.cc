#include "admission/verdict.h"

#include <algorithm>

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
    case Reason::SchedulerName:
      return "SchedulerName";
    case Reason::PodSecurity:
      return "PodSecurity";
    case Reason::StepUnfit:
      return "StepUnfit";
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
  constexpr std::size_t kListed = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(complaints.size(), kListed); ++i) {
    out.append(i == 0 ? "" : ",").append(name_of(complaints[i].reason));
    out += "(" + one_line(complaints[i].policy, limits::kNameBytes) + ")";
  }
  if (complaints.size() > kListed) {
    out += " and " + std::to_string(complaints.size() - kListed) + " more";
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

Verdict refuse_internally(std::string_view who, std::string_view what) {
  return refuse(Reason::Internal, std::string(who) + "this request could not be judged (" +
                                      std::string(what) +
                                      "), and what cannot be judged is refused. Please report it.");
}

}  // namespace cpods::admission
