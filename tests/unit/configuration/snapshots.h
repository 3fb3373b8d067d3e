#pragma once
// Policies as one line each, for the tests of what is made of them.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/loader.h"

namespace cpods::configuration {

// Each policy: its name, and its spec as flow YAML without braces; all name the pool "snp".
inline std::shared_ptr<const policy::Snapshot> snapshot_of(
    const std::vector<std::pair<std::string, std::string>>& policies) {
  std::string text = R"(
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec: {nodes: {matchLabels: {agentpool: snp}}}
)";
  for (const auto& [name, spec] : policies) {
    text += "---\napiVersion: confidential.pods/v1\nkind: ConfidentialPolicy\nmetadata: {name: " +
            name + "}\nspec: {pool: snp, " + spec + "}\n";
  }
  auto loaded = policy::load({{"test.yaml", text}}, {.step_image = "confidential-pods:1"});
  for (const auto& diagnostic : loaded.diagnostics) {
    if (!loaded.snapshot) MESSAGE(diagnostic.text());
  }
  if (!loaded.snapshot) FAIL("the test's own policies");
  return loaded.snapshot;
}

}  // namespace cpods::configuration
