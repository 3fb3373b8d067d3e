#include "admission/guard.h"

#include <doctest/doctest.h>

#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const std::string kOnSnp = R"("nodeSelector":{"agentpool":"snp"})";
const std::string kReadsDb =
    R"("containers":[{"name":"app","env":[{"name":"A"},{"name":"P","valueFrom":{"secretKeyRef":{"name":"db-main","key":"k"}}}]}])";

std::string terms(const std::string& list) {
  return R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)" +
         list + "]}}}";
}

struct Row {
  std::string policies;
  std::string spec;
  std::string said;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.policies);
    CAPTURE(row.spec);
    CHECK(said(row.policies, {.object = pod("{" + row.spec + "}")}) == row.said);
  }
}

TEST_CASE("guard: a selected Pod must be guaranteed on the pool") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  const std::string in_term =
      R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]})";
  check({
      {policies, kOnSnp, "allowed Satisfied"},
      {policies, terms(in_term), "allowed Satisfied"},
      {policies, "",
       "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
       "this Pod may run elsewhere: nothing in it requires agentpool in [snp]. Add agentpool: snp "
       "to its nodeSelector, or create the Pod again while place.confidential.pods is "
       "reachable, which does so."},
      {policies, terms(in_term + R"(,{"matchExpressions":[{"key":"zone","operator":"Exists"}]})"),
       "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
       "this Pod may run elsewhere: nodeSelectorTerms[1] does not require agentpool in [snp]. Add "
       "that expression to every term, or create the Pod again while place.confidential.pods is "
       "reachable, which does so."},
      {policies, R"("nodeSelector":{"agentpool":"gpu"})",
       "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
       "this Pod can never run there: spec.nodeSelector.agentpool is gpu, which rules out "
       "agentpool "
       "in [snp]. Remove that constraint."},
      {policies, terms("{}"),
       "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
       "this Pod can never run there: no node at all can satisfy its nodeSelector and affinity. "
       "Correct its nodeSelector and affinity."},
  });
}

TEST_CASE("guard: all that lacks is told at once") {
  const std::string pool = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchLabels: {agentpool: snp, type: cvm}}
)";
  const auto policies = pool + policy_named("all", kAllInPayments);
  check(
      {{policies, terms(R"({"matchExpressions":[{"key":"zone","operator":"Exists"}]})"),
        "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
        "this Pod may run elsewhere: nodeSelectorTerms[0] does not require agentpool in [snp] and "
        "type in [cvm]. Add those expressions to every term, or create the Pod again while "
        "place.confidential.pods is reachable, which does so."},
       {policies, kOnSnp,
        "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
        "this Pod may run elsewhere: nothing in it requires type in [cvm]. Add type: cvm to its "
        "nodeSelector, or create the Pod again while "
        "place.confidential.pods is reachable, which does so."}});
}

TEST_CASE("guard: a guarded secret may only be read on the pool") {
  const auto policies = kPool + policy_named("db", kGuardDb);
  const std::string elsewhere =
      " pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing in it requires "
      "agentpool in [snp]. Add agentpool: snp to its nodeSelector.";
  check({
      {policies, "", "allowed NotConcerned"},
      {policies, kOnSnp + "," + kReadsDb, "allowed Satisfied"},
      {policies, R"("volumes":[{"name":"v","secret":{"secretName":"other"}}])",
       "allowed NotConcerned"},
      {policies, kReadsDb,
       "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]) may "
       "only be read on" +
           elsewhere},
      {policies, kReadsDb + R"(,"imagePullSecrets":[{"name":"db-pull"}],
                     "volumes":[{"name":"v","secret":{"secretName":"db-main"}}])",
       "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]), "
       "Secret \"db-main\" (spec.volumes[0]), Secret \"db-pull\" (spec.imagePullSecrets[0]) may "
       "only be read on" +
           elsewhere},
      {policies, R"("volumes":[{"name":"v","vault2030":{}}])",
       "refused UnknownSource: payments/web: unknown source \"vault2030\" "
       "(spec.volumes[0].vault2030) may carry a secret and is only allowed on" +
           elsewhere},
      {policies,
       R"("volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{"dataSource":)"
       R"({"kind":"VolumeSnapshot","name":"db"}}}}}])",
       "refused UnknownSource: payments/web: unknown source \"VolumeSnapshot\" "
       "(spec.volumes[0].ephemeral.volumeClaimTemplate.spec.dataSource) may carry a secret and is "
       "only allowed on" +
           elsewhere},
      {policies, R"("nodeSelector":{"agentpool":"gpu"},)" + kReadsDb,
       "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]) may "
       "only be read on pool \"snp\" (policy \"db\"), but this Pod can never run there: "
       "spec.nodeSelector.agentpool is gpu, which rules out agentpool in [snp]. Take that out. Add "
       "agentpool: snp to its nodeSelector."},
  });
}

