#pragma once
// What the fuzz targets share: a set of policies of every kind, a cluster, what must hold for every
// answer, and how a broken promise is reported.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "admission/decide.h"
#include "base/bytes.h"
#include "json/document.h"
#include "policy/loader.h"
#include "unit/admission/contract.h"

namespace cpods::fuzz {

inline void must(bool holds, std::string_view promise, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n%.*s\n", static_cast<int>(promise.size()),
               promise.data(), static_cast<int>(detail.size()), detail.data());
  std::abort();
}

inline constexpr std::string_view kPolicies = R"(
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchExpressions: [{key: agentpool, operator: In, values: [snp, snp2]},
                             {key: security-type, operator: In, values: [ConfidentialVM]}]}
  tolerations: [{key: tee, operator: Exists, effect: NoSchedule}]
  attestation:
    evidence: azure-vtpm
    device: {hostPath: /dev/tpmrm0}
    verifier: {local: {}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: other}
spec:
  nodes: {matchLabels: {agentpool: other}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: all}
spec: {pool: snp, namespaces: [all], podSelector: {}, templates: Deny}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: deny}
spec: {pool: snp, namespaces: [all, deny], secrets: {names: ["db-*"], volumeClaims: ["*"]}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: place}
spec: {pool: snp, namespaces: [place], secrets: {names: ["*"], onUse: Place}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: warn}
spec: {action: Warn, pool: other, namespaces: [all, deny], podSelector: {},
       secrets: {names: ["*"], serviceAccounts: ["*"], providerClasses: ["*"]}}
)";

inline const policy::Snapshot& policies() {
  static const auto kSnapshot = [] {
    auto loaded = policy::load({{"fuzz.yaml", std::string(kPolicies)}},
                               {.step_image = "confidential-pods:1"});
    must(loaded.snapshot != nullptr, "the target's own policies load",
         loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].text());
    return loaded.snapshot;
  }();
  return *kSnapshot;
}

class AllNamespaces : public admission::Cluster {
 public:
  [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
      std::string_view) const override {
    return std::make_shared<const pod::Labels>();
  }
};

inline double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// What was asked so far, for the target that counts.
struct Tally {
  std::uint64_t decisions = 0;
  std::uint64_t judged = 0;  // also by a naive reading of the Pod
  double slowest_ms = 0;
  std::array<std::array<std::uint64_t, admission::kReasons>, 2> allowed{};  // by door and reason
  std::array<std::array<std::uint64_t, admission::kReasons>, 2> refused{};

  void add(admission::Door door, const admission::Verdict& verdict, double ms) {
    ++decisions;
    slowest_ms = std::max(slowest_ms, ms);
    auto& counts = (verdict.allowed ? allowed : refused)[static_cast<std::size_t>(door)];
    ++counts[static_cast<std::size_t>(verdict.reason)];
  }
};
inline Tally tally;

// decide(), with what must hold for every answer.
inline admission::Verdict decide(admission::Door door, const admission::Request& request) {
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
  constexpr double kLimit = 1000;  // sanitizers and coverage cost a factor of ten and more
#else
  constexpr double kLimit = 50;
#endif
  const auto start = cpu_milliseconds();
  auto verdict = admission::decide(door, request, policies(), AllNamespaces());
  const auto took = cpu_milliseconds() - start;
  tally.add(door, verdict, took);
  must(took < kLimit, "a decision takes less than 50 ms");
  must(verdict.reason != admission::Reason::Internal, "no internal error", verdict.message);
  const auto broken = admission::broken_promise(door, request.uid, verdict);
  must(broken.empty(), broken, verdict.message);
  return verdict;
}

}  // namespace cpods::fuzz
