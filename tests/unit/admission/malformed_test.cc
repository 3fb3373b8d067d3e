// Fail closed: what cannot be read or told is refused, with the place.

#include <doctest/doctest.h>

#include "admission/decide.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const std::string kPolicies =
    kPoolWithStep +
    policy_named("all", kAllInPayments + ", secrets: {names: [\"db-*\"], volumeClaims: [x]}");

TEST_CASE("malformed: a Pod that cannot be read is refused by both doors, with the place") {
  const std::string kEnd = ". Correct that field.";
  const std::pair<std::string, std::string> rows[] = {
      {"null", "payments/: /spec must be an object, but is missing"},
      {"{}", "payments/: /spec must be an object, but is missing"},
      {R"({"spec":null})", "payments/: /spec must be an object, but is missing"},
      {"[]", "payments/: the object must be an object, but is an array"},
      {"\"x\"", "payments/: the object must be an object, but is a string"},
      {R"({"spec":[]})", "payments/: /spec must be an object, but is an array"},
      {R"({"spec":"x"})", "payments/: /spec must be an object, but is a string"},
      {R"({"metadata":[],"spec":{}})", "payments/: /metadata must be an object, but is an array"},
      {R"({"metadata":{"name":1},"spec":{}})",
       "payments/: /metadata/name must be a string, but is a number"},
      {R"({"metadata":{"labels":["a"]},"spec":{}})",
       "payments/: /metadata/labels must be an object, but is an array"},
      {R"({"metadata":{"name":"w","labels":{"a":true}},"spec":{}})",
       "payments/w: /metadata/labels/a must be a string, but is a boolean"},
      {R"({"spec":{"containers":{}}})",
       "payments/: /spec/containers must be an array, but is an object"},
      {R"({"spec":{"initContainers":[1]}})",
       "payments/: /spec/initContainers/0 must be an object, but is a number"},
      {R"({"spec":{"volumes":[{"secret":["db-main"]}]}})",
       "payments/: /spec/volumes/0/secret must be an object, but is an array"},
      {R"({"spec":{"nodeSelector":"x"}})",
       "payments/: /spec/nodeSelector must be an object, but is a string"},
      {R"({"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":{}}}}}})",
       "payments/: /spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
       "nodeSelectorTerms must be an array, but is an object"},
  };
  for (const auto& [object, sentence] : rows) {
    for (const auto door : {Door::Place, Door::Guard}) {
      CAPTURE(object);
      CHECK(said(kPolicies, {.door = door, .object = object}) ==
            "refused Malformed: " + sentence + kEnd);
    }
  }
}

TEST_CASE("malformed: what only one door reads is refused there") {
  const auto snapshot = policies(kPolicies);
  const std::pair<std::string, std::string> rows[] = {
      {R"({"tolerations":{}})", "/spec/tolerations must be an array, but is an object"},
      {R"({"tolerations":[{"tolerationSeconds":"x"}]})",
       "/spec/tolerations/0/tolerationSeconds must be a number, but is a string"},
      {R"({"tolerations":[{"tolerationSeconds":1.5}]})",
       "/spec/tolerations/0/tolerationSeconds must be a whole number within 64 bits"},
      {R"({"initContainers":[{"name":["x"]}]})",
       "/spec/initContainers/0/name must be a string, but is an array"},
  };
  for (const auto& [spec, sentence] : rows) {
    CAPTURE(spec);
    CHECK(said(*snapshot, {.door = Door::Place, .object = pod(spec)}) ==
          "refused Malformed: payments/web: " + sentence + ". Correct that field.");
  }
  CHECK(said(*snapshot, {.object = pod(R"({"nodeName":["x"]})")}) ==
        "refused Malformed: payments/web: /spec/nodeName must be a string, but is an array. "
        "Correct that field.");
}

TEST_CASE("malformed: where no policy reaches, nothing is looked at") {
  for (const auto door : {Door::Place, Door::Guard}) {
    CHECK(said(kPolicies, {.door = door, .object = "[]", .namespace_name = "labelled"}) ==
          "allowed NotConcerned");
  }
}

TEST_CASE("malformed: a stored object that cannot be read holds up a change of its spec") {
  CHECK(said(kPolicies, {.object = pod("{}"), .old_object = "[]", .operation = "UPDATE"})
            .starts_with("refused Malformed: "));
}

TEST_CASE("malformed: policies that only watch cannot judge what cannot be read, nor refuse it") {
  const auto warn = policy_named("warn", "action: Warn, " + kAllInPayments);
  const auto audit = policy_named("audit", "action: Audit, " + kAllInPayments);
  const Question question{.object = pod("[]")};
  const auto watching = policies(kPool + warn + audit);
  const auto verdict = ask(*watching, question);
  CHECK(verdict.allowed);
  CHECK(verdict.warnings ==
        std::vector<std::string>{"policy \"warn\": /spec must be an object, but is an array"});
  CHECK(verdict.reason == Reason::Satisfied);
  CHECK(listed(verdict.complaints) == "Malformed(audit),Malformed(warn)");
  CHECK(said(*watching, {.door = Door::Place, .object = pod("[]")}) == "allowed NotConcerned");
  const auto enforcing = policies(kPool + warn + policy_named("db", kGuardDb));
  for (const auto door : {Door::Place, Door::Guard}) {
    CHECK(said(*enforcing, {.door = door, .object = pod("[]")})
              .starts_with("refused Malformed: payments/web: /spec must be an object, but is an "
                           "array. Correct that field."));
  }
}