TEST_CASE("guard: provider classes, service accounts and claims are guarded by their own lists") {
  const auto policies = kPool + policy_named("db",
                                             "pool: snp, namespaces: [payments], secrets: "
                                             "{providerClasses: [vault], serviceAccounts: "
                                             "[default, robot], volumeClaims: [\"data-*\"]}");
  const std::string elsewhere =
      " pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing in it requires "
      "agentpool in [snp]. Add agentpool: snp to its nodeSelector.";
  check({
      {policies,
       R"("serviceAccountName":"other","volumes":[{"name":"v","secret":{"secretName":"vault"}}])",
       "allowed NotConcerned"},
      {policies, R"("serviceAccountName":"robot")",
       "refused SecretOffPool: payments/web: ServiceAccount \"robot\" (spec.serviceAccountName) "
       "may only be used on" +
           elsewhere},
      {policies, "",
       "refused SecretOffPool: payments/web: ServiceAccount \"default\" (spec) may only be used "
       "on" +
           elsewhere},
      {policies,
       R"("serviceAccountName":"x","volumes":[{"name":"v","csi":{"driver":"d","volumeAttributes":{"secretProviderClass":"vault"}}}])",
       "refused SecretOffPool: payments/web: SecretProviderClass \"vault\" (spec.volumes[0]) may "
       "only be read on" +
           elsewhere},
      {policies,
       R"("serviceAccountName":"x","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data-0"}}])",
       "refused SecretOffPool: payments/web: PersistentVolumeClaim \"data-0\" (spec.volumes[0]) "
       "may only be read on" +
           elsewhere},
  });
}

TEST_CASE("guard: where a namespace label would place the Pod, the refusal offers it") {
  const auto policies = kPool + policy_named("db", kGuardDb) +
                        policy_named("opt-in",
                                     "pool: snp, namespaceSelector: {matchLabels: "
                                     "{confidential.pods/enabled: \"true\"}}, podSelector: {}");
  CHECK(said(policies, {.object = pod("{" + kReadsDb + "}")}) ==
        "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]) may "
        "only be read on pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing in "
        "it requires agentpool in [snp]. Add agentpool: snp to its nodeSelector, or "
        "label the namespace confidential.pods/enabled=true.");
}

TEST_CASE("guard: no label is offered that would not place every Pod on this very pool") {
  const std::string rows[] = {
      "action: Warn, pool: snp, namespaceSelector: {matchLabels: {x: y}}, podSelector: {}",
      "pool: other, namespaceSelector: {matchLabels: {x: y}}, podSelector: {}",
      "pool: snp, namespaces: [a], namespaceSelector: {matchLabels: {x: y}}, podSelector: {}",
      "pool: snp, namespaces: [a], podSelector: {}",
      "pool: snp, namespaceSelector: {matchLabels: {x: y}}, podSelector: {matchLabels: {a: b}}",
      "pool: snp, namespaceSelector: {matchLabels: {x: y}}, secrets: {names: [a]}",
      "pool: snp, namespaceSelector: {matchLabels: {x: y, z: y}}, podSelector: {}",
      "pool: snp, namespaceSelector: {matchExpressions: [{key: x, operator: Exists}]}, "
      "podSelector: {}",
      "pool: snp, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: y}}, "
      "podSelector: {}",
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    CHECK(said(kPool + kOtherPool + policy_named("db", kGuardDb) + policy_named("opt-in", row),
               {.object = pod("{" + kReadsDb + "}")})
              .ends_with("Add agentpool: snp to its nodeSelector."));
  }
}

TEST_CASE("guard: a toleration that the Pod would need is told whole") {
  const std::string tainted = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchLabels: {agentpool: snp}}
  tolerations: [{key: tee, operator: Equal, value: snp, effect: NoSchedule}, {key: b, operator: Exists}]
)";
  CHECK(said(tainted + policy_named("db", kGuardDb), {.object = pod("{" + kReadsDb + "}")})
            .ends_with("Add agentpool: snp to its nodeSelector and a toleration of "
                       "tee=snp:NoSchedule and of b."));
}

