// Namespaces that leave policies: who may not go yet, and which of their Pods keep them.

#include <doctest/doctest.h>

#include "admission/namespace_exit.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

const std::string kTenants =
    kPool + policy_named("tenants",
                         "pool: snp, namespaceSelector: {matchLabels: {team: pay}}, "
                         "podSelector: {}");

// What the API server was asked about Pods, and says of all of them.
class Running final : public Cluster {
 public:
  explicit Running(std::optional<std::string> kept) : kept_(std::move(kept)) {}
  [[nodiscard]] Labels namespace_labels(std::string_view) const override { return nullptr; }
  [[nodiscard]] std::optional<std::string> kept_pod(std::string_view name) const override {
    asked.emplace_back(name);
    return kept_;
  }
  mutable std::vector<std::string> asked;

 private:
  std::optional<std::string> kept_;
};

// A Namespace with these labels, as JSON members.
std::string home(const std::string& labels, const std::string& name = "payments") {
  return R"({"metadata":{"name":")" + name + R"(","labels":{)" + labels + "}}}";
}

Question change(const std::string& before, const std::string& after,
                const std::string& name = "payments") {
  return {.object = home(after, name),
          .old_object = home(before, name),
          .operation = "UPDATE",
          .kind = "Namespace",
          .resource = "namespaces",
          .namespace_name = name,
          .name = name};
}

const std::string kPay = R"("team":"pay")";
const std::string kRemedy =
    ". Delete such Pods first, or let a member of a trusted group change the label "
    "(--trusted-group, or matchConditions of the webhook configuration guard.confidential.pods).";

TEST_CASE("namespace: a label that keeps it in a policy stays while a Pod is kept") {
  struct Row {
    std::string what;
    std::string after;
    std::string how;
  };
  for (const auto& [what, after, how] : std::vector<Row>{
           {"removed", "", "this update"},
           {"another value", R"("team":"shop")", "this update"},
           {"another key", R"("Team":"pay")", "this update"},
           {"exempt from webhooks", kPay + R"(,"control-plane":"")",
            "the label control-plane, by which AKS makes webhooks leave a namespace out,"},
           {"exempt by AKS' own", kPay + R"(,"kubernetes.azure.com/managedby":"aks")",
            "the label kubernetes.azure.com/managedby, by which AKS makes webhooks leave a "
            "namespace out,"},
           {"exempt and removed", R"("control-plane":"x")",
            "the label control-plane, by which AKS makes webhooks leave a namespace out,"},
       }) {
    CAPTURE(what);
    const Running web("web");
    CHECK(said(kTenants, change(kPay, after), web) ==
          "refused LeavesPolicy: namespace payments: " + how +
              " takes it out of policy \"tenants\", which concerns the Pod \"web\"" + kRemedy);
    CHECK(web.asked == std::vector<std::string>{"payments"});
    // Where none is kept it may go.
    CHECK(said(kTenants, change(kPay, after), Running("")) == "allowed NotConcerned");
    // Where nobody could look it stays.
    CHECK(said(kTenants, change(kPay, after), Running(std::nullopt)) ==
          "refused NamespaceUnknown: namespace payments: " + how +
              " takes it out of policy \"tenants\", and its Pods could not all be listed just now, "
              "so "
              "it cannot be told whether one of them is still kept on a pool. Try again in a "
              "moment, or let a member of a trusted group change the label.");
  }
}

// The label was there before with another value, by which nobody is left out.
TEST_CASE("namespace: AKS' own value in place of another exempts") {
  const auto managed = [](const std::string& by) {
    return kPay + R"(,"kubernetes.azure.com/managedby":")" + by + "\"";
  };
  CHECK(said(kTenants, change(managed("x"), managed("aks")), Running("web"))
            .starts_with("refused LeavesPolicy: namespace payments: the label "
                         "kubernetes.azure.com/managedby, by which AKS"));
  CHECK(said(kTenants, change(managed("aks"), managed("x")), Running("web")) ==
        "allowed NotConcerned");
}

