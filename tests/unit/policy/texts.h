#pragma once
// Policy texts and loads for the tests of this folder.

#include <string>
#include <string_view>
#include <vector>

#include "policy/loader.h"

namespace cpods::policy {

inline constexpr std::string_view kPoolText = R"(apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: pool}
spec:
  nodes: {matchLabels: {node-restriction.kubernetes.io/confidential: "true"}}
)";

inline constexpr std::string_view kPolicyText = R"(apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: policy}
spec:
  pool: pool
  namespaces: ["*"]
  podSelector: {}
)";

// A pool document whose spec goes on with these lines.
inline std::string pool_with(std::string_view lines) {
  return std::string(kPoolText) + std::string(lines);
}

// A policy document with this spec, and the pool it names.
inline std::string policy_with(std::string_view spec) {
  return "apiVersion: confidential.pods/v1\nkind: ConfidentialPolicy\nmetadata: {name: policy}\n"
         "spec:\n" +
         std::string(spec) + "---\n" + std::string(kPoolText);
}

inline Loaded load_texts(const std::vector<SourceFile>& files) {
  return load(files, {.step_image = "confidential-pods:test"});
}

// One a line, so that a failed comparison can be read.
inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

inline std::vector<std::string> diagnostics_of(const std::string& text,
                                               const std::string& name = "p.yaml") {
  std::vector<std::string> out;
  for (const auto& each : load_texts({{name, text}}).diagnostics) out.push_back(each.text());
  return out;
}

}  // namespace cpods::policy
