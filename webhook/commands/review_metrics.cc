#include "commands/review_metrics.h"

namespace cpods::commands {
namespace {

using admission::Door;

constexpr std::array<std::string_view, 2> kDoorNames = {"mutate", "validate"};
constexpr std::array<std::string_view, 3> kVerdictNames = {"allowed", "patched", "denied"};
constexpr std::array<std::string_view, kUnreadables> kUnreadableNames = {"malformed", "too_large",
                                                                         "no_room"};

// 20 µs is a small Pod, 5 s the longest timeout that the shipped configuration sets.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0};

std::size_t verdict_index(const admission::Verdict& verdict) {
  if (!verdict.allowed) return 2;
  return verdict.patch.empty() ? 0 : 1;
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry,
                                                  const std::string& name,
                                                  const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const std::string& name,
                         const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

ReviewMetrics::ReviewMetrics(prometheus::Registry& registry)
    : requests_(counters(registry, "confidential_pods_reviews_total",
                         "Admission reviews answered, by door, verdict and reason")),
      findings_(counters(registry, "confidential_pods_findings_total",
                         "What policies found, each reason of a policy once a review, by the "
                         "policy's action and the reason: Warn and Audit refuse nothing")),
      policy_generation(gauge(registry, "confidential_pods_policy_generation",
                              "Number of the policy set in force; it grows with each change")),
      policy_reloads(counters(registry, "confidential_pods_policy_reloads_total",
                              "Policy sets taken into force after a change on disk")
                         .Add({})),
      policy_reload_failures(
          counters(registry, "confidential_pods_policy_reload_failures_total",
                   "Changed policy sets that were refused; the last good one stays in force")
              .Add({})),
      namespaces(
          gauge(registry, "confidential_pods_namespaces", "Namespaces whose labels are known")),
      namespaces_staleness(gauge(registry, "confidential_pods_namespaces_staleness_seconds",
                                 "Time since the API server last said anything of namespaces")),
      namespace_failures(gauge(registry, "confidential_pods_namespace_failures",
                               "Lists and watches of namespaces that ended in an error")),
      certificate_failures(gauge(registry, "confidential_pods_certificate_failures",
                                 "Looks at the certificate Secret and configurations that failed")),
      webhook_failures(gauge(registry, "confidential_pods_webhook_failures",
                             "Looks at the entries of the webhook configurations that failed")) {
  auto& seconds = prometheus::BuildHistogram()
                      .Name("confidential_pods_review_seconds")
                      .Help("Time from a read request to its encoded answer")
                      .Register(registry);
  auto& unreadable =
      counters(registry, "confidential_pods_unreadable_total",
               "Request bodies that were not judged, by cause: those with a uid were denied, "
               "the others got a bare HTTP error");
  for (std::size_t door = 0; door < kDoors; ++door) {
    const prometheus::Labels labels = {{"door", std::string(kDoorNames[door])}};
    seconds_[door] = &seconds.Add(labels, kSeconds);
    for (std::size_t cause = 0; cause < kUnreadables; ++cause) {
      auto with_cause = labels;
      with_cause.emplace("cause", kUnreadableNames[cause]);
      unreadable_[door][cause] = &unreadable.Add(with_cause);
    }
  }
}

template <typename Labels>
prometheus::Counter& ReviewMetrics::counter_in(Slot& slot, Counters& family, Labels labels) {
  if (auto* counter = slot.load(std::memory_order_acquire)) return *counter;
  const std::lock_guard lock(making_);
  auto& counter = family.Add(labels());  // the same one for the same labels
  slot.store(&counter, std::memory_order_release);
  return counter;
}

prometheus::Counter& ReviewMetrics::request_counter(std::size_t door, std::size_t verdict,
                                                    admission::Reason reason) {
  const auto index =
      (door * kVerdicts + verdict) * admission::kReasons + static_cast<std::size_t>(reason);
  return counter_in(request_counters_[index], requests_, [&]() -> prometheus::Labels {
    return {{"door", std::string(kDoorNames[door])},
            {"verdict", std::string(kVerdictNames[verdict])},
            {"reason", std::string(admission::name_of(reason))}};
  });
}

prometheus::Counter& ReviewMetrics::finding_counter(const admission::Complaint& complaint) {
  const auto index = static_cast<std::size_t>(complaint.action) * admission::kReasons +
                     static_cast<std::size_t>(complaint.reason);
  return counter_in(finding_counters_[index], findings_, [&]() -> prometheus::Labels {
    return {{"action", std::string(policy::name_of(complaint.action))},
            {"reason", std::string(admission::name_of(complaint.reason))}};
  });
}

void ReviewMetrics::count(Door door, const admission::Verdict& verdict,
                          std::chrono::nanoseconds duration) {
  const auto index = static_cast<std::size_t>(door);
  request_counter(index, verdict_index(verdict), verdict.reason).Increment();
  for (const auto& each : verdict.complaints) finding_counter(each).Increment();
  seconds_[index]->Observe(std::chrono::duration<double>(duration).count());
}

void ReviewMetrics::count_unreadable(Door door, Unreadable cause) {
  unreadable_[static_cast<std::size_t>(door)][static_cast<std::size_t>(cause)]->Increment();
}

std::string_view name_of(Door door) {
  return kDoorNames[static_cast<std::size_t>(door)];
}

std::string_view verdict_word(const admission::Verdict& verdict) {
  return kVerdictNames[verdict_index(verdict)];
}

}  // namespace cpods::commands