TEST_CASE("namespace: what leaves nothing is allowed, and nobody is asked") {
  const std::string exempt = R"("control-plane":"x")";
  const auto with = [](const std::string& spec) { return kPool + policy_named("some", spec); };
  struct Row {
    std::string what;
    std::string yaml;
    Question question;
  };
  const auto question = [](Question asked, auto edit) {
    edit(asked);
    return asked;
  };
  for (const auto& [what, yaml, asked] : std::vector<Row>{
           {"an unrelated label", kTenants, change(kPay, kPay + R"(,"a":"b")")},
           {"no change", kTenants, change(kPay, kPay)},
           {"it comes in", kTenants, change("", kPay)},
           {"it was never in", kTenants, change(R"("team":"shop")", "")},
           {"exempt, and never in", kTenants, change("", exempt)},
           {"exempt already", kTenants,
            change(kPay + "," + exempt, kPay + R"(,"control-plane":"y")")},
           {"managed by somebody else", kTenants,
            change(kPay, kPay + R"(,"kubernetes.azure.com/managedby":"helm")")},
           {"exempt no more", kTenants, change(kPay + "," + exempt, kPay)},
           {"a policy that warns",
            with("action: Warn, pool: snp, namespaceSelector: {matchLabels: {team: pay}}, "
                 "podSelector: {}"),
            change(kPay, "")},
           {"a policy that audits",
            with("action: Audit, pool: snp, namespaceSelector: {matchLabels: {team: pay}}, "
                 "podSelector: {}"),
            change(kPay, exempt)},
           {"reached by name alone", with(kAllInPayments), change(kPay, "")},
           {"reached by another label",
            with("pool: snp, namespaceSelector: {matchExpressions: "
                 "[{key: team, operator: Exists}]}, podSelector: {}"),
            change(kPay, R"("team":"shop")")},
           {"by both, and another name",
            with("pool: snp, namespaces: [other], namespaceSelector: {matchLabels: {team: pay}}, "
                 "podSelector: {}"),
            change(kPay, "")},
           {"it is made", kTenants,
            question(change(kPay, ""), [](auto& q) { q.operation = "CREATE", q.old_object = ""; })},
           {"it is deleted", kTenants,
            question(change(kPay, ""), [](auto& q) { q.operation = "DELETE", q.object = ""; })},
           {"at the mutating door", kTenants,
            question(change(kPay, ""), [](auto& q) { q.door = Door::Place; })},
           {"another group's namespaces", kTenants,
            question(change(kPay, ""), [](auto& q) { q.group = "example.com"; })},
           {"another resource", kTenants,
            question(change(kPay, ""), [](auto& q) { q.resource = "nodes"; })},
       }) {
    CAPTURE(what);
    const Running web("web");
    CHECK(said(yaml, asked, web) == "allowed NotConcerned");
    CHECK(web.asked.empty());
  }
}

TEST_CASE("namespace: labels are judged wherever they may be changed") {
  for (const std::string subresource : {"", "status", "finalize"}) {
    CAPTURE(subresource);
    auto question = change(kPay, "");
    question.subresource = subresource;
    CHECK(said(kTenants, question, Running("web")).starts_with("refused LeavesPolicy: "));
  }
}

TEST_CASE("namespace: those that nobody is asked about may be labelled at will") {
  for (const std::string name :
       {"kube-system", "kube-public", "kube-node-lease", "confidential-pods"}) {
    CAPTURE(name);
    const Running web("web");
    CHECK(said(kTenants, change(kPay, "", name), web) == "allowed NotConcerned");
    CHECK(web.asked.empty());
  }
  CHECK(said(kTenants, change(kPay, "", "kube-system-2"), Running("web"))
            .starts_with("refused LeavesPolicy: namespace kube-system-2: "));
}

TEST_CASE("namespace: a policy that reaches it by name is left only where webhooks leave it out") {
  const auto yaml = kTenants + policy_named("named", kAllInPayments);
  CHECK(said(yaml, change(kPay, ""), Running("web")) ==
        "refused LeavesPolicy: namespace payments: this update takes it out of policy \"tenants\", "
        "which concerns the Pod \"web\"" +
            kRemedy);
  CHECK(said(kPool + policy_named("named", kAllInPayments), change("", R"("control-plane":"x")"),
             Running("web")) ==
        "refused LeavesPolicy: namespace payments: the label control-plane, by which AKS makes "
        "webhooks leave a namespace out, takes it out of policy \"named\", which concerns the "
        "Pod \"web\"" +
            kRemedy);
}

// Which one keeps the Pod is not told, so no one is accused.
TEST_CASE("namespace: of several policies that are left, one concerns the Pod") {
  const auto yaml =
      kTenants + policy_named("also",
                              "pool: snp, namespaceSelector: {matchLabels: {team: pay}}, "
                              "secrets: {names: [\"db-*\"]}");
  CHECK(said(yaml, change(kPay, ""), Running("web")) ==
        "refused LeavesPolicy: namespace payments: this update takes it out of policy \"also\" and "
        "1 more, one of which concerns the Pod \"web\"" +
            kRemedy);
  CHECK(said(yaml, change(kPay, ""), Running(std::nullopt)) ==
        "refused NamespaceUnknown: namespace payments: this update takes it out of policy \"also\" "
        "and 1 more, and its Pods could not all be listed just now, so it cannot be told whether "
        "one of them is still kept on a pool. Try again in a moment, or let a member of a trusted "
        "group change the label.");
}

