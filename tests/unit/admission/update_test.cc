// Updates: an applied manifest gets back what was injected, and the guard holds an update to what
// it makes worse.

#include <doctest/doctest.h>

#include "admission/decide.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const std::string kPolicies = kPoolWithStep + policy_named("all", kAllInPayments);
const std::string kRequiredTerms =
    R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)";

// A manifest that is created, placed and applied again as its author wrote it; `again` is what the
// second apply sends, of what was stored.
struct Applied {
  std::shared_ptr<const policy::Snapshot> snapshot;
  std::string stored;
};

Applied create(const std::string& spec, const std::string& yaml = kPolicies) {
  auto snapshot = policies(yaml);
  auto stored = placed(*snapshot, {.object = pod(spec)});
  return {std::move(snapshot), std::move(stored)};
}

// The stored Pod with members of its spec replaced (or removed, by null), as a client's update.
std::string changed(const std::string& stored, const std::string& members) {
  const auto before = parsed(stored);
  const auto changes = parsed(members);
  json::Writer out;
  out.object();
  for (const auto [key, value] : before.root().members()) {
    if (key != "spec") out.key(key).node(value);
  }
  out.key("spec").object();
  for (const auto [key, value] : before.root()["spec"].members()) {
    if (changes.root()[key].kind() == json::Kind::Missing) out.key(key).node(value);
  }
  for (const auto [key, value] : changes.root().members()) {
    if (value.present()) out.key(key).node(value);
  }
  return out.end().end().take();
}

std::string update(const Applied& applied, Door door, const std::string& object) {
  return said(
      *applied.snapshot,
      {.door = door, .object = object, .old_object = applied.stored, .operation = "UPDATE"});
}

// After both the restoring patch and the update, the Pod is what was stored.
bool restores(const Applied& applied, const std::string& object) {
  const auto verdict = ask(
      *applied.snapshot,
      {.door = Door::Place, .object = object, .old_object = applied.stored, .operation = "UPDATE"});
  const auto sent = parsed(object);
  const auto after = json::apply(sent.root(), verdict.patch.text());
  const auto stored = parsed(applied.stored);
  return after && after->root()["spec"].equals(stored.root()["spec"]);
}

TEST_CASE("restore: a manifest with its own affinity and tolerations can be applied again") {
  const auto zone = R"({"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]})";
  const auto affinity = kRequiredTerms + zone + "," + zone + "]}}}";
  const auto tolerations = R"("tolerations":[{"key":"mine","operator":"Exists"}])";
  const auto applied = create("{" + affinity + "," + tolerations + "}");
  const auto again = changed(applied.stored, "{" + affinity + "," + tolerations + "}");
  CHECK(restores(applied, again));
  CHECK(update(applied, Door::Place, again).starts_with("allowed Restored ["));
  CHECK(update(applied, Door::Guard, applied.stored) == "allowed NotConcerned");
}

TEST_CASE("restore: a manifest without affinity, replaced whole, gets all of it back") {
  const auto applied = create(R"({"containers":[{"name":"app"}]})");
  const auto bare = pod(R"({"containers":[{"name":"app"}]})");
  CHECK(restores(applied, bare));
}

TEST_CASE(
    "restore: every key of every pool is given back, and volumes of the step that are there") {
  auto by_resource = kPoolWithStep;
  const std::string host = "{hostPath: /dev/tpmrm0}";
  by_resource.replace(by_resource.find(host), host.size(), "{resource: example.com/tpm}");
  const std::string label = "agentpool: snp";
  by_resource.replace(by_resource.find(label), label.size(), "agentpool: snp, type: cvm");
  const auto applied = create("{}", by_resource + kOtherPool + policy_named("all", kAllInPayments));
  CHECK(restores(applied, pod("{}")));
  const auto stored = parsed(applied.stored);
  const auto volumes = json::to_text(stored.root()["spec"]["volumes"]);
  CHECK(restores(applied,
                 changed(applied.stored, R"({"initContainers":null,"volumes":)" + volumes + "}")));
}

