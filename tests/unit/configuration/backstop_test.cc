// What the expressions mean is for the API server to say: tests/e2e/test_escapes.py tries them with
// every webhook deleted.

#include "configuration/backstop.h"

#include <doctest/doctest.h>

#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "configuration/admission_policy.h"
#include "json/document.h"
#include "snapshots.h"
#include "unit/parsed.h"

namespace cpods::configuration {
namespace {

using Policies = std::vector<std::pair<std::string, std::string>>;

Objects try_with(const Policies& policies) {
  return backstop(*snapshot_of(policies), {"system:kube-scheduler"});
}

std::vector<std::string> made_of(const Policies& policies) {
  auto objects = try_with(policies);
  if (!objects) FAIL(objects.error().at(0).text());
  return *std::move(objects);
}

// What is said in the place of all objects.
std::string fault_of(const Policies& policies) {
  const auto objects = try_with(policies);
  if (objects) return "";
  std::string out;
  for (const auto& each : objects.error()) out += each.text() + "\n";
  return out;
}

std::string name_in(const std::string& object) {
  return std::string(parsed(object).root()["metadata"]["name"].text());
}

// As a policy's list: ["name-0", …], each `bytes` long.
std::string list_of(int count, std::size_t bytes) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    auto name = std::to_string(i);
    name.insert(0, bytes - name.size(), 'x');
    out += (i == 0 ? "" : ", ") + name;
  }
  return "[" + out + "]";
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

TEST_CASE("backstop: bindings are refused under the name of a policy that refuses") {
  const auto objects = made_of({{"a", "action: Warn, namespaces: [x], podSelector: {}"},
                                {"b", "action: Audit, namespaces: [x], podSelector: {}"},
                                {"c", "namespaces: [x], podSelector: {}"},
                                {"d", "namespaces: [x], podSelector: {}"}});
  REQUIRE(objects.size() == 8);
  CHECK(name_in(objects[4]) == "c.bindings.backstop.confidential.pods");
  CHECK(parsed(objects[4]).root()["spec"]["validations"].at(0)["message"].text() ==
        "policy \"c\": only trusted schedulers may bind Pods here.");
}

TEST_CASE("backstop: however many reaches there are, each has one for bindings") {
  Policies policies;
  for (int i = 0; i < 400; ++i) {
    policies.emplace_back("p" + std::to_string(i),
                          "namespaces: [n" + std::to_string(i) + "], podSelector: {}");
  }
  CHECK(made_of(policies).size() == 2 * (400 + 400 + 1));
}

TEST_CASE("backstop: a name that would be too long is cut, and told from its like") {
  const std::string begin(250, 'n');
  std::set<std::string> names;
  for (const auto& text : made_of({{begin + "-a", "namespaces: [x], podSelector: {}"},
                                   {begin + "-b", "namespaces: [y], podSelector: {}"}})) {
    const auto name = name_in(text);
    CHECK(name.size() <= limits::kNameBytes);
    CHECK(is_dns_subdomain(name));
    names.insert(name);
  }
  CHECK(names.size() == 5);
  CHECK(names.contains(std::string(212, 'n') + "-3ea3c04f.pods.backstop.confidential.pods"));
  // A dot before the cut goes, too.
  for (std::size_t dot = 200; dot < 225; ++dot) {
    auto name = begin;
    name[dot] = '.';
    CHECK(is_dns_subdomain(backstop_name(name, "pods")));
  }
  CHECK(backstop_name(std::string(221, 'n'), "pods").size() == limits::kNameBytes);
}

TEST_CASE("backstop: each pattern is written once, however many paths there are") {
  const auto objects = made_of({{"p",
                                 "namespaces: [x], secrets: {names: [one, two-*, '*-three', "
                                 "'f*r'], volumeClaims: [five]}"}});
  for (const std::string text : {"\\\"one\\\"", "two-", "-three", "^f.*r$", "five"}) {
    CAPTURE(text);
    const auto first = objects[0].find(text);
    REQUIRE(first != std::string::npos);
    CHECK(objects[0].find(text, first + 1) == std::string::npos);
  }
}

TEST_CASE("backstop: thousands of names fit, and where they do not, nothing is made") {
  CHECK(fault_of({{"p", "namespaces: [x], secrets: {names: " + list_of(4000, 20) + "}"}}) == "");
  CHECK(
      fault_of({{"fits", "namespaces: [x], podSelector: {}"},
                {"long", "namespaces: [x], secrets: {names: " + list_of(4500, 20) + "}"}}) ==
      "test.yaml:12:1: variable secrets of long.pods.backstop.confidential.pods would have 108000 "
      "characters, and the API server takes 100000\n");
  CHECK(fault_of({{"p", "namespaces: " + list_of(4000, 20) + ", podSelector: {}"}}) == "");
  const auto globs = "['*-a', " + list_of(4000, 20).substr(1);
  CHECK(fault_of({{"p", "namespaces: " + globs + ", podSelector: {}"}}) ==
        "test.yaml:7:1: condition in-scope of p.pods.backstop.confidential.pods would have 188032 "
        "characters, and the API server takes 100000\n"
        "test.yaml:7:1: condition in-scope of p.bindings.backstop.confidential.pods would have "
        "188032 characters, and the API server takes 100000\n");
}

TEST_CASE("backstop: an object that kubectl could not apply is not made") {
  const auto most = list_of(4000, 20);
  const auto two = "namespaces: [x], secrets: {names: " + most + ", volumeClaims: " + most;
  CHECK(fault_of({{"p", two + "}"}}) == "");
  const auto fault = fault_of({{"p", two + ", serviceAccounts: " + most + "}"}});
  CHECK(fault.starts_with("test.yaml:7:1: p.pods.backstop.confidential.pods would have 32"));
  CHECK(fault.ends_with(" characters, and kubectl apply takes 261120\n"));
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
