#include "admission/template_check.h"

#include <doctest/doctest.h>

#include "pod/templates.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const pod::Labels kNoLabels;

// A workload of this kind whose template has this spec.
std::string workload(const std::string& kind, const std::string& spec,
                     const std::string& template_metadata = "{}") {
  const auto pod_template = R"({"metadata":)" + template_metadata + R"(,"spec":)" + spec + "}";
  const auto head = R"({"kind":")" + kind + R"(","metadata":{"name":"shop"},)";
  if (kind == "PodTemplate") return head + R"("template":)" + pod_template + "}";
  if (kind == "CronJob") {
    return head + R"("spec":{"jobTemplate":{"spec":{"template":)" + pod_template + "}}}}";
  }
  return head + R"("spec":{"template":)" + pod_template + "}}";
}

Question about(const std::string& kind, const std::string& object) {
  return {.object = object, .kind = kind, .group = "apps", .resource = "workloads"};
}

const std::string kGpu = R"({"nodeSelector":{"agentpool":"gpu"}})";
const std::string kGuardPayments = "namespaces: [payments], pool: snp, podSelector: {}";

TEST_CASE("templates: all eight kinds hear it at apply time, by the policy's setting") {
  const std::string kinds[] = {
      "Deployment", "StatefulSet", "DaemonSet",  "ReplicaSet", "ReplicationController",
      "Job",        "CronJob",     "PodTemplate"};
  for (const auto& kind : kinds) {
    CAPTURE(kind);
    const auto ask_with = [&](const std::string& setting) {
      const auto yaml =
          kPool +
          policy_named("all", kGuardPayments + (setting.empty() ? "" : ", templates: " + setting));
      return said(yaml, about(kind, workload(kind, kGpu)));
    };
    const std::string warned =
        "allowed Satisfied\nwarning: policy \"all\" will refuse its Pods: can never run on pool "
        "\"snp\"";
    CHECK(ask_with("") == warned);
    CHECK(ask_with("Warn") == warned);
    CHECK(ask_with("Ignore") == "allowed Satisfied");
    CHECK(ask_with("Deny") ==
          "refused NotGuaranteed: " + kind +
              " payments/shop: its Pods would be refused: policy "
              "\"all\" keeps this Pod on pool \"snp\", but this Pod can never run there: "
              "spec.nodeSelector.agentpool is gpu, which rules out agentpool in [snp]. Remove that "
              "constraint.");
  }
}

TEST_CASE("templates: a Pod that would be placed is no reason to warn, and is not changed here") {
  const auto yaml = kPoolWithStep + policy_named("all", kGuardPayments + ", templates: Deny");
  for (const auto door : {Door::Place, Door::Guard}) {
    auto question = about("Deployment", workload("Deployment", R"({"containers":[{"name":"a"}]})"));
    question.door = door;
    CHECK(said(yaml, question) ==
          (door == Door::Place ? "allowed NotConcerned" : "allowed Satisfied"));
  }
}

TEST_CASE("templates: a DaemonSet is told that placing its Pods one by one leaves some Pending") {
  const auto ask_with = [](const std::string& spec, const std::string& more) {
    return said(kPool + policy_named("all", kGuardPayments + more),
                about("DaemonSet", workload("DaemonSet", spec)));
  };
  const std::string warned =
      "allowed Satisfied\nwarning: policy \"all\": its Pods off pool \"snp\" will stay Pending; "
      "constrain the template";
  CHECK(ask_with("{}", "") == warned);
  CHECK(ask_with("{}", ", templates: Deny") == warned);
  CHECK(ask_with("{}", ", templates: Ignore") == "allowed Satisfied");
  CHECK(ask_with(R"({"nodeSelector":{"agentpool":"snp"}})", "") == "allowed Satisfied");
}

TEST_CASE("templates: a DaemonSet's is placed, without the step, that its Pods get themselves") {
  const auto yaml = kPoolWithStep + policy_named("all", kGuardPayments);
  const auto place = [&](const std::string& kind, const std::string& spec,
                         const std::string& operation = "CREATE") {
    auto question = about(kind, workload(kind, spec));
    question.door = Door::Place;
    question.operation = operation;
    if (operation == "UPDATE") question.old_object = workload(kind, R"({"hostname":"before"})");
    return said(yaml, question);
  };
  const auto placed =
      R"(allowed Placed [{"op":"add","path":"/spec/template/spec/affinity","value":{"nodeAffinity":)"
      R"({"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
      R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]}]}}}},)"
      R"({"op":"add","path":"/spec/template/spec/tolerations","value":[{"key":"tee",)"
      R"("operator":"Exists","effect":"NoSchedule"}]}])";
  CHECK(place("DaemonSet", "{}") == placed);
  CHECK(place("DaemonSet", "{}", "UPDATE") == placed);
  CHECK(place("DaemonSet", kGpu) == "allowed NotConcerned");
  // A label of its own would otherwise start all of its Pods anew.
  auto labelled = about("DaemonSet", workload("DaemonSet", "{}"));
  labelled.door = Door::Place;
  labelled.operation = "UPDATE";
  labelled.old_object = workload("DaemonSet", "{}");
  labelled.object.replace(labelled.object.find("\"name\""), 0, R"("labels":{"a":"b"},)");
  CHECK(said(yaml, labelled) == "allowed NotConcerned");
  CHECK(place("DaemonSet", R"("unreadable")") == "allowed NotConcerned");
  CHECK(place("Deployment", "{}") == "allowed NotConcerned");
}