TEST_CASE("restore: each term is given back what it lost, and only where nothing else was edited") {
  const auto snapshot = policies(kPolicies);
  const auto terms = [](const std::string& list) { return "{" + kRequiredTerms + list + "]}}}}"; };
  const auto has = [](const std::string& key, const std::string& value) {
    return R"({"key":")" + key + R"(","operator":"In","values":[")" + value + R"("]})";
  };
  const auto term = [](const std::string& expressions, const std::string& more = "") {
    return R"({"matchExpressions":[)" + expressions + "]" + more + "}";
  };
  const auto fields = [&](const std::string& node) {
    return R"(,"matchFields":[)" + has("metadata.name", node) + "]";
  };
  const auto zone = has("zone", "a");
  const auto pool = has("agentpool", "snp");
  struct Row {
    std::string stored;
    std::string fresh;
    bool given_back;
  };
  const Row rows[] = {
      {term(zone + "," + pool), term(zone), true},
      {term(pool) + "," + term(zone + "," + pool), term(pool) + "," + term(zone), true},
      {term(pool) + "," + term(zone), term(pool) + "," + term(zone), false},
      // The author's own edits: an expression more, another, one less, another node.
      {term(zone), term(zone + "," + has("disk", "ssd")), false},
      {term(zone + "," + pool), term(has("zone", "b")), false},
      {term(zone + "," + has("disk", "ssd")), term(zone), false},
      {term(pool, fields("n1")), term("", fields("n1")), true},
      {term(pool, fields("n1")), term("", fields("n2")), false},
      {term(pool, fields("n1")), term(""), false},
      {term(pool), term("", R"(,"matchFields":[])"), true},
      // Nothing is sent: all of it was injected, or it was not.
      {term(pool), "", true},
      {term(zone + "," + pool), "", false},
      {term(pool, fields("n1")), "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.stored);
    CAPTURE(row.fresh);
    const Applied applied{snapshot, pod(terms(row.stored))};
    const auto answer =
        update(applied, Door::Place, pod(row.fresh.empty() ? "{}" : terms(row.fresh)));
    CHECK(answer.starts_with("allowed Restored [") == row.given_back);
  }
}

TEST_CASE("restore: other affinities are left as they are sent") {
  const auto applied = create(R"({"affinity":{"podAffinity":{"x":1}}})");
  CHECK(restores(applied, changed(applied.stored, R"({"affinity":{"podAffinity":{"x":1}}})")));
  // Removing podAffinity is an edit of the author's own, and the API server's to judge.
  const auto edited = changed(applied.stored, R"({"affinity":null})");
  const auto verdict = ask(
      *applied.snapshot,
      {.door = Door::Place, .object = edited, .old_object = applied.stored, .operation = "UPDATE"});
  CHECK(verdict.patch.text() ==
        R"([{"op":"add","path":"/spec/affinity","value":{"nodeAffinity":)"
        R"({"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
        R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]}]}}}}])");
}

TEST_CASE("restore: a real edit meets the API server's own error") {
  const auto zone = [](const std::string& name) {
    return kRequiredTerms + R"({"matchExpressions":[{"key":"zone","operator":"In","values":[")" +
           name + R"("]}]}]}}})";
  };
  const auto applied = create("{" + zone("a") + "}");
  CHECK(update(applied, Door::Place, changed(applied.stored, "{" + zone("b") + "}")) ==
        "allowed NotConcerned");
}

TEST_CASE("restore: adds nothing to a Pod that never was placed") {
  const auto snapshot = policies(kPolicies);
  const Applied running{snapshot, pod(R"({"containers":[{"name":"app","image":"a:1"}]})")};
  const auto object = pod(R"({"containers":[{"name":"app","image":"a:2"}]})");
  CHECK(update(running, Door::Place, object) == "allowed NotConcerned");
  CHECK(update(running, Door::Guard, object) == "allowed Satisfied");
}

