#pragma once
// What a pool asks of the facts that a node's evidence proves: the settings of verifier.local, one
// rule each (policies/schema, LocalVerifier). Settings that are absent are not enforced; debugging,
// migration and a foreign VMPL are refused without any setting (vtpm_evidence.h). Any thread.

#include <string_view>

#include "evidence/refusal.h"
#include "evidence/vtpm_evidence.h"
#include "json/node.h"

namespace cpods::evidence {

[[nodiscard]] bool is_local_setting(std::string_view name);

// Policy with the setting and both values where one does not hold; NotVerifiable where a setting is
// not known or cannot be read.
[[nodiscard]] Proven<void> check_local_policy(json::Node settings, const VtpmFacts& facts);

}  // namespace cpods::evidence
