#pragma once
// What the admission side counts, in the server's registry. Every combination of labels is resolved
// once, so that counting in the request path is one atomic addition.
// Shared by all threads of a server; lives as long as the registry.

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "admission/decide.h"
#include "admission/verdict.h"

namespace cpods::commands {

enum class Unreadable : std::uint8_t { Malformed, TooLarge, NoRoom };
inline constexpr std::size_t kUnreadables = static_cast<std::size_t>(Unreadable::NoRoom) + 1;

class ReviewMetrics {
 public:
  explicit ReviewMetrics(prometheus::Registry& registry);

  // One review answered.
  void count(admission::Door door, const admission::Verdict& verdict,
             std::chrono::nanoseconds duration);
  // One body that could not be judged, whether it was refused by its uid or answered by HTTP alone.
  void count_unreadable(admission::Door door, Unreadable cause);

 private:
  static constexpr std::size_t kDoors = 2;
  static constexpr std::size_t kVerdicts = 3;  // allowed, patched, denied

  static constexpr std::size_t kActions = 3;
  using Counters = prometheus::Family<prometheus::Counter>;
  using Slot = std::atomic<prometheus::Counter*>;

  prometheus::Counter& request_counter(std::size_t door, std::size_t verdict,
                                       admission::Reason reason);
  prometheus::Counter& finding_counter(const admission::Complaint& complaint);
  // The counter of a slot, made at first use: most combinations never occur.
  template <typename Labels>
  prometheus::Counter& counter_in(Slot& slot, Counters& family, Labels labels);

  Counters& requests_;
  Counters& findings_;
  std::mutex making_;
  std::array<Slot, kDoors * kVerdicts * admission::kReasons> request_counters_{};
  std::array<Slot, kActions * admission::kReasons> finding_counters_{};
  std::array<prometheus::Histogram*, kDoors> seconds_{};
  std::array<std::array<prometheus::Counter*, kUnreadables>, kDoors> unreadable_{};

 public:
  prometheus::Gauge& policy_generation;
  prometheus::Counter& policy_reloads;
  prometheus::Counter& policy_reload_failures;
  prometheus::Gauge& namespaces;
  prometheus::Gauge& namespaces_staleness;
  prometheus::Gauge& namespace_failures;
  prometheus::Gauge& certificate_failures;
  prometheus::Gauge& webhook_failures;
};

// "mutate" and "validate": the doors as metrics and logs name them.
[[nodiscard]] std::string_view name_of(admission::Door door);
// "allowed", "patched" or "denied".
[[nodiscard]] std::string_view verdict_word(const admission::Verdict& verdict);

}  // namespace cpods::commands