TEST_CASE("restore: what was injected is given back where no policy reaches the Pod any more") {
  const auto applied = create("{}");
  const auto by_label = kPoolWithStep + policy_named("opt-in",
                                                     "pool: snp, namespaceSelector: {matchLabels: "
                                                     "{x: y}}, podSelector: {}");
  for (const auto& yaml : {kPoolWithStep + policy_named("all",
                                                        "pool: snp, namespaces: [a], "
                                                        "podSelector: {}"),
                           by_label}) {
    const Applied later{policies(yaml), applied.stored};
    CHECK(restores(later, pod("{}")));
    // Nor does it matter whether the namespace's labels are known.
    CHECK(said(*later.snapshot,
               {.door = Door::Place,
                .object = pod("{}"),
                .old_object = applied.stored,
                .operation = "UPDATE"},
               Namespaces())
              .starts_with("allowed Restored ["));
    CHECK(update(later, Door::Place, pod("[]")) == "allowed NotConcerned");
  }
}

// Found by the fuzzer: the patch added to a spec that was not there, and did not apply.
TEST_CASE("restore: an object without a spec has nothing to be given back to") {
  const auto applied = create("{}");
  for (const std::string_view object : {R"({})", R"({"spec":null})", R"({"spec":[]})"}) {
    CAPTURE(object);
    const auto verdict = ask(*applied.snapshot, {.door = Door::Place,
                                                 .object = std::string(object),
                                                 .old_object = applied.stored,
                                                 .operation = "UPDATE"});
    CHECK(verdict.allowed);
    CHECK(verdict.patch.empty());
  }
}

TEST_CASE("restore: a toleration is given back as it is stored, one that is no pool's never") {
  const auto snapshot = policies(kPolicies);
  const Applied everything{snapshot, pod(R"({"tolerations":[{"operator":"Exists"}],"x":1})")};
  CHECK(update(everything, Door::Place, pod(R"({"x":1})")) == "allowed NotConcerned");
  const Applied pools{snapshot, pod(R"({"tolerations":[
      {"key":"tee","operator":"Exists","effect":"NoSchedule"},{"key":"mine","operator":"Exists"}]})")};
  CHECK(update(pools, Door::Place, pod(R"({"tolerations":[]})")) ==
        R"(allowed Restored [{"op":"add","path":"/spec/tolerations/-","value":)"
        R"({"key":"tee","operator":"Exists","effect":"NoSchedule"}}])");
}

TEST_CASE(
    "restore: only updates of the Pod itself, by others than its kubelet, get anything back") {
  const auto applied = create("{}");
  const auto update_of = [&](const std::string& subresource, const std::string& metadata,
                             const std::string& group) {
    return said(*applied.snapshot, {.door = Door::Place,
                                    .object = pod("{}", metadata),
                                    .old_object = applied.stored,
                                    .operation = "UPDATE",
                                    .subresource = subresource,
                                    .groups = {group}});
  };
  const std::string plain = R"("name":"web")";
  const std::string mirror = R"("name":"web","annotations":{"kubernetes.io/config.mirror":"x"})";
  CHECK(update_of("", plain, "system:authenticated").starts_with("allowed Restored ["));
  CHECK(update_of("status", plain, "system:authenticated") == "allowed NotConcerned");
  CHECK(update_of("ephemeralcontainers", plain, "system:authenticated") == "allowed NotConcerned");
  CHECK(update_of("", mirror, "system:nodes") == "allowed NotConcerned");
  CHECK(update_of("", mirror, "system:authenticated").starts_with("allowed Restored ["));
}

TEST_CASE("restore: a step that the client edits is not put back over its words") {
  const auto applied = create(R"({"containers":[{"name":"app"}]})");
  const auto edited = parsed(applied.stored);
  const auto after = json::apply(
      edited.root(), R"([{"op":"add","path":"/spec/initContainers/0/image","value":"evil"}])");
  REQUIRE(after);
  const auto object = json::to_text(after->root());
  CHECK(update(applied, Door::Place, object) == "allowed NotConcerned");
  CHECK(update(applied, Door::Guard, object).starts_with("refused StepAltered: "));
}