TEST_CASE("guard: what to write is what YAML reads as meant") {
  const auto advice = [](const std::string& values) {
    const auto message = said(
        "---\napiVersion: confidential.pods/v1\nkind: ConfidentialPool\nmetadata: {name: "
        "snp}\nspec:\n"
        "  nodes: {matchExpressions: [{key: a.b/tee, operator: In, values: [" +
            values + "]}]}\n" + policy_named("db", kGuardDb),
        {.object = pod("{" + kReadsDb + "}")});
    return message.substr(message.rfind("Add "));
  };
  CHECK(advice("snp-2") == "Add a.b/tee: snp-2 to its nodeSelector.");
  CHECK(advice("truest") == "Add a.b/tee: truest to its nodeSelector.");
  for (const auto* word : {"true", "True", "OFF", "no", "y", "null", "1", "1e3", "0x1f", ""}) {
    CAPTURE(word);
    const auto quoted = "\"" + std::string(word) + "\"";
    CHECK(advice(quoted) == "Add a.b/tee: " + quoted + " to its nodeSelector.");
  }
  // Of several values a nodeSelector can have none.
  CHECK(advice("x, z") == "Add a required node affinity with a.b/tee in [x, z].");
}

TEST_CASE("guard: a policy that places on the same pool, or only guards another, is not blamed") {
  const auto fix_of = [](const std::string& yaml) {
    const auto message = ask(*policies(yaml), {.object = pod("{" + kReadsDb + "}")}).message;
    return message.substr(message.find("[snp]. ") + 7);
  };
  CHECK(fix_of(kPool + policy_named("all", kAllInPayments) + policy_named("db", kGuardDb))
            .starts_with("Add agentpool: snp to its nodeSelector. policy"));
  CHECK(fix_of(kPool + kOtherPool + policy_named("db", kGuardDb) +
               policy_named("other",
                            "pool: other, namespaces: [payments], secrets: {names: [\"db-*\"]}"))
            .starts_with("Add agentpool: snp to its nodeSelector. Secret"));
}

TEST_CASE(
    "guard: the author's labels do not open a guarded secret, only podSelector looks at them") {
  const auto policies =
      kPool + policy_named("db", kGuardDb) +
      policy_named("some",
                   "pool: snp, namespaces: [payments], podSelector: {matchLabels: {tier: secret}}");
  const auto labelled = R"("name":"web","labels":{"tier":"secret"})";
  CHECK(said(policies, {.object = pod("{}")}) == "allowed NotConcerned");
  CHECK(said(policies, {.object = pod("{}", labelled)}).starts_with("refused NotGuaranteed"));
  CHECK(said(policies, {.object = pod("{" + kReadsDb + "}")}).starts_with("refused SecretOffPool"));
  CHECK(said(policies, {.object = pod("{" + kReadsDb + "}", labelled)})
            .starts_with("refused SecretOffPool"));
}

TEST_CASE("guard: who it is, with a name to come and without any") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  const std::pair<std::string, std::string> rows[] = {
      {R"("name":"web")", "payments/web: "},
      {R"("generateName":"web-")", "payments/web-: "},
      {R"("name":"","generateName":"web-")", "payments/web-: "},
      {R"("namespace":"elsewhere","name":"web")", "payments/web: "},
      {"", "payments/: "},
  };
  for (const auto& [metadata, who] : rows) {
    CAPTURE(metadata);
    CHECK(
        ask(*asking::policies(policies), {.object = pod("{}", metadata)}).message.starts_with(who));
  }
}

TEST_CASE("guard: nodeName goes past the scheduler") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  check(
      {{policies, R"("nodeName":"","nodeSelector":{"agentpool":"snp"})", "allowed Satisfied"},
       {policies, R"("nodeName":"evil",)" + kOnSnp,
        "refused NodeName: payments/web: spec.nodeName binds this Pod to node \"evil\" past the "
        "scheduler, so nothing holds it on pool \"snp\" (policy \"all\"). Remove spec.nodeName."},
       {kPool + policy_named("db", kGuardDb), R"("nodeName":"evil",)" + kOnSnp,
        "allowed NotConcerned"},
       {kPool + policy_named("db", kGuardDb), R"("nodeName":"evil",)" + kOnSnp + "," + kReadsDb,
        "refused NodeName: payments/web: spec.nodeName binds this Pod to node \"evil\" past the "
        "scheduler, so nothing holds it on pool \"snp\" (policy \"db\"). Remove spec.nodeName."}});
}

