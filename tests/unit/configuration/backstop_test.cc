// What the expressions mean is for the API server to say: tests/e2e/test_escapes.py tries them with
// every webhook deleted.

#include "configuration/backstop.h"

#include <doctest/doctest.h>

#include "json/document.h"
#include "snapshots.h"
#include "unit/parsed.h"

namespace cpods::configuration {
namespace {

using Policies = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> made_of(const Policies& policies) {
  return backstop(*snapshot_of(policies), {"system:kube-scheduler"});
}

TEST_CASE("backstop: each policy that enforces has one, each reach one for bindings, pools one") {
  std::vector<std::string> names;
  for (const auto& text : made_of({{"a", "namespaces: [x], podSelector: {}"},
                                   {"b", "namespaces: [x], secrets: {names: [s]}"},
                                   {"c", "action: Warn, namespaces: [y], podSelector: {}"}})) {
    const auto object = parsed(text);
    names.push_back(std::string(object.root()["kind"].text()) + " " +
                    std::string(object.root()["metadata"]["name"].text()));
  }
  const std::string policy = "ValidatingAdmissionPolicy ";
  const std::string binding = "ValidatingAdmissionPolicyBinding ";
  std::vector<std::string> expected;
  for (const std::string name : {"a.pods", "b.pods", "a.bindings", "pools.nodes"}) {
    expected.push_back(policy + name + ".backstop.confidential.pods");
    expected.push_back(binding + name + ".backstop.confidential.pods");
  }
  CHECK(names == expected);
}

TEST_CASE("backstop: a policy says nothing of what it does not do") {
  const auto validations = [](const std::string& spec) {
    const auto object = parsed(made_of({{"p", spec}}).at(0));
    std::vector<std::string> out;
    for (const auto each : object.root()["spec"]["validations"].elements()) {
      out.emplace_back(each["message"].text());
    }
    return out;
  };
  const auto selecting = validations("namespaces: [x], podSelector: {}");
  REQUIRE(selecting.size() == 4);
  CHECK(selecting[0] ==
        "policy \"p\": this Pod is kept on pool \"snp\"; its nodeSelector, or every required node "
        "affinity term, must say agentpool in [snp].");
  const auto guarding = validations("namespaces: [x], secrets: {names: [s]}");
  REQUIRE(guarding.size() == 3);
  CHECK(guarding[1] ==
        "policy \"p\": a Pod that reads a guarded secret may not go past the scheduler; remove "
        "spec.nodeName.");
  CHECK(validations("namespaces: [x], podSelector: {}, secrets: {names: [s]}").size() == 7);
}

TEST_CASE("backstop: an internal error of the API server is a refusal") {
  for (const auto& text : made_of({{"p", "namespaces: ['a*b*'], podSelector: {}"}})) {
    const auto object = parsed(text);
    if (object.root()["kind"].text() != "ValidatingAdmissionPolicy") continue;
    CHECK(object.root()["spec"]["failurePolicy"].text() == "Fail");
  }
}

TEST_CASE("backstop: no policies need none, but for the pools") {
  CHECK(made_of({}).size() == 2);
}

}  // namespace
}  // namespace cpods::configuration