TEST_CASE("update: what does not touch spec or labels is never held up") {
  const auto snapshot = policies(kPolicies);
  const auto stored = pod(R"({"nodeName":"n","volumes":"not even readable"})");
  const auto finalised = pod(R"({"volumes":"not even readable","nodeName":"n"})",
                             R"("name":"web","finalizers":[],"annotations":{"a":"b"})");
  for (const auto door : {Door::Place, Door::Guard}) {
    CHECK(said(*snapshot,
               {.door = door, .object = finalised, .old_object = stored, .operation = "UPDATE"}) ==
          "allowed NotConcerned");
    CHECK(said(*snapshot, {.door = door,
                           .object = finalised,
                           .old_object = stored,
                           .operation = "UPDATE",
                           .namespace_name = "never-seen"}) == "allowed NotConcerned");
  }
}

TEST_CASE("update: a Pod from before the policy may be labelled, patched and scheduled") {
  const auto snapshot = policies(kPolicies);
  const Applied running{snapshot, pod(R"({"nodeName":"n","containers":[{"image":"a:1"}]})")};
  CHECK(update(running, Door::Guard,
               pod(R"({"nodeName":"n","containers":[{"image":"a:2"}]})",
                   R"("name":"web","labels":{"a":"b"})")) == "allowed Satisfied");
}

TEST_CASE("update: a label that moves a Pod into a policy is refused while it does not fit") {
  const auto yaml =
      kPool + policy_named("some",
                           "pool: snp, namespaces: [payments], podSelector: {matchLabels: "
                           "{tier: secret}}");
  const Applied running{policies(yaml), pod(R"({"nodeName":"n"})")};
  CHECK(update(running, Door::Guard,
               pod(R"({"nodeName":"n"})", R"("name":"web","labels":{"tier":"secret"})")) ==
        "refused NotGuaranteed: payments/web: policy \"some\" keeps this Pod on pool \"snp\", but "
        "this Pod may run elsewhere: nothing in it requires agentpool in [snp]. Create the Pod "
        "again while place.confidential.pods is reachable, which places it.");
}

TEST_CASE("update: a label that brings a second pool is refused, a Pod that has both is let be") {
  const auto yaml = kPool + kOtherPool + policy_named("all", kAllInPayments) +
                    policy_named("tier",
                                 "pool: other, namespaces: [payments], podSelector: {matchLabels: "
                                 "{tier: secret}}");
  const std::string labels = R"("name":"web","labels":{"tier":"secret"})";
  const Applied running{policies(yaml), pod(R"({"nodeSelector":{"agentpool":"snp"}})")};
  CHECK(update(running, Door::Guard, pod(R"({"nodeSelector":{"agentpool":"snp"}})", labels))
            .starts_with("refused TwoPools: payments/web: policies \"all\" and \"tier\" require"));
  const Applied both{running.snapshot, pod(R"({"nodeSelector":{"agentpool":"snp"}})", labels)};
  CHECK(update(both, Door::Guard,
               pod(R"({"nodeSelector":{"agentpool":"snp"},"activeDeadlineSeconds":5})", labels)) ==
        "allowed Satisfied");
}

TEST_CASE("update: nodeName is the scheduler's by then") {
  const auto created = create(R"({"containers":[{"image":"a:1"}]})");
  const Applied bound{created.snapshot, changed(created.stored, R"({"nodeName":"n1"})")};
  CHECK(update(bound, Door::Guard, changed(bound.stored, R"({"containers":[{"image":"a:2"}]})")) ==
        "allowed Satisfied");
}

TEST_CASE("update: after the prescribed step has changed, a further change is still seen") {
  const auto old_set = create("{}");
  std::string yaml = kPolicies;
  yaml.insert(yaml.find("    evidence:"), "    image: confidential-pods:2\n");
  const Applied upgraded{policies(yaml), old_set.stored};
  // The stored step is of yesterday; other updates pass.
  CHECK(update(upgraded, Door::Guard, changed(upgraded.stored, R"({"activeDeadlineSeconds":5})")) ==
        "allowed Satisfied");
  const auto stored = parsed(upgraded.stored);
  const auto evil = json::apply(
      stored.root(), R"([{"op":"add","path":"/spec/initContainers/0/image","value":"evil"}])");
  CHECK(update(upgraded, Door::Guard, json::to_text(evil->root()))
            .starts_with("refused StepAltered: "));
}