TEST_CASE("guard: the step must be there, first and intact") {
  const auto policies = kPoolWithStep + policy_named("all", kAllInPayments);
  const auto snapshot = asking::policies(policies);
  const auto good = placed(*snapshot, {.object = pod(R"({"containers":[{"name":"app"}]})")});
  CHECK(said(*snapshot, {.object = good}) == "allowed Satisfied");
  const auto edited = [&](const std::string& patch) {
    const auto document = parsed(good);
    const auto after = json::apply(document.root(), "[" + patch + "]");
    REQUIRE(after);
    return said(*snapshot, {.object = json::to_text(after->root())});
  };
  const std::string take_out =
      " (pool \"snp\", policy \"all\"). Take it out of the manifest and keep other webhooks from "
      "changing the step: the right one is added at creation.";
  CHECK(
      edited(R"({"op":"remove","path":"/spec/initContainers"})") ==
      "refused StepMissing: payments/web: this Pod has no attestation step (pool \"snp\", policy "
      "\"all\"). Create the Pod again while place.confidential.pods is reachable, which adds it.");
  CHECK(edited(R"({"op":"remove","path":"/spec/volumes/0"})") ==
        "refused StepMissing: payments/web: this Pod lacks the attestation step's volume "
        "\"confidential-pods-output\" (pool \"snp\", policy \"all\"). Create the Pod again while "
        "place.confidential.pods is reachable, which adds it.");
  CHECK(
      edited(R"({"op":"add","path":"/spec/initContainers/0","value":{"name":"thief"}})") ==
      "refused StepAltered: payments/web: spec.initContainers[0] runs before the attestation step "
      "(pool \"snp\", policy \"all\"). Take it out of the manifest and keep other webhooks from "
      "changing the step: the right one is added at creation.");
  CHECK(edited(R"({"op":"add","path":"/spec/initContainers/0/image","value":"evil"})") ==
        "refused StepAltered: payments/web: spec.initContainers[0] is not the attestation step as "
        "prescribed" +
            take_out);
  CHECK(
      edited(R"({"op":"add","path":"/spec/volumes/0/emptyDir","value":{}})") ==
      "refused StepAltered: payments/web: spec.volumes[0] is not the attestation step's volume as "
      "prescribed" +
          take_out);
  CHECK(
      edited(
          R"({"op":"add","path":"/spec/containers/-","value":{"name":"confidential-pods-attest"}})") ==
      "refused StepAltered: payments/web: spec.containers[1] has the name that is reserved for "
      "the attestation step" +
          take_out);
}

TEST_CASE("guard: a Pod that only reads a guarded secret needs the pool, not the step") {
  const auto policies = kPoolWithStep + policy_named("db", kGuardDb);
  CHECK(said(policies, {.object = pod("{" + kOnSnp + "," + kReadsDb + "}")}) ==
        "allowed Satisfied");
}

TEST_CASE("guard: two policies that want two pools are told together") {
  const auto policies = kPool + kOtherPool + policy_named("one", kAllInPayments) +
                        policy_named("two", "pool: other, namespaces: [payments], podSelector: {}");
  const std::string sentence =
      "payments/web: policies \"one\" and \"two\" require different pools for this Pod, \"snp\" "
      "and "
      "\"other\". Make the policies agree, or let only one of them select it.";
  CHECK(said(policies, {.door = Door::Place, .object = pod("{}")}) ==
        "refused TwoPools: " + sentence);
  CHECK(said(policies,
             {.door = Door::Place, .object = pod(R"({"nodeSelector":{"agentpool":"gpu"}})")}) ==
        "refused TwoPools: " + sentence);
  CHECK(said(policies + policy_named("zzz", "pool: other, namespaces: [payments], podSelector: {}"),
             {.door = Door::Place, .object = pod("{}")}) == "refused TwoPools: " + sentence);
  CHECK(said(policies, {.object = pod("{}")}) ==
        "refused TwoPools: " + sentence +
            " policy \"one\" keeps this Pod on pool \"snp\", but this Pod may run elsewhere: "
            "nothing in it requires agentpool in [snp]. Add agentpool: snp to its nodeSelector, or "
            "create the Pod again while place.confidential.pods is reachable, which "
            "does so. policy \"two\" keeps this Pod on pool \"other\", but this Pod may run "
            "elsewhere: nothing in it requires agentpool in [other]. Add agentpool: other to its "
            "nodeSelector, or create the Pod again while place.confidential.pods is "
            "reachable, which does so.");
}

