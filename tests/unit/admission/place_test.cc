#include "admission/place.h"

#include <doctest/doctest.h>

#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const std::string kReadsDb = R"("volumes":[{"name":"v","secret":{"secretName":"db-main"}}])";
const std::string kRequired =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

std::string place(const std::string& policies, const std::string& spec) {
  return said(policies, {.door = Door::Place, .object = pod(spec)});
}

TEST_CASE("place: the patch is exactly this") {
  const auto policies = kPoolWithStep + policy_named("all", kAllInPayments);
  const auto step = json::to_text(asking::policies(policies)->pools()[0]->step->container());
  const std::string volumes =
      R"({"name":"confidential-pods-output","emptyDir":{"medium":"Memory","sizeLimit":"4Mi"}},)"
      R"({"name":"confidential-pods-no-token","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}},)"
      R"({"name":"confidential-pods-device","hostPath":{"path":"/dev/tpmrm0","type":"CharDevice"}})";
  CHECK(place(policies, R"({"containers":[{"name":"app"}]})") ==
        R"(allowed Placed [{"op":"add","path":"/spec/affinity","value":{"nodeAffinity":)"
        R"({"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)"
        R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]}]}}}},)"
        R"({"op":"add","path":"/spec/tolerations","value":[)"
        R"({"key":"tee","operator":"Exists","effect":"NoSchedule"}]},)"
        R"({"op":"add","path":"/spec/initContainers","value":[)" +
            step + "]}," + R"({"op":"add","path":"/spec/volumes","value":[)" + volumes + "]}]");
}

TEST_CASE("place: lists that are there get one operation an element") {
  const auto policies = kPoolWithStep + policy_named("all", kAllInPayments);
  const auto verdict =
      ask(*asking::policies(policies),
          {.door = Door::Place,
           .object = pod(R"({"initContainers":[{"name":"a"}],"volumes":[{"name":"v"}],
                                "tolerations":[{"key":"x","operator":"Exists"}],
                                "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
                                {"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"Exists"}]},
                                {},{"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]}}}})")});
  const auto patch = parsed(verdict.patch.text());
  std::string paths;
  for (const json::Node each : patch.root().elements()) {
    paths += std::string(each["op"].text()) + " " + std::string(each["path"].text()) + "\n";
  }
  CHECK(paths == "add " + kRequired + "/nodeSelectorTerms/0/matchExpressions/-\n" + "add " +
                     kRequired + "/nodeSelectorTerms/2/matchExpressions\n" +
                     "add /spec/tolerations/-\n"
                     "add /spec/initContainers/0\n"
                     "add /spec/volumes/-\n"
                     "add /spec/volumes/-\n"
                     "add /spec/volumes/-\n");
}

TEST_CASE("place: what it makes passes the guard, and the second patch is empty") {
  const auto policies = kPoolWithStep + policy_named("all", kAllInPayments);
  const auto snapshot = asking::policies(policies);
  const std::string specs[] = {
      "{}",
      R"({"affinity":null,"tolerations":null,"initContainers":null,"volumes":null})",
      R"({"nodeSelector":{"agentpool":"snp"}})",
      R"({"tolerations":[{"operator":"Exists"}]})",
      R"({"initContainers":[{"name":"confidential-pods-attest","image":"evil"}]})",
      R"({"initContainers":[{"name":"a"},{"name":"confidential-pods-attest"}],
          "volumes":[{"name":"confidential-pods-output","hostPath":{"path":"/"}}]})",
      R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]},
          {"matchExpressions":[{"key":"agentpool","operator":"NotIn","values":["standard"]}]}]}}}})",
  };
  for (const auto& spec : specs) {
    CAPTURE(spec);
    const auto after = placed(*snapshot, {.object = pod(spec)});
    CHECK(said(*snapshot, {.door = Door::Place, .object = after}) == "allowed Satisfied");
    CHECK(said(*snapshot, {.object = after}) == "allowed Satisfied");
    CHECK(placed(*snapshot, {.object = pod(spec)}) == after);
  }
}

TEST_CASE("place: a Pod that rules the pool out is refused at once, with the words that do so") {
  const auto policies = kPoolWithStep + policy_named("all", kAllInPayments);
  CHECK(
      place(policies, R"({"nodeSelector":{"agentpool":"gpu"}})") ==
      "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
      "this Pod can never run there: spec.nodeSelector.agentpool is gpu, which rules out agentpool "
      "in [snp]. Remove that constraint.");
}

TEST_CASE("place: onUse decides whether a guarded secret places the Pod or waits for the guard") {
  const auto deny = kPool + policy_named("db", kGuardDb);
  const auto place_it = kPool + policy_named("db",
                                             "pool: snp, namespaces: [payments], secrets: "
                                             "{names: [\"db-*\"], onUse: Place}");
  CHECK(place(deny, "{" + kReadsDb + "}") == "allowed Satisfied");
  CHECK(place(place_it, "{}") == "allowed NotConcerned");
  CHECK(place(place_it, "{" + kReadsDb + "}").starts_with("allowed Placed [{\"op\":\"add\""));
  CHECK(
      place(place_it, R"({"nodeSelector":{"agentpool":"gpu"},)" + kReadsDb + "}") ==
      "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.volumes[0]) may only be read "
      "on pool \"snp\" (policy \"db\"), but this Pod can never run there: "
      "spec.nodeSelector.agentpool is gpu, which rules out agentpool in [snp]. Remove that "
      "constraint.");
  // Unplaced, it is refused: the secret stays where it is guarded.
  CHECK(
      said(place_it, {.object = pod("{" + kReadsDb + "}")}) ==
      "refused SecretOffPool: payments/web: Secret \"db-main\" (spec.volumes[0]) may only be read "
      "on pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing in it requires "
      "agentpool in [snp]. Add agentpool: snp to its nodeSelector, or create the "
      "Pod again while place.confidential.pods is reachable, which does so.");
}

TEST_CASE("place: a namespace is reached by its label or its name, another one never") {
  const auto policies =
      kPool + policy_named("opt-in",
                           "pool: snp, namespaceSelector: {matchLabels: "
                           "{confidential.pods/enabled: \"true\"}}, podSelector: {}");
  const Question inside{.door = Door::Place, .object = pod("{}"), .namespace_name = "labelled"};
  CHECK(said(policies, inside).starts_with("allowed Placed"));
  CHECK(place(policies, "{}") == "allowed NotConcerned");
}

TEST_CASE("place: only Enforce changes a Pod") {
  for (const std::string action : {"Warn", "Audit"}) {
    CAPTURE(action);
    CHECK(place(kPool + policy_named("all", "action: " + action + ", " + kAllInPayments), "{}") ==
          "allowed Satisfied");
  }
}

TEST_CASE("place: policies of one pool work together") {
  const auto policies = kPool + policy_named("one", kAllInPayments) +
                        policy_named("two", kGuardDb) + policy_named("three", kAllInPayments);
  const auto verdict =
      ask(*asking::policies(policies), {.door = Door::Place, .object = pod("{" + kReadsDb + "}")});
  CHECK(verdict.reason == Reason::Placed);
  CHECK(verdict.policies == std::vector<std::string>{"one", "three", "two"});
}

}  // namespace
}  // namespace cpods::admission