TEST_CASE("update: a Pod that could never start may not become one that starts off the pool") {
  for (const auto& guard : {kAllInPayments, kGuardDb}) {
    CAPTURE(guard);
    const auto snapshot = policies(kPool + policy_named("all", guard));
    const auto volumes =
        std::string(R"("volumes":[{"name":"v","secret":{"secretName":"db-main"}}])");
    const Applied gated{snapshot, pod(R"({"nodeSelector":{"agentpool":"gpu"},)" + volumes + "}")};
    CHECK(update(gated, Door::Guard,
                 pod(R"({"nodeSelector":{"agentpool":"gpu","disk":"ssd"},)" + volumes + "}")) ==
          "allowed Satisfied");
    CHECK(update(gated, Door::Guard, pod("{" + volumes + "}")).starts_with("refused "));
  }
}

TEST_CASE("update: a flaw that is there hides no other") {
  const auto applied = create(R"({"containers":[{"name":"app"}]})");
  const auto edited = [](const std::string& text, const std::string& operation) {
    const auto document = parsed(text);
    const auto after = json::apply(document.root(), "[" + operation + "]");
    REQUIRE(after);
    return json::to_text(after->root());
  };
  // Stored from before the guard: another container stands before the step.
  const Applied flawed{applied.snapshot,
                       edited(applied.stored, R"({"op":"add","path":"/spec/initContainers/0",
                                                  "value":{"name":"first","image":"a:1"}})")};
  CHECK(update(flawed, Door::Guard,
               edited(flawed.stored,
                      R"({"op":"add","path":"/spec/activeDeadlineSeconds","value":5})")) ==
        "allowed Satisfied");
  CHECK(update(flawed, Door::Guard,
               edited(flawed.stored,
                      R"({"op":"add","path":"/spec/initContainers/0/image","value":"a:2"})"))
            .starts_with("refused StepAltered: payments/web: spec.initContainers[0] runs before"));
  CHECK(update(flawed, Door::Guard,
               edited(flawed.stored,
                      R"({"op":"add","path":"/spec/initContainers/1/image","value":"evil"})"))
            .starts_with("refused StepAltered: payments/web: spec.initContainers[1] is not the"));
  CHECK(update(flawed, Door::Guard,
               edited(flawed.stored, R"({"op":"add","path":"/spec/ephemeralContainers","value":[
                                         {"name":"confidential-pods-attest"}]})"))
            .starts_with("refused StepAltered: payments/web: spec.ephemeralContainers[0] has"));
}

TEST_CASE("update: an unknown source that says something else is another one") {
  const auto yaml = kPool + policy_named("db", kGuardDb);
  const auto source = [](const std::string& value) {
    return R"("ephemeralContainers":[{"name":"d","env":[{"valueFrom":{"vault2030":)" + value +
           "}}]}]";
  };
  const Applied running{policies(yaml), pod("{" + source("1") + "}")};
  CHECK(update(running, Door::Guard, pod(R"({"hostname":"h",)" + source("1") + "}")) ==
        "allowed Satisfied");
  CHECK(update(running, Door::Guard, pod("{" + source("2") + "}"))
            .starts_with("refused UnknownSource: payments/web: unknown source \"vault2030\""));
}

TEST_CASE("update: of secrets and service accounts each is compared with its own kind") {
  const auto yaml = kPool + policy_named("db",
                                         "pool: snp, namespaces: [payments], secrets: {names: "
                                         "[\"*\"], serviceAccounts: [\"*\"]}");
  const std::string account = R"("serviceAccountName":"x","imagePullSecrets":[{"name":"x"}])";
  const Applied running{policies(yaml), pod("{" + account + "}")};
  CHECK(update(running, Door::Guard, pod(R"({"hostname":"h",)" + account + "}")) ==
        "allowed Satisfied");
  CHECK(update(running, Door::Guard,
               pod("{" + account +
                   R"(,"ephemeralContainers":[{"envFrom":[{"secretRef":{"name":"y"}}]}]})"))
            .starts_with("refused SecretOffPool: payments/web: Secret \"y\" (spec.ephemeral"));
}