TEST_CASE(
    "guard: one policy places, another guards on another pool: the refusal says who must give in") {
  const auto policies =
      kPool + kOtherPool + policy_named("all", kAllInPayments) +
      policy_named("db", "pool: other, namespaces: [payments], secrets: {names: [\"db-*\"]}");
  const auto snapshot = asking::policies(policies);
  const auto after = placed(*snapshot, {.object = pod("{" + kReadsDb + "}")});
  CHECK(said(*snapshot, {.object = after}) ==
        "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]) may "
        "only be read on pool \"other\" (policy \"db\"), but this Pod can never run there: "
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
        "nodeSelectorTerms[0].matchExpressions[0] says agentpool In [snp], which rules out "
        "agentpool in [other]. Policy \"all\" places this Pod on pool \"snp\": let both policies "
        "name one pool, or keep out of this Pod what \"db\" guards.");
}

TEST_CASE("guard: what two policies say alike is told once") {
  const auto policies = kPool + policy_named("one", kAllInPayments) +
                        policy_named("two", kAllInPayments) + policy_named("db", kGuardDb) +
                        policy_named("db-too", kGuardDb);
  check({{policies, R"("nodeName":"evil",)" + kOnSnp,
          "refused NodeName: payments/web: spec.nodeName binds this Pod to node \"evil\" past the "
          "scheduler, so nothing holds it on pool \"snp\" (policy \"one\" as well as \"two\"). "
          "Remove spec.nodeName."},
         {policies, R"("nodeSelector":{"agentpool":"gpu"})",
          "refused NotGuaranteed: payments/web: policy \"one\" as well as \"two\" keeps this Pod "
          "on pool \"snp\", but this Pod can never run there: spec.nodeSelector.agentpool is gpu, "
          "which rules out agentpool in [snp]. Remove that constraint."},
         {kPool + policy_named("db", kGuardDb) + policy_named("db-too", kGuardDb), kReadsDb,
          "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.containers[0].env[1]) may "
          "only be read on pool \"snp\" (policy \"db\" as well as \"db-too\"), but this Pod may "
          "run elsewhere: nothing in it requires agentpool in [snp]. Add agentpool: snp to its "
          "nodeSelector."}});
}

TEST_CASE("guard: Warn warns and Audit keeps silent, both annotate and neither refuses") {
  const auto policies = kPoolWithStep + policy_named("warn", "action: Warn, " + kAllInPayments) +
                        policy_named("audit", "action: Audit, " + kGuardDb);
  const auto verdict = ask(*asking::policies(policies), {.object = pod("{" + kReadsDb + "}")});
  CHECK(verdict.allowed);
  CHECK(verdict.warnings == std::vector<std::string>{"policy \"warn\": may run off pool \"snp\""});
  CHECK(listed(verdict.complaints) == "SecretOffPool(audit),NotGuaranteed(warn)");
  CHECK(verdict.policies == std::vector<std::string>{"audit", "warn"});
  CHECK(said(policies, {.door = Door::Place, .object = pod("{" + kReadsDb + "}")}) ==
        "allowed Satisfied");
}

TEST_CASE("guard: what Warn would say of each kind of finding") {
  const auto policies = kPoolWithStep + policy_named("warn", "action: Warn, " + kAllInPayments +
                                                                 ", secrets: {names: [\"db-*\"]}");
  const std::pair<std::string, std::string> rows[] = {
      {R"("nodeName":"evil",)" + kOnSnp,
       "policy \"warn\": spec.nodeName goes past the scheduler\n"
       "policy \"warn\": this Pod has no attestation step\n"},
      {R"("nodeSelector":{"agentpool":"gpu"})", "policy \"warn\": can never run on pool \"snp\"\n"},
      {kReadsDb,
       "policy \"warn\": Secret \"db-main\" may be used off pool \"snp\" "
       "(spec.containers[0].env[1])\n"},
  };
  for (const auto& [spec, warnings] : rows) {
    CAPTURE(spec);
    const auto verdict = ask(*asking::policies(policies), {.object = pod("{" + spec + "}")});
    std::string out;
    for (const auto& each : verdict.warnings) out += each + "\n";
    CHECK(out == warnings);
  }
}

TEST_CASE("guard: mirror Pods are a kubelet's report, unless they ask for a guarded secret") {
  const auto policies =
      kPool + policy_named("all", kAllInPayments + ", secrets: {names: [\"db-*\"]}");
  const auto annotated = R"("name":"web","annotations":{"kubernetes.io/config.mirror":"x"})";
  const std::vector<std::string> node = {"system:nodes", "system:authenticated"};
  const auto plain = pod(R"({"nodeName":"n1"})", annotated);
  CHECK(said(policies, {.object = plain, .groups = node}) == "allowed NotConcerned");
  CHECK(said(policies, {.door = Door::Place, .object = plain, .groups = node}) ==
        "allowed NotConcerned");
  CHECK(said(policies, {.object = plain}).starts_with("refused NodeName"));
  CHECK(said(policies, {.object = pod(R"({"nodeName":"n1"})"), .groups = node})
            .starts_with("refused NodeName"));
  const auto thief = pod(R"({"nodeName":"n1",)" + kReadsDb + "}", annotated);
  CHECK(said(policies, {.object = thief, .groups = node}).starts_with("refused NodeName"));
  CHECK(said(policies, {.door = Door::Place, .object = thief, .groups = node}) ==
        "allowed NotConcerned");
  // One policy that guards it is enough, whatever others there are.
  CHECK(said(kPool + policy_named("all", kAllInPayments) + policy_named("db", kGuardDb),
             {.object = thief, .groups = node})
            .starts_with("refused NodeName"));
}