TEST_CASE("templates: a StatefulSet's Pods mount a claim of their own for each claim template") {
  const auto yaml = kPool + policy_named("claims",
                                         "pool: snp, namespaces: [payments], templates: Deny, "
                                         "secrets: {volumeClaims: [\"enc-*\"]}");
  const auto with_claims = [&](const std::string& name, const std::string& volumes) {
    const auto object = parsed(workload("StatefulSet", R"({"volumes":[)" + volumes + "]}"));
    const auto claims = R"([{"op":"add","path":"/spec/volumeClaimTemplates","value":[{"metadata":{)"
                        R"("name":")" +
                        name + R"("}}]}])";
    const auto whole = json::apply(object.root(), claims);
    REQUIRE(whole);
    return said(yaml, about("StatefulSet", json::to_text(whole->root())));
  };
  CHECK(with_claims("enc", "").starts_with(
      "refused SecretOffPool: StatefulSet payments/shop: its Pods would be refused: "
      "PersistentVolumeClaim \"enc-shop-0\" (spec.volumes[0]) may only be read on pool \"snp\""));
  CHECK(with_claims("free", "") == "allowed NotConcerned");
  const auto of_template = R"({"name":"free","persistentVolumeClaim":{"claimName":"enc-old"}})";
  CHECK(with_claims("free", of_template) == "allowed NotConcerned");
  CHECK(with_claims("other", of_template).starts_with("refused SecretOffPool"));
}

TEST_CASE("templates: beside its claims a StatefulSet's Pods keep all that the template says") {
  const auto yaml = kPool + policy_named("claims",
                                         "pool: snp, namespaces: [payments], templates: Deny, "
                                         "secrets: {volumeClaims: [\"enc-*\"]}");
  const auto with_spec = [&](const std::string& spec) {
    const auto object = parsed(workload("StatefulSet", spec));
    const auto whole =
        json::apply(object.root(), R"([{"op":"add","path":"/spec/volumeClaimTemplates","value":[)"
                                   R"({"metadata":{"name":"enc"}},{"metadata":{"name":"b"}},)"
                                   R"({"metadata":{"name":"a"}}]}])");
    REQUIRE(whole);
    return said(yaml, about("StatefulSet", json::to_text(whole->root())));
  };
  CHECK(with_spec("{}").starts_with("refused SecretOffPool: StatefulSet payments/shop: "));
  CHECK(with_spec(R"({"nodeSelector":{"agentpool":"snp"}})") == "allowed Satisfied");
  // In whatever order the claims are written, each replaces the volume of its name.
  for (const std::string name : {"a", "b", "enc"}) {
    CAPTURE(name);
    CHECK(with_spec(R"({"volumes":[{"name":")" + name +
                    R"(","persistentVolumeClaim":{"claimName":"enc-old"}}]})")
              .find("enc-old") == std::string::npos);
  }
}

TEST_CASE("templates: a guarded secret in a template is told with its place") {
  const auto yaml = kPool + policy_named("db", kGuardDb);
  const auto spec = R"({"volumes":[{"name":"v","secret":{"secretName":"db-main"}}]})";
  CHECK(said(yaml, about("Deployment", workload("Deployment", spec))) ==
        "allowed Satisfied\nwarning: policy \"db\" will refuse its Pods: Secret \"db-main\" may be "
        "used off pool \"snp\" (spec.volumes[0])");
}

TEST_CASE("templates: a Warn policy says what it would say of the Pods") {
  const auto yaml = kPool + policy_named("all", "action: Warn, " + kGuardPayments);
  CHECK(said(yaml, about("Job", workload("Job", "{}"))) ==
        "allowed Satisfied\nwarning: policy \"all\": may run off pool \"snp\"");
  const auto silent =
      kPool + policy_named("all", "action: Warn, templates: Ignore, " + kGuardPayments);
  CHECK(said(silent, about("Job", workload("Job", "{}"))) == "allowed Satisfied");
}

