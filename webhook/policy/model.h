#pragma once
// The language of policy files as values: pools and policies (docs/policies.md).
// Made by the loader, owned by a Snapshot, immutable then; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pod/labels.h"
#include "pod/placement.h"
#include "pod/step.h"
#include "pod/toleration.h"

namespace cpods::policy {

// Where a document stands in its file; lines and columns count from 1.
struct Position {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
};

// A name or a glob: `*` stands for any run of characters, everything else for itself.
class NamePattern {
 public:
  NamePattern() = default;
  explicit NamePattern(std::string pattern);
  [[nodiscard]] bool matches(std::string_view name) const;
  [[nodiscard]] bool is_literal() const { return pieces_.size() <= 1; }
  // What stands before the first `*`.
  [[nodiscard]] std::string_view prefix() const {
    return pieces_.empty() ? std::string_view() : pieces_.front();
  }
  [[nodiscard]] const std::string& text() const { return pattern_; }

 private:
  std::string pattern_;
  std::vector<std::string> pieces_;  // what stands between the stars
};

[[nodiscard]] bool any_matches(const std::vector<NamePattern>& patterns, std::string_view name);

// ConfidentialPool.
struct Pool {
  std::string name;
  std::vector<pod::Requirement> requirements;
  std::vector<pod::Toleration> tolerations;
  std::vector<std::string> scheduler_names;  // who may be asked to place Pods here; none: anybody
  std::optional<pod::Step> step;  // absent: Pods of this pool get no attestation step
  Position position;
};

enum class Action : std::uint8_t { Enforce, Warn, Audit };
enum class OnUse : std::uint8_t { Deny, Place };
enum class Templates : std::uint8_t { Warn, Deny, Ignore };

[[nodiscard]] std::string_view name_of(Action action);

// Which secrets only Pods that are guaranteed on the pool may read.
struct SecretGuard {
  std::vector<NamePattern> names;
  std::vector<NamePattern> provider_classes;
  std::vector<NamePattern> service_accounts;
  std::vector<NamePattern> volume_claims;
  OnUse on_use = OnUse::Deny;
};

// ConfidentialPolicy.
struct Policy {
  std::string name;
  Action action = Action::Enforce;
  const Pool* pool = nullptr;                            // of the same Snapshot
  std::vector<NamePattern> namespaces;                   // empty: not restricted by name
  std::optional<pod::LabelSelector> namespace_selector;  // with namespaces, both must hold
  std::optional<pod::LabelSelector> pod_selector;        // absent: selects no Pod
  std::optional<SecretGuard> secrets;
  Templates templates = Templates::Warn;
  Position position;
};

}  // namespace cpods::policy