TEST_CASE("guard: a creation is judged, whatever old object comes with it") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  CHECK(said(policies, {.object = pod("{}"), .old_object = pod("{}")})
            .starts_with("refused NotGuaranteed"));
}

TEST_CASE("guard: of many places ten are warned of, and each kind of finding is annotated once") {
  std::string pulls;
  for (int i = 0; i < 12; ++i) {
    pulls += std::string(i == 0 ? "" : ",") + R"({"name":"db-)" + std::to_string(i) + "\"}";
  }
  const auto verdict =
      ask(*asking::policies(kPool + policy_named("db",
                                                 "action: Warn, pool: snp, "
                                                 "namespaces: [payments], secrets: "
                                                 "{names: [\"db-*\"], "
                                                 "serviceAccounts: [robot]}")),
          {.object = pod(R"({"serviceAccountName":"robot","imagePullSecrets":[)" + pulls + "]}")});
  CHECK(verdict.warnings.size() == 10);
  CHECK(verdict.warnings.back() ==
        "policy \"db\": Secret \"db-9\" may be used off pool \"snp\" (spec.imagePullSecrets[9])");
  CHECK(listed(verdict.complaints) == "SecretOffPool(db)");
}

TEST_CASE("bindings: whoever is asked about is no trusted scheduler") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  Question bound{.object = R"({"kind":"Binding","metadata":{"name":"web"},"target":{"name":"n"}})",
                 .kind = "Binding",
                 .subresource = "binding"};
  const auto refused =
      "refused Binding: payments/web: \"someone\" binds this Pod to a node, and only trusted "
      "schedulers may do so here (policy \"all\"). Leave it to the scheduler, or have the "
      "cluster's "
      "administrator trust this one (--trusted-scheduler, or matchConditions of the webhook "
      "configuration guard.confidential.pods).";
  CHECK(said(policies, bound) == refused);
  auto legacy = bound;
  legacy.resource = "bindings";
  legacy.subresource = "";
  CHECK(said(policies, legacy) == refused);
  // Who is trusted stands in the webhook configuration alone: nobody asks about them.
  bound.username = "system:kube-scheduler";
  CHECK(said(policies, bound).starts_with("refused Binding: payments/web: \"system:kube-"));
  legacy.namespace_name = "labelled";
  CHECK(said(policies, legacy) == "allowed NotConcerned");
  const auto watching = kPool + policy_named("all", "action: Audit, " + kAllInPayments);
  legacy.namespace_name = "payments";
  CHECK(listed(ask(*asking::policies(watching), legacy).complaints) == "Binding(all)");
}