// Found by the fuzzer: terms that are an object were an internal error.
TEST_CASE("restore: terms that are no list are nothing to give back") {
  const auto snapshot = policies(kPolicies);
  const Applied stored{
      snapshot,
      pod(R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":)"
          R"({"nodeSelectorTerms":{"a":{}}}}}})")};
  CHECK(update(stored, Door::Place, pod("{}")) == "allowed NotConcerned");
  CHECK(update(stored, Door::Guard, pod("{}")).starts_with("refused Malformed: payments/web: "));
}

TEST_CASE("restore: a toleration that a Pod repeats is given back once") {
  const auto snapshot = policies(kPolicies);
  const std::string tee = R"({"key":"tee","operator":"Exists","effect":"NoSchedule"})";
  const Applied stored{snapshot, pod(R"({"tolerations":[)" + tee + "," + tee + "]}")};
  CHECK(update(stored, Door::Place, pod(R"({"tolerations":[]})")) ==
        R"(allowed Restored [{"op":"add","path":"/spec/tolerations/-","value":)" + tee + "}]");
}

TEST_CASE("ephemeral containers: new references are judged, on and off the pool") {
  // A label of the namespace would have placed the Pod, and places none that exists.
  const auto yaml = kPoolWithStep + policy_named("db", kGuardDb) +
                    policy_named("opt-in",
                                 "pool: snp, namespaceSelector: {matchLabels: "
                                 "{confidential.pods/enabled: \"true\"}}, podSelector: {}");
  const std::string debugger =
      R"("ephemeralContainers":[{"name":"debugger","envFrom":[{"secretRef":{"name":"db-main"}}]}])";
  const auto add = [&](const std::string& spec, const std::string& more) {
    return said(yaml, {.object = pod("{" + spec + "," + more + "}"),
                       .old_object = pod("{" + spec + "}"),
                       .operation = "UPDATE",
                       .subresource = "ephemeralcontainers"});
  };
  CHECK(add(R"("nodeName":"n")", R"("ephemeralContainers":[{"name":"debugger"}])") ==
        "allowed NotConcerned");
  CHECK(add(R"("nodeSelector":{"agentpool":"snp"})", debugger) == "allowed Satisfied");
  CHECK(
      add(R"("nodeName":"n")", debugger) ==
      "refused SecretOffPool: payments/web: Secret \"db-main\" "
      "(spec.ephemeralContainers[0].envFrom[0]) may only be read on pool \"snp\" (policy "
      "\"db\"), but this Pod may run elsewhere: nothing in it requires agentpool in [snp]. Create "
      "the Pod again and give it the nodeSelector agentpool: snp and a toleration "
      "of tee:NoSchedule.");
  // The same Secret by a second way tells nobody anything new.
  CHECK(add(R"("volumes":[{"name":"v","secret":{"secretName":"db-main"}}])", debugger) ==
        "allowed Satisfied");
  CHECK(add(R"("volumes":[{"name":"v","secret":{"secretName":"db-other"}}])", debugger)
            .starts_with("refused SecretOffPool: payments/web: Secret \"db-main\""));
}

