// A namespace that leaves its policies (admission/rule_namespace.cc).

#include "admission/namespace_exit.h"

#include <doctest/doctest.h>

#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

// What a search of the API server has found.
class Searched : public Cluster {
 public:
  explicit Searched(std::optional<std::string> pod) : pod_(std::move(pod)) {}
  [[nodiscard]] Labels namespace_labels(std::string_view) const override { return nullptr; }
  [[nodiscard]] std::optional<std::string> kept_pod(std::string_view) const override {
    return pod_;
  }

 private:
  std::optional<std::string> pod_;
};

const std::string kOptIn =
    kPool + policy_named("opt-in",
                         "pool: snp, namespaceSelector: {matchLabels: {enabled: 'true'}}, "
                         "podSelector: {}");
const std::string kEnabled = R"("enabled":"true")";

std::string home(const std::string& labels) {
  return R"({"metadata":{"name":"pay","labels":{)" + labels + "}}}";
}

Question relabels(const std::string& before, const std::string& after) {
  return {.object = home(after),
          .old_object = home(before),
          .operation = "UPDATE",
          .kind = "Namespace",
          .resource = "namespaces",
          .namespace_name = "pay",
          .name = "pay"};
}

std::string heard(const std::string& yaml, const Question& question,
                  std::optional<std::string> pod = "web") {
  return said(yaml, question, Searched(std::move(pod)));
}

const std::string kRefused =
    "refused LeavesPolicy: namespace pay: this update takes it out of policy \"opt-in\", which "
    "concerns the running Pod \"web\". Delete such Pods first, or let a member of a trusted group "
    "change the label (matchConditions of the webhook configuration guard.confidential.pods).";

TEST_CASE("namespace: it does not leave its policy while a Pod of the policy runs") {
  CHECK(heard(kOptIn, relabels(kEnabled, "")) == kRefused);
  CHECK(heard(kOptIn, relabels(kEnabled, R"("enabled":"false")")) == kRefused);
  for (const auto* subresource : {"status", "finalize"}) {
    auto question = relabels(kEnabled, "");
    question.subresource = subresource;
    CHECK(heard(kOptIn, question) == kRefused);
  }
  CHECK(heard(kOptIn, relabels(kEnabled, ""), "") == "allowed NotConcerned");
  CHECK(
      heard(kOptIn, relabels(kEnabled, ""), std::nullopt) ==
      "refused NamespaceUnknown: namespace pay: this update takes it out of policy \"opt-in\", and "
      "its Pods could not be listed, so it cannot be told whether one of them is still kept on a "
      "pool. Try again in a moment.");
}

TEST_CASE("namespace: nor is it given a label by which AKS exempts it") {
  for (const std::string label : {"control-plane", "kubernetes.azure.com/managedby"}) {
    CHECK(heard(kOptIn, relabels(kEnabled, kEnabled + ",\"" + label + "\":\"x\""))
              .starts_with("refused LeavesPolicy: namespace pay: the label " + label +
                           ", by which AKS makes webhooks leave a namespace out, takes it out of "
                           "policy \"opt-in\""));
    // It has it already.
    CHECK(heard(kOptIn, relabels("\"" + label + "\":\"x\"," + kEnabled,
                                 "\"" + label + "\":\"y\"," + kEnabled)) == "allowed NotConcerned");
  }
}

TEST_CASE("namespace: where nothing is left, nobody is asked for its Pods") {
  const auto by_name =
      kPool + policy_named("named", "pool: snp, namespaces: [pay], podSelector: {}");
  const auto warns =
      kPool + policy_named("warns",
                           "action: Warn, pool: snp, namespaceSelector: {matchLabels: "
                           "{enabled: 'true'}}, podSelector: {}");
  const std::pair<std::string, Question> rows[] = {
      {kOptIn, relabels(kEnabled, kEnabled + R"(,"team":"a")")},
      {kOptIn, relabels("", kEnabled)},
      {kOptIn, relabels("", "")},
      {by_name, relabels(kEnabled, "")},
      {warns, relabels(kEnabled, "")},
  };
  for (const auto& [yaml, question] : rows) {
    CAPTURE(question.object);
    CHECK(heard(yaml, question, std::nullopt) == "allowed NotConcerned");
  }
  auto deleted = relabels(kEnabled, "");
  deleted.operation = "DELETE";
  CHECK(heard(kOptIn, deleted) == "allowed NotConcerned");
  auto placing = relabels(kEnabled, "");
  placing.door = Door::Place;
  CHECK(heard(kOptIn, placing) == "allowed NotConcerned");
}

TEST_CASE("namespace: labels that cannot be read are refused") {
  CHECK(heard(kOptIn, relabels(kEnabled, R"("enabled":1)")).starts_with("refused "));
}

TEST_CASE("namespace: a Pod counts while it runs and a policy that is left concerns it") {
  const auto snapshot =
      policies(kOptIn + policy_named("db",
                                     "pool: snp, namespaceSelector: {matchLabels: {tier: db}}, "
                                     "secrets: {names: ['db-*']}"));
  const auto kept = [&](const std::string& labels, const std::string& pod) {
    const auto review = parsed(review_text(relabels(labels, "")));
    const auto request = decode(review);
    REQUIRE(request);
    const auto exit = NamespaceExit::of(*request, *snapshot);
    REQUIRE(exit);
    const auto document = parsed(pod);
    const auto* policy = exit->keeps(document.root());
    return policy == nullptr ? std::string() : policy->name;
  };
  const std::string tier = R"("tier":"db")";
  CHECK(kept(kEnabled, R"({"spec":{}})") == "opt-in");
  CHECK(kept(kEnabled, R"({"spec":{},"status":{"phase":"Pending"}})") == "opt-in");
  CHECK(kept(kEnabled, R"({"spec":{},"status":{"phase":"Succeeded"}})") == "");
  CHECK(kept(kEnabled, R"({"spec":{},"status":{"phase":"Failed"}})") == "");
  CHECK(kept(tier, R"({"spec":{}})") == "");
  CHECK(kept(tier, R"({"spec":{"imagePullSecrets":[{"name":"db-x"}]}})") == "db");
  // What cannot be read may be anything.
  CHECK(kept(tier, R"({"spec":7})") == "db");
}

}  // namespace
}  // namespace cpods::admission
