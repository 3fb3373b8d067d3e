#include "kube/webhook_list.h"

#include <doctest/doctest.h>

#include "json/patch.h"
#include "unit/parsed.h"

namespace cpods::kube {
namespace {

using configuration::Entry;
using configuration::named_entry;

const std::string kBody =
    R"({"rules":[],"namespaceSelector":{"matchExpressions":[{"key":"a","operator":"Exists"}]},)"
    R"("failurePolicy":"Fail"})";
const Entry kGuard = named_entry("pay", "guard", "/validate", kBody);
const std::string kAddress = R"({"service":{"namespace":"n","name":"s","port":443,"path":"/x"},)"
                             R"("caBundle":"QUJD"})";
// How the API server has the entry.
const std::string kStored =
    R"({"name":")" + kGuard.name +
    R"(","clientConfig":{"url":"https://h:1/validate","caBundle":"WFla"},)" + kBody.substr(1);
const std::string kForeign = R"({"name":"other.example.com","clientConfig":{"url":"https://o/"}})";

json::Document configuration_of(const std::vector<std::string>& entries) {
  std::string list;
  for (const auto& entry : entries) list += (list.empty() ? "" : ",") + entry;
  return parsed(R"({"metadata":{"resourceVersion":"7"},"webhooks":[)" + list + "]}");
}

// The entries after the patch, or "unchanged".
std::string after(const json::Document& configuration, const std::vector<Entry>& wanted,
                  const std::set<std::string>& gone = {}) {
  const auto address = parsed(kAddress);
  const auto patch = list_patch(configuration.root(), wanted, gone, address.root());
  if (!patch) return "unchanged";
  CHECK(patch->starts_with(
      R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},{"op":"add",)"));
  // Ours applies no tests.
  const auto changed =
      json::apply(configuration.root(), "[" + patch->substr(patch->find(R"({"op":"add")")));
  REQUIRE(changed);
  return json::to_text(changed->root()["webhooks"]);
}

TEST_CASE("webhook_list: what is wanted and not there is added, reached as the others are") {
  const std::string added =
      R"({"name":")" + kGuard.name +
      R"(","clientConfig":{"service":{"namespace":"n","name":"s","port":443,"path":"/validate"},)" +
      R"("caBundle":"QUJD"},)" + kBody.substr(1);
  CHECK(after(configuration_of({}), {kGuard}) == "[" + added + "]");
  CHECK(after(configuration_of({kForeign}), {kGuard}) == "[" + kForeign + "," + added + "]");
}

TEST_CASE("webhook_list: what says the same is left as it is") {
  CHECK(after(configuration_of({kForeign, kStored}), {kGuard}) == "unchanged");
  CHECK(after(configuration_of({kForeign}), {}) == "unchanged");
  // As AKS' admissions enforcer adds to the selectors of others.
  for (const auto* key : {"control-plane", "kubernetes.azure.com/managedby"}) {
    auto enforced = kStored;
    enforced.replace(enforced.find(R"({"key":"a")"), 0,
                     R"({"key":")" + std::string(key) + R"(","operator":"DoesNotExist"},)");
    CHECK(after(configuration_of({enforced}), {kGuard}) == "unchanged");
  }
}

TEST_CASE("webhook_list: what somebody changed is put right and stays reachable") {
  const std::pair<std::string, std::string> changes[] = {
      {R"("rules":[])", R"("rules":[{"resources":["pods"]}])"},
      {R"("failurePolicy":"Fail")", R"("failurePolicy":"Ignore")"},
      {R"("key":"a")", R"("key":"b")"},
      {R"("failurePolicy":"Fail")",
       R"("failurePolicy":"Fail","matchConditions":[{"name":"no","expression":"false"}])"},
  };
  for (const auto& [from, to] : changes) {
    CAPTURE(to);
    auto changed = kStored;
    changed.replace(changed.find(from), from.size(), to);
    CHECK(after(configuration_of({changed}), {kGuard}) == "[" + kStored + "]");
  }
}

TEST_CASE("webhook_list: only what is named after its content can be unneeded") {
  const auto old = named_entry("pay", "guard", "/validate", R"({"rules":[]})");
  const auto configuration = configuration_of({kForeign, R"({"name":")" + old.name + R"("})",
                                               R"({"name":"guard.confidential.pods"})", kStored});
  CHECK(unneeded(configuration.root(), {kGuard}) == std::set<std::string>{old.name});
  CHECK(unneeded(configuration.root(), {}) == std::set<std::string>{old.name, kGuard.name});
  CHECK(after(configuration_of({kForeign, R"({"name":")" + old.name + R"("})", kStored}), {kGuard},
              {old.name}) == "[" + kForeign + "," + kStored + "]");
}

TEST_CASE("webhook_list: names that are made of content are known again") {
  CHECK(kGuard.name.starts_with("pay-"));
  CHECK(kGuard.name.ends_with(".guard.confidential.pods"));
  CHECK(configuration::is_named_after_content(kGuard.name));
  CHECK(named_entry("pay", "guard", "/validate", "{}").name != kGuard.name);
  for (const auto* name :
       {"guard.confidential.pods", "pay.guard.confidential.pods", "confidential.pods",
        "-0123abcd.guard.confidential.pods", "pay-0123abcg.guard.confidential.pods",
        "pay-0123ABCD.guard.confidential.pods", "pay-0123abcd.guard.example.com", ""}) {
    CAPTURE(name);
    CHECK_FALSE(configuration::is_named_after_content(name));
  }
  // A policy's name may fill what a webhook's name may have.
  const auto longest =
      named_entry(std::string(127, 'a') + "-" + std::string(125, 'b'), "guard", "/validate", "{}");
  CHECK(longest.name.size() < 253);
  CHECK(longest.name.starts_with(std::string(127, 'a') + "-"));
  CHECK_FALSE(longest.name.contains("--"));
}

}  // namespace
}  // namespace cpods::kube