TEST_CASE("policies: a ConfigMap that would not be taken into force is refused with its places") {
  const auto ask_about = [](const std::string& labels, const std::string& data) {
    return said(kPool, {.object = R"({"kind":"ConfigMap","metadata":{"name":"rules","labels":{)" +
                                  labels + R"(}},)" + data + "}",
                        .kind = "ConfigMap",
                        .resource = "configmaps",
                        .namespace_name = "confidential-pods"});
  };
  const std::string ours = R"("confidential.pods/policies":"true")";
  const std::string broken = R"("data":{"a.yaml":"kind: Sekret\n","notes.txt":"anything"})";
  const auto answer = ask_about(ours, broken);
  CHECK(
      answer.starts_with("refused Policies: confidential-pods/rules: these policies would not be "
                         "taken into force: a.yaml:1:7: unknown kind"));
  CHECK(answer.find("notes") == std::string::npos);
  CHECK(ask_about("", broken) == "allowed NotConcerned");
  CHECK(said(kPool, {.object = R"({"kind":"ConfigMap","metadata":{"labels":{)" + ours + "}}," +
                               broken + "}",
                     .kind = "ConfigMap",
                     .resource = "configmaps"}) == "allowed NotConcerned");
  CHECK(ask_about(ours, R"("data":{"a.yaml":")" + std::string(1024 * 1024 + 1, '#') + "\"}") ==
        "refused Policies: confidential-pods/rules: these policies would not be taken into force: "
        "larger than 1 MiB.");
  CHECK(ask_about(ours, R"("binaryData":{"a.yaml":"/w=="})")
            .starts_with("refused Policies: confidential-pods/rules: these policies would not be "
                         "taken into force: a.yaml:1:1: not valid UTF-8"));
  CHECK(ask_about(ours, R"("data":{"a.yaml":")" + std::string(1024 * 1024, '#') + "\"}") ==
        "refused Policies: confidential-pods/rules: these policies would not be taken into force: "
        "a.yaml:1:1: the policy files hold no ConfidentialPool and no ConfidentialPolicy.");
  const auto wrong = [&](int count) {
    std::string documents;
    for (int i = 0; i < count; ++i) documents += "---\nkind: K" + std::to_string(i) + "\n";
    json::Writer out;
    out.object().field("a.yaml", kPool + documents).end();
    return ask_about(ours, "\"data\":" + out.take());
  };
  CHECK(wrong(5).find("more") == std::string::npos);
  CHECK(wrong(5).find("K4") != std::string::npos);
  CHECK(wrong(8).ends_with("; and 3 more."));
  // What is only a warning, as of a pool that no policy uses, refuses nothing.
  CHECK(wrong(1).find("no policy uses") == std::string::npos);
  json::Writer good;
  good.object().field("a.yaml", kPool + policy_named("all", kAllInPayments)).end();
  CHECK(ask_about(ours, "\"data\":" + good.take()) == "allowed NotConcerned");
}

TEST_CASE("node labels: a kubelet does not make its node one of a pool") {
  const auto change = [](const std::string& before, const std::string& after,
                         const std::string& group, const std::string& subresource) {
    const auto node = [](const std::string& labels) {
      return R"({"kind":"Node","metadata":{"name":"n","labels":{)" + labels + "}}}";
    };
    return said(kPool, {.object = node(after),
                        .old_object = node(before),
                        .operation = "UPDATE",
                        .kind = "Node",
                        .resource = "nodes",
                        .subresource = subresource,
                        .namespace_name = "",
                        .username = "system:node:n",
                        .groups = {group}});
  };
  for (const std::string subresource : {"", "status"}) {
    CHECK(change("", R"("agentpool":"snp")", "system:nodes", subresource) ==
          "refused NodeLabels: node : \"system:node:n\" changes the label agentpool, which says "
          "whether the node is in pool \"snp\", and a kubelet must not say so of itself. Let an "
          "administrator label the node.");
    CHECK(change(R"("agentpool":"snp")", R"("agentpool":"snp","a":"b")", "system:nodes",
                 subresource) == "allowed NotConcerned");
    CHECK(change("", R"("agentpool":"snp")", "system:masters", subresource) ==
          "allowed NotConcerned");
    // A label whose value is empty is a label all the same.
    CHECK(change("", R"("agentpool":"")", "system:nodes", subresource)
              .starts_with("refused NodeLabels: "));
    CHECK(change(R"("agentpool":"")", "", "system:nodes", subresource)
              .starts_with("refused NodeLabels: "));
  }
}

TEST_CASE("pod security: a step that the namespace would not let in is refused with the remedy") {
  const auto reach = "pool: snp, namespaceSelector: {matchLabels: {x: y}}, podSelector: {}";
  const auto by_host_path = kPoolWithStep + policy_named("all", reach);
  auto by_resource = by_host_path;
  const std::string host = "{hostPath: /dev/tpmrm0}";
  by_resource.replace(by_resource.find(host), host.size(), "{resource: example.com/tpm}");
  for (const std::string level : {"baseline", "restricted", "privileged"}) {
    CAPTURE(level);
    const auto cluster =
        Namespaces().with("payments", {{"pod-security.kubernetes.io/enforce", level}, {"x", "y"}});
    for (const auto door : {Door::Place, Door::Guard}) {
      const auto answer = said(by_host_path, {.door = door, .object = pod("{}")}, cluster);
      const auto refusal =
          "refused PodSecurity: payments/web: policy \"all\" adds the attestation step of pool "
          "\"snp\", which is privileged because the pool names its device by hostPath, and this "
          "namespace enforces Pod Security \"" +
          level +
          "\". Name the pool's device by resource, or label the namespace "
          "pod-security.kubernetes.io/enforce=privileged.";
      CHECK(answer.starts_with(refusal) == (level != "privileged"));
    }
    CHECK(said(by_resource, {.door = Door::Place, .object = pod("{}")}, cluster)
              .starts_with("allowed Placed"));
  }
}