TEST_CASE("namespace: labels that cannot be read are refused") {
  const auto labels = [](const std::string& value) {
    return R"({"metadata":{"name":"payments","labels":)" + value + "}}";
  };
  for (const std::string wrong : {"[]", R"("team=pay")", R"({"team":5})", R"({"team":["pay"]})"}) {
    CAPTURE(wrong);
    auto after = change(kPay, "");
    after.object = labels(wrong);
    CHECK(said(kTenants, after, Running("")).starts_with("refused "));
    auto before = change("", kPay);
    before.old_object = labels(wrong);
    CHECK(said(kTenants, before, Running("")).starts_with("refused "));
  }
}

// The exit from these policies by the removal of team=pay.
std::string kept_by(const std::string& yaml, const std::string& pod_text) {
  const auto snapshot = policies(yaml);
  const auto review = parsed(review_text(change(kPay, "")));
  const auto request = decode(review);
  REQUIRE(request);
  const auto exit = NamespaceExit::of(*request, *snapshot);
  REQUIRE(exit);
  const auto running = parsed(pod_text);
  const auto* policy = exit->keeps(running.root());
  return policy == nullptr ? "" : policy->name;
}

TEST_CASE("namespace: the Pods that a policy keeps on its pool") {
  const std::string team = "pool: snp, namespaceSelector: {matchLabels: {team: pay}}, ";
  const auto yaml = kPool + policy_named("a-db", team + "secrets: {names: [\"db-*\"]}") +
                    policy_named("b-tier", team + "podSelector: {matchLabels: {tier: secret}}") +
                    policy_named("by-name", kAllInPayments) +
                    policy_named("warns", "action: Warn, " + team + "podSelector: {}");
  const std::string tier = R"("name":"web","labels":{"tier":"secret"})";
  const std::string reads = R"({"volumes":[{"name":"v","secret":{"secretName":"db-main"}}]})";
  const auto in_phase = [](const std::string& phase, const std::string& metadata) {
    return R"({"metadata":{)" + metadata + R"(},"spec":{},"status":{"phase":)" + phase + "}}";
  };
  struct Row {
    std::string what;
    std::string pod;
    std::string kept;
  };
  for (const auto& [what, pod_text, kept] : std::vector<Row>{
           {"a Pod that only stays concern", pod("{}"), ""},
           {"one that is selected", pod("{}", tier), "b-tier"},
           {"one that reads a guarded Secret", pod(reads), "a-db"},
           {"one that does both", pod(reads, tier), "a-db"},
           {"one that is on the pool", pod(R"({"nodeSelector":{"agentpool":"snp"}})", tier),
            "b-tier"},
           {"running", in_phase(R"("Running")", tier), "b-tier"},
           {"pending", in_phase(R"("Pending")", tier), "b-tier"},
           {"unknown", in_phase(R"("Unknown")", tier), "b-tier"},
           {"of a phase to come", in_phase(R"("Sleeping")", tier), "b-tier"},
           {"that has succeeded", in_phase(R"("Succeeded")", tier), ""},
           {"that has failed", in_phase(R"("Failed")", tier), ""},
           {"of a phase that cannot be read", in_phase("5", R"("name":"web")"), "a-db"},
           {"without a spec", R"({"metadata":{"name":"web"}})", "a-db"},
           {"with labels that cannot be read", pod("{}", R"("name":"web","labels":[])"), "a-db"},
           {"with volumes that cannot be read", pod(R"({"volumes":{}})"), "a-db"},
           {"that is no object", "5", "a-db"},
       }) {
    CAPTURE(what);
    CHECK(kept_by(yaml, pod_text) == kept);
  }
}

TEST_CASE("namespace: an update that leaves nothing is no exit") {
  const auto snapshot = policies(kTenants);
  const auto exit_of = [&](const Question& question) {
    const auto review = parsed(review_text(question));
    const auto request = decode(review);
    REQUIRE(request);
    return NamespaceExit::of(*request, *snapshot);
  };
  CHECK_FALSE(exit_of(change(kPay, kPay)));
  CHECK_FALSE(exit_of(change("", kPay)));
  const auto exit = exit_of(change(kPay, R"("control-plane":"x")"));
  REQUIRE(exit);
  CHECK(exit->name == "payments");
  CHECK(exit->labels.find("team") == "pay");
  CHECK(exit->exempting == "control-plane");
  REQUIRE(exit->left.size() == 1);
  CHECK(exit->left[0]->name == "tenants");
}

}  // namespace
}  // namespace cpods::admission