// A Pod without the secret is nobody's concern, so its author may bind it to any node and claim the
// pool all the same; the secret would follow in an ephemeral container.
TEST_CASE("bound Pods: what comes under guard later is refused, whatever the affinity says") {
  const auto yaml = kPool + policy_named("db", kGuardDb) +
                    policy_named("tier",
                                 "pool: snp, namespaces: [payments], "
                                 "podSelector: {matchLabels: {tier: db}}");
  const std::string bound = R"("nodeName":"evil","nodeSelector":{"agentpool":"snp"})";
  const auto with_volume = bound + R"(,"volumes":[{"name":"v","secret":{"secretName":"db-main"}}])";
  const auto debugger = [](const std::string& secret) {
    return R"(,"ephemeralContainers":[{"name":"d","envFrom":[{"secretRef":{"name":")" + secret +
           R"("}}]}])";
  };
  const auto change = [&](const std::string& before, const std::string& after) {
    return said(yaml, {.object = after, .old_object = before, .operation = "UPDATE"});
  };
  CHECK(
      change(pod("{" + bound + "}"), pod("{" + bound + debugger("db-main") + "}")) ==
      "refused NodeName: payments/web: Secret \"db-main\" "
      "(spec.ephemeralContainers[0].envFrom[0]) may only be used on pool \"snp\" (policy \"db\"), "
      "but this Pod is bound to node \"evil\" already, and nothing proves that the scheduler did "
      "it. Create another Pod that has it from the start.");
  CHECK(change(pod("{" + with_volume + "}"), pod("{" + with_volume + debugger("db-other") + "}"))
            .starts_with("refused NodeName: payments/web: Secret \"db-other\""));
  CHECK(change(pod("{" + with_volume + "}"), pod("{" + with_volume + debugger("db-main") + "}")) ==
        "allowed Satisfied");
  CHECK(change(pod("{" + bound + "}"), pod("{" + bound + debugger("free") + "}")) ==
        "allowed NotConcerned");
  const std::string labels = R"("name":"web","labels":{"tier":"db"})";
  CHECK(
      change(pod("{" + bound + "}"), pod("{" + bound + "}", labels)) ==
      "refused NodeName: payments/web: policy \"tier\" keeps this Pod on pool \"snp\", but this "
      "Pod is bound to node \"evil\" already, and nothing proves that the scheduler did it. Create "
      "the Pod again.");
  CHECK(change(pod("{" + bound + "}", labels),
               pod("{" + bound + R"(,"activeDeadlineSeconds":5})", labels)) == "allowed Satisfied");
}

TEST_CASE("labels: a Pod does not leave a policy by an update of itself or of its status") {
  const auto yaml = kPool + policy_named("tier",
                                         "pool: snp, namespaces: [payments], "
                                         "podSelector: {matchLabels: {tier: db}}");
  const std::string on_snp = R"({"nodeName":"n","nodeSelector":{"agentpool":"snp"}})";
  const auto labelled = [&](const std::string& labels) {
    return pod(on_snp, R"("name":"web","labels":{)" + labels + "}");
  };
  for (const std::string subresource : {"", "status"}) {
    CAPTURE(subresource);
    const auto change = [&](const std::string& before, const std::string& after) {
      return said(yaml, {.object = labelled(after),
                         .old_object = labelled(before),
                         .operation = "UPDATE",
                         .subresource = subresource});
    };
    CHECK(
        change(R"("tier":"db")", R"("tier":"web")") ==
        "refused LeavesPolicy: payments/web: policy \"tier\" keeps this Pod on pool \"snp\" by "
        "labels "
        "that this update takes away. Leave the labels as they are, or create another Pod without "
        "them.");
    CHECK(change(R"("tier":"db")", R"("tier":"db","a":"b")") == "allowed Satisfied");
    CHECK(change(R"("a":"b")", R"("a":"c")") == "allowed NotConcerned");
    CHECK(change(R"("a":"b")", R"("tier":"db")").starts_with("refused NodeName: "));
  }
}

TEST_CASE("ephemeral containers: the reserved name is refused, and nothing is ever patched") {
  const auto applied = create("{}");
  const auto object =
      changed(applied.stored, R"({"ephemeralContainers":[{"name":"confidential-pods-attest"}]})");
  const auto ask_door = [&](Door door) {
    return said(*applied.snapshot, {.door = door,
                                    .object = object,
                                    .old_object = applied.stored,
                                    .operation = "UPDATE",
                                    .subresource = "ephemeralcontainers"});
  };
  CHECK(ask_door(Door::Guard)
            .starts_with(
                "refused StepAltered: payments/web: spec.ephemeralContainers[0] has the name"));
  CHECK(ask_door(Door::Place) == "allowed NotConcerned");
}

}  // namespace
}  // namespace cpods::admission
