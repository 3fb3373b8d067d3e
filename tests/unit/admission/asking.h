#pragma once
// The words that the admission tests are written in: policies as YAML, a Pod as JSON, a question to
// one of the two doors, and the whole answer as one text.
//
//   said(kOptIn, {.door = Door::Guard, .object = R"({"spec":{}})"})
//     == "refused NotGuaranteed: payments/web: policy \"opt-in\" keeps this Pod on pool …"
//
// Every question goes through the bytes of an AdmissionReview, and every answer through encode().

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admission/decide.h"
#include "base/bytes.h"
#include "json/writer.h"
#include "policy/loader.h"
#include "unit/admission/contract.h"
#include "unit/parsed.h"

namespace cpods::admission::asking {

inline std::shared_ptr<const policy::Snapshot> policies(const std::string& yaml) {
  auto loaded = policy::load({{"test.yaml", yaml}}, {.step_image = "confidential-pods:1"});
  for (const auto& diagnostic : loaded.diagnostics) {
    if (!loaded.snapshot) MESSAGE(diagnostic.text());
  }
  if (!loaded.snapshot) FAIL("the test's own policies");
  return loaded.snapshot;
}

// Namespaces with their labels; any other is unknown.
class Namespaces : public Cluster {
 public:
  Namespaces& with(const std::string& name,
                   std::vector<std::pair<std::string, std::string>> labels = {}) {
    known_[name] = std::make_shared<const pod::Labels>(std::move(labels));
    return *this;
  }
  [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
      std::string_view name) const override {
    const auto found = known_.find(std::string(name));
    return found == known_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, std::shared_ptr<const pod::Labels>> known_;
};

inline const Namespaces kNamespaces =
    Namespaces().with("payments").with("labelled", {{"confidential.pods/enabled", "true"}});

struct Question {
  Door door = Door::Guard;
  std::string object;  // JSON; empty: none
  std::string old_object = {};
  std::string operation = "CREATE";
  std::string kind = "Pod";
  std::string group = "";
  std::string resource = "pods";
  std::string subresource = "";
  std::string namespace_name = "payments";
  std::string username = "someone";
  std::vector<std::string> groups = {"system:authenticated"};
  std::string name = "";  // empty: not told, as where it is pending
};

inline std::string review_text(const Question& question) {
  json::Writer out;
  out.object().field("kind", "AdmissionReview").field("apiVersion", "admission.k8s.io/v1");
  out.key("request").object().field("uid", "u-1");
  out.key("kind").object().field("group", question.group).field("version", "v1");
  out.field("kind", question.kind).end();
  out.key("resource").object().field("group", question.group).field("version", "v1");
  out.field("resource", question.resource).end();
  if (!question.subresource.empty()) out.field("subResource", question.subresource);
  if (!question.name.empty()) out.field("name", question.name);
  out.field("namespace", question.namespace_name).field("operation", question.operation);
  out.key("userInfo").object().field("username", question.username).key("groups").array();
  for (const auto& group : question.groups) out.text(group);
  out.end().end();
  if (!question.object.empty()) out.key("object").raw(question.object);
  if (!question.old_object.empty()) out.key("oldObject").raw(question.old_object);
  return out.end().end().take();
}

inline Verdict ask(const policy::Snapshot& snapshot, const Question& question,
                   const Cluster& cluster = kNamespaces) {
  const auto review = parsed(review_text(question));
  const auto request = decode(review);
  if (!request) FAIL("the test's own review: " << request.error().text());
  auto verdict = decide(question.door, *request, snapshot, cluster);
  CHECK(broken_promise(question.door, "u-1", verdict) == "");
  return verdict;
}

// "allowed Reason", "allowed Reason [patch]" or "refused Reason: message", and a line a warning.
inline std::string said(const policy::Snapshot& snapshot, const Question& question,
                        const Cluster& cluster = kNamespaces) {
  const auto verdict = ask(snapshot, question, cluster);
  std::string out = verdict.allowed ? "allowed " : "refused ";
  out += name_of(verdict.reason);
  if (!verdict.allowed) out += ": " + verdict.message;
  if (!verdict.patch.empty()) out += " " + verdict.patch.text();
  for (const auto& warning : verdict.warnings) out += "\nwarning: " + warning;
  return out;
}

inline std::string said(const std::string& yaml, const Question& question,
                        const Cluster& cluster = kNamespaces) {
  return said(*policies(yaml), question, cluster);
}

// A Pod of this name with this spec.
inline std::string pod(const std::string& spec, const std::string& metadata = R"("name":"web")") {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{)" + metadata + R"(},"spec":)" + spec + "}";
}

// The object after the patch of the mutating door, which must allow it.
inline std::string placed(const policy::Snapshot& snapshot, Question question) {
  question.door = Door::Place;
  const auto verdict = ask(snapshot, question);
  if (!verdict.allowed) FAIL(verdict.message);
  const auto object = parsed(question.object);
  const auto after = json::apply(object.root(), verdict.patch.text());
  if (!after) FAIL(after.error().text());
  return json::to_text(after->root());
}

inline const std::string kPool = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchLabels: {agentpool: snp}}
)";

inline const std::string kOtherPool = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: other}
spec:
  nodes: {matchLabels: {agentpool: other}}
)";

inline const std::string kPoolWithStep = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchLabels: {agentpool: snp}}
  tolerations: [{key: tee, operator: Exists, effect: NoSchedule}]
  attestation:
    evidence: azure-vtpm
    device: {hostPath: /dev/tpmrm0}
    verifier: {local: {}}
)";

// A policy of this name; `spec` is flow YAML without braces.
inline std::string policy_named(const std::string& name, const std::string& spec) {
  return "\n---\napiVersion: confidential.pods/v1\nkind: ConfidentialPolicy\nmetadata: {name: " +
         name + "}\nspec: {" + spec + "}\n";
}

inline const std::string kAllInPayments = "pool: snp, namespaces: [payments], podSelector: {}";
inline const std::string kGuardDb =
    "pool: snp, namespaces: [payments], secrets: {names: [\"db-*\"]}";

}  // namespace cpods::admission::asking
