// Threat: none; this keeps the product from breaking what it protects. A step whose device is
// named by hostPath is privileged, and in a namespace that enforces Pod Security "baseline" or
// "restricted" the API server would refuse every Pod with a sentence about a container that nobody
// wrote.
// Fields: the namespace's label pod-security.kubernetes.io/enforce. Exemptions and levels that the
// API server's own configuration sets are not seen here.

#include "admission/rules.h"
#include "pod/names.h"

namespace cpods::admission {

void check_pod_security(const Concern& concern, const Judging& judging, Findings& findings) {
  const auto& pool = *concern.policy->pool;
  if (!concern.wants_pod() || !pool.step || !pool.step->is_privileged()) return;
  const auto level = judging.subject.namespace_labels->find(names::kPodSecurityLabel);
  if (level != "baseline" && level != "restricted") return;
  findings.push_back({.reason = Reason::PodSecurity,
                      .policy = concern.policy,
                      .after = " adds the attestation step of pool \"" + pool.name +
                               "\", which is privileged because the pool names its device by "
                               "hostPath, and this namespace enforces Pod Security \"" +
                               std::string(*level) + "\".",
                      .fix = "Name the pool's device by resource, or label the namespace " +
                             std::string(names::kPodSecurityLabel) + "=privileged.",
                      .brief = "the step is privileged, and Pod Security refuses that"});
}

}  // namespace cpods::admission