TEST_CASE("guard: what is no creation or change of a Pod is none of its business") {
  const auto policies = kPool + policy_named("all", kAllInPayments);
  const Question rows[] = {
      {.object = "", .old_object = pod("{}"), .operation = "DELETE"},
      {.object = R"({"kind":"PodExecOptions"})",
       .operation = "CONNECT",
       .kind = "PodExecOptions",
       .subresource = "exec"},
      {.object = R"({"kind":"Eviction"})", .kind = "Eviction", .subresource = "eviction"},
      {.object = pod(R"({"nodeName":"n"})", R"("name":"web","annotations":{"a":"b"})"),
       .old_object = pod(R"({"nodeName":"n"})"),
       .operation = "UPDATE",
       .subresource = "status"},
      {.object = pod("{}"), .namespace_name = "labelled"},
      {.object = R"({"kind":"Secret"})", .kind = "Secret", .resource = "secrets"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.kind);
    CAPTURE(row.operation);
    for (const auto door : {Door::Place, Door::Guard}) {
      auto question = row;
      question.door = door;
      CHECK(said(policies, question) == "allowed NotConcerned");
    }
  }
}

TEST_CASE("guard: a Pod that cannot have the step hears so before the API server says it its way") {
  const auto yaml = kPoolWithStep + policy_named("all", kAllInPayments);
  const auto heard = [&](const std::string& spec) {
    return said(yaml, {.door = Door::Place, .object = pod(spec)});
  };
  const std::string begin =
      "refused StepUnfit: payments/web: policy \"all\" adds the attestation step of pool \"snp\", ";
  const auto windows = begin +
                       "which is a Linux container, and this Pod is for Windows. Run it where the "
                       "policy does not reach.";
  const std::string process = R"("securityContext":{"windowsOptions":{"hostProcess":true}})";
  CHECK(heard(R"({"os":{"name":"windows"}})") == windows);
  CHECK(heard("{" + process + "}") == windows);
  CHECK(said(yaml, {.object = pod(R"({"os":{"name":"windows"}})")})
            .contains("which is a Linux container, and this Pod is for Windows."));
  CHECK(heard(R"({"initContainers":[{"name":"a",)" + process + "}]}") == windows);
  CHECK(heard(R"({"resources":{"requests":{"cpu":"50m"}}})") ==
        begin +
            "whose cpu of 100m is more than the 50m in spec.resources of the Pod. Give the Pod "
            "at least 100m, or name less in attestation.resources of the pool.");
  CHECK(heard(R"({"resources":{"limits":{"memory":3.2e7}}})").starts_with("refused Malformed"));
  CHECK(heard(R"({"resources":{"limits":{"memory":32000000}}})") ==
        begin +
            "whose memory of 64Mi is more than the 32000000 in spec.resources of the Pod. Give "
            "the Pod at least 64Mi, or name less in attestation.resources of the pool.");
  for (const auto* fits :
       {R"({"os":{"name":"linux"}})", R"({"resources":{"requests":{"cpu":"1e2m"}}})",
        R"({"resources":{"requests":{"cpu":"0.1","memory":"64Mi"},"limits":{"cpu":1}}})",
        R"({"resources":{"requests":{"cpu":"100000u","memory":"1E8"}}})"}) {
    CAPTURE(fits);
    CHECK(heard(fits).starts_with("allowed Placed"));
  }
}

}  // namespace
TEST_CASE("guard: a pool that lists its schedulers takes no Pod that asks another") {
  const auto yaml = R"(
---
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: snp}
spec:
  nodes: {matchLabels: {agentpool: snp}}
  schedulerNames: [default-scheduler, batch]
)" + policy_named("all", kAllInPayments);
  const auto asks = [&](const std::string& scheduler) {
    return said(yaml, {.object = pod(R"({"nodeSelector":{"agentpool":"snp"})" + scheduler + "}")});
  };
  CHECK(asks(R"(,"schedulerName":"theirs")") ==
        "refused SchedulerName: payments/web: spec.schedulerName asks the scheduler \"theirs\" to "
        "place this Pod, which is none of pool \"snp\" (policy \"all\"). Ask for default-scheduler "
        "or "
        "batch.");
  for (const auto* allowed : {"", R"(,"schedulerName":"batch")", R"(,"schedulerName":"")",
                              R"(,"schedulerName":"default-scheduler")"}) {
    CAPTURE(allowed);
    CHECK(asks(allowed) == "allowed Satisfied");
  }
}

}  // namespace cpods::admission