TEST_CASE("templates: the template's labels are the Pod's") {
  const auto yaml =
      kPool + policy_named("some",
                           "pool: snp, namespaces: [payments], templates: Deny, podSelector: "
                           "{matchLabels: {tier: secret}}");
  CHECK(said(yaml, about("Deployment", workload("Deployment", kGpu))) == "allowed NotConcerned");
  CHECK(said(yaml,
             about("Deployment", workload("Deployment", kGpu, R"({"labels":{"tier":"secret"}})")))
            .starts_with("refused NotGuaranteed: Deployment payments/shop: "));
}

TEST_CASE("templates: an update that leaves the template alone is not judged again") {
  const auto yaml = kPool + policy_named("all", kGuardPayments + ", templates: Deny");
  auto question = about("Deployment", workload("Deployment", kGpu));
  question.operation = "UPDATE";
  question.old_object = question.object;
  question.object.insert(question.object.find("\"template\""), "\"replicas\":5,");
  CHECK(said(yaml, question) == "allowed NotConcerned");
  question.old_object = workload("Deployment", "{}");
  CHECK(said(yaml, question).starts_with("refused NotGuaranteed"));
}

TEST_CASE("templates: an object of the kind without a template has nothing to hear") {
  const auto yaml = kPool + policy_named("all", kGuardPayments + ", templates: Deny");
  CHECK(said(yaml, about("Job", R"({"kind":"Job","spec":{"tasks":[]}})")) ==
        "allowed NotConcerned");
  CHECK(
      said(yaml, about("Deployment", R"({"kind":"Deployment","metadata":{"name":"shop"},
                                           "spec":{"template":{"metadata":{}}}})")) ==
      "refused Malformed: Deployment payments/shop: its Pods would be refused: /spec/template/spec "
      "must be an object, but is missing. Correct that field.");
}

TEST_CASE("templates: one that cannot be read is told with its kind and place, by the setting") {
  const auto ask_with = [](const std::string& setting, const std::string& object) {
    return said(kPool + policy_named("all", kGuardPayments + ", secrets: {names: [x]}" + setting),
                about("CronJob", object));
  };
  const auto volumes = workload("CronJob", R"({"volumes":"x"})");
  const auto labels = workload("CronJob", "{}", R"({"labels":{"a":5}})");
  const std::string kTemplate = "/spec/jobTemplate/spec/template";
  const std::string kRefused =
      "refused Malformed: CronJob payments/shop: its Pods would be refused: " + kTemplate;
  CHECK(ask_with(", templates: Deny", volumes) ==
        kRefused + "/spec/volumes must be an array, but is a string. Correct that field.");
  CHECK(ask_with(", templates: Deny", labels) ==
        kRefused + "/metadata/labels/a must be a string, but is a number. Correct that field.");
  CHECK(ask_with(", templates: Deny", workload("CronJob", "{}", "[]")) ==
        kRefused + "/metadata must be an object, but is an array. Correct that field.");
  CHECK(ask(*policies(kPool + policy_named("all", kGuardPayments + ", secrets: {names: [x]}")),
            about("CronJob", volumes))
            .policies == std::vector<std::string>{"all"});
  CHECK(ask_with("", volumes) ==
        "allowed Satisfied\nwarning: policy \"all\" will refuse its Pods: " + kTemplate +
            "/spec/volumes must be an array, but is a string");
  CHECK(ask_with(", templates: Ignore", volumes) == "allowed Satisfied");
  CHECK(ask_with(", action: Audit, templates: Ignore", volumes) == "allowed Satisfied");
  CHECK(ask_with(", action: Audit, templates: Deny", volumes) == "allowed Satisfied");
  CHECK(ask_with(", action: Warn, templates: Deny", volumes) ==
        "allowed Satisfied\nwarning: policy \"all\": " + kTemplate +
            "/spec/volumes must be an array, but is a string");
}

TEST_CASE(
    "templates: the rehearsal shows the Pod as created, as placed, and what is wrong with it") {
  const auto snapshot = policies(kPool + policy_named("all", kGuardPayments));
  const auto document = parsed(R"({"metadata":{"labels":{"a":"b"},"annotations":{"c":"d"}},
                                   "spec":{"containers":[]}})");
  const auto rehearsal = rehearse({"payments", kNoLabels, snapshot->reaching("payments", {})},
                                  "shop", {"", document.root(), {}}, *snapshot);
  CHECK(
      json::to_text(rehearsal.pod.root()) ==
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"shop-","namespace":"payments",)"
      R"("labels":{"a":"b"},"annotations":{"c":"d"}},"spec":{"containers":[]}})");
  CHECK(rehearsal.placed.root()["spec"]["affinity"].present());
  CHECK(rehearsal.findings.empty());
  CHECK(rehearsal.policies == std::vector<std::string>{"all"});
}

}  // namespace
}  // namespace cpods::admission