TEST_CASE("unknown namespace: refused where labels decide, and only there") {
  const auto by_label = kPool + policy_named("opt-in",
                                             "pool: snp, namespaceSelector: {matchLabels: "
                                             "{confidential.pods/enabled: \"true\"}}, "
                                             "podSelector: {}");
  const Question question{.object = pod("{}"), .namespace_name = "new"};
  CHECK(said(by_label, question) ==
        "refused NamespaceUnknown: new/web: the labels of namespace \"new\" are not known here, so "
        "it cannot be told which policies apply. Try again in a moment.");
  CHECK(said(kPool + policy_named("all", kAllInPayments), question) == "allowed NotConcerned");
  auto by_name = question;
  by_name.namespace_name = "payments";
  CHECK(said(kPool + policy_named("all", kAllInPayments), by_name, Namespaces())
            .starts_with("refused NotGuaranteed"));
}

TEST_CASE("internal: an exception is a refusal, never an allow and never a crash") {
  class Broken : public Cluster {
   public:
    [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
        std::string_view) const override {
      throw std::runtime_error("the map is torn");
    }
  };
  CHECK(said(kPolicies, {.object = pod("{}")}, Broken()) ==
        "refused Internal: payments/web: this request could not be judged (the map is torn), and "
        "what cannot be judged is refused. Please report it.");
}

TEST_CASE("malformed: what a stranger wrote is told in one line of bounded length") {
  const auto snapshot = policies(kPolicies);
  const auto rude = R"("name":"w\u001b[31m\u202e\n)" + std::string(5000, 'x') + "\"";
  const auto verdict = ask(*snapshot, {.object = pod("[]", rude)});
  CHECK(verdict.reason == Reason::Malformed);
  CHECK(verdict.message.starts_with("payments/w [31m  xxx"));
  CHECK(verdict.message.ends_with(
      "xxx\u2026: /spec must be an object, but is an array. Correct that field."));
}

TEST_CASE("malformed: more words about nodes than are judged are refused, where a policy asks") {
  const auto terms = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += std::string(i == 0 ? "" : ",") +
             R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]})";
    }
    return R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)" +
           out + "]}}},\"nodeSelector\":{\"a\":\"b\"}}";
  };
  const auto policies = kPool + policy_named("all", kAllInPayments);
  CHECK(said(policies, {.object = pod(terms(3333))}) == "allowed Satisfied");
  for (const auto door : {Door::Place, Door::Guard}) {
    CHECK(said(policies, {.door = door, .object = pod(terms(3334))}) ==
          "refused NotGuaranteed: payments/web: policy \"all\" keeps this Pod on pool \"snp\", but "
          "this Pod may run elsewhere: it chooses its nodes by 10003 entries, terms, expressions "
          "and values, and no more than 10000 are judged. Choose its nodes by fewer.");
    CHECK(
        said(policies, {.door = door, .object = pod(terms(3334)), .namespace_name = "labelled"}) ==
        "allowed NotConcerned");
  }
  const auto watching = [&](const std::string& action) {
    return said(kPool + policy_named("some", "action: " + action + ", " + kAllInPayments),
                {.object = pod(terms(3334))});
  };
  CHECK(watching("Audit") == "allowed Satisfied");
  CHECK(watching("Warn") ==
        "allowed Satisfied\nwarning: policy \"some\": may run off pool \"snp\"");
}

TEST_CASE("large: tens of thousands of references are judged in no time and told in a few words") {
  std::string env;
  for (int i = 0; i < 40'000; ++i) {
    env += std::string(i == 0 ? "" : ",") + R"({"name":"A)" + std::to_string(i) +
           R"(","valueFrom":{"secretKeyRef":{"name":"db-)" + std::to_string(i) +
           R"(","key":"k"}}})";
  }
  const auto verdict = ask(*policies(kPool + policy_named("db", kGuardDb)),
                           {.object = pod(R"({"containers":[{"env":[)" + env + "]}]}")});
  CHECK(verdict.message ==
        "payments/web: Secret \"db-0\" (spec.containers[0].env[0]), Secret \"db-1\" "
        "(spec.containers[0].env[1]), Secret \"db-2\" (spec.containers[0].env[2]), Secret \"db-3\" "
        "(spec.containers[0].env[3]), Secret \"db-4\" (spec.containers[0].env[4]) and 3995 more "
        "may only be read on pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing "
        "in it requires agentpool in [snp]. Add agentpool: snp to its nodeSelector. "
        "unknown source \"one of more than 4000\" (spec) may carry a secret and is only allowed on "
        "pool \"snp\" (policy \"db\"), but this Pod may run elsewhere: nothing in it requires "
        "agentpool in [snp]. Add agentpool: snp to its nodeSelector.");
}

}  // namespace
}  // namespace cpods::admission
