// What becomes of a configuration's list of entries, and how an entry is named and told from
// others.

#include "kube/webhook_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "unit/parsed.h"

namespace cpods::kube {
namespace {

using configuration::agrees;
using configuration::Entry;
using configuration::is_named_after_content;
using configuration::named_entry;
using configuration::with_client_config;
using Names = std::set<std::string>;

const std::string kBody =
    R"({"admissionReviewVersions":["v1"],"rules":[{"apiGroups":[""],"apiVersions":["v1"],)"
    R"("operations":["CREATE","UPDATE"],"resources":["pods"],"scope":"Namespaced"}],)"
    R"("namespaceSelector":{"matchExpressions":[{"key":"team","operator":"In","values":["pay"]}]},)"
    R"("objectSelector":{},"matchConditions":[{"name":"c","expression":"true"}],)"
    R"("failurePolicy":"Fail","matchPolicy":"Equivalent","sideEffects":"None",)"
    R"("timeoutSeconds":5})";
const std::string kAnyNamespace = R"({"namespaceSelector":{},"failurePolicy":"Fail"})";

const std::string kService =
    R"({"service":{"namespace":"confidential-pods","name":"webhook","port":443,)"
    R"("path":"/validate"},"caBundle":"Q0E="})";
const std::string kUrl =
    R"({"url":"https://webhook.example:8443/validate?timeout=1","caBundle":"Q0E="})";

// Written by whoever keeps a list of their own, in an order of their own.
const std::string kOthers =
    R"({"timeoutSeconds":7,"name":"mine.example.com","rules":[],"namespaceSelector":null,)"
    R"("clientConfig":{"url":"https://other.example/x","caBundle":"T1RIRVI="},"extra":{"b":1,"a":[]}})";

Entry pods(const std::string& body = kBody) {
  return named_entry("payments", "guard", "/validate", body);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL("the test's own words: " << from);
  return text.replace(at, from.size(), to);
}

std::string joined(const std::vector<std::string>& entries) {
  std::string out;
  for (const auto& entry : entries) out += (out.empty() ? "" : ",") + entry;
  return out;
}

std::string configuration_with(const std::vector<std::string>& entries) {
  return R"({"metadata":{"name":"guard.confidential.pods","resourceVersion":"42"},"webhooks":[)" +
         joined(entries) + "]}";
}

std::string whole(const Entry& entry, const std::string& client_config) {
  const auto address = parsed(client_config);
  return with_client_config(entry, address.root());
}

// The patch, or "" where there is none.
std::string patch_of(const std::vector<std::string>& entries, const std::vector<Entry>& wanted,
                     const Names& gone = {}, const std::string& client_config = kService) {
  const auto configuration = parsed(configuration_with(entries));
  const auto address = parsed(client_config);
  return list_patch(configuration.root(), wanted, gone, address.root()).value_or("");
}

// A patch to these entries of what has the version 42.
std::string patch_to(const std::vector<std::string>& entries) {
  return R"([{"op":"test","path":"/metadata/resourceVersion","value":"42"},)"
         R"({"op":"add","path":"/webhooks","value":[)" +
         joined(entries) + "]}]";
}

bool agrees_with(const std::string& stored, const Entry& entry) {
  const auto document = parsed(stored);
  return agrees(document.root(), entry);
}

TEST_CASE("webhook_list: what is missing is appended, reached as the entry given is") {
  const auto place = named_entry("payments", "place", "/mutate", kAnyNamespace);
  const std::string lead = R"({"name":")" + place.name + R"(","clientConfig":)";
  const std::string end = R"(,"namespaceSelector":{},"failurePolicy":"Fail"})";
  struct Row {
    std::string what;
    std::string given;
    std::string written;
  };
  for (const auto& [what, given, written] : std::vector<Row>{
           {"a service, its path replaced", kService,
            R"({"service":{"namespace":"confidential-pods","name":"webhook","port":443,)"
            R"("path":"/mutate"},"caBundle":"Q0E="})"},
           {"a service without path", R"({"service":{"namespace":"n","name":"w"}})",
            R"({"service":{"namespace":"n","name":"w","path":"/mutate"}})"},
           {"a URL, its path replaced", kUrl,
            R"({"url":"https://webhook.example:8443/mutate","caBundle":"Q0E="})"},
           {"a URL without path", R"({"url":"https://webhook.example"})",
            R"({"url":"https://webhook.example/mutate"})"},
           {"a bundle that is not there yet",
            R"({"service":{"namespace":"n","name":"w"},)"
            R"("caBundle":null})",
            R"({"service":{"namespace":"n","name":"w","path":"/mutate"}})"},
       }) {
    CAPTURE(what);
    CHECK(patch_of({kOthers}, {place}, {}, given) == patch_to({kOthers, lead + written + end}));
  }
}

TEST_CASE("webhook_list: new entries stand behind those that are there, in the order wanted") {
  const auto first = named_entry("b", "guard", "/validate", kBody);
  const auto second = named_entry("a", "guard", "/validate", kBody);
  const auto there = whole(pods(), kUrl);
  CHECK(patch_of({there, kOthers}, {first, pods(), second}) ==
        patch_to({there, kOthers, whole(first, kService), whole(second, kService)}));
  CHECK(patch_of({}, {first}) == patch_to({whole(first, kService)}));
}

TEST_CASE("webhook_list: a list that is as it should be gets no patch") {
  CHECK(patch_of({}, {}) == "");
  CHECK(patch_of({kOthers}, {}) == "");
  CHECK(patch_of({kOthers, whole(pods(), kService)}, {pods()}) == "");
  // What is not wanted stays until it is said to go.
  CHECK(patch_of({whole(pods(), kService)}, {}) == "");
  CHECK(patch_of({}, {}, {"never-there-0123abcd.guard.confidential.pods"}) == "");
}

TEST_CASE("webhook_list: a configuration without any list gets one") {
  for (const std::string none : {R"({"metadata":{"resourceVersion":"42"}})",
                                 R"({"metadata":{"resourceVersion":"42"},"webhooks":null})"}) {
    CAPTURE(none);
    const auto configuration = parsed(none);
    const auto address = parsed(kService);
    CHECK(list_patch(configuration.root(), {pods()}, {}, address.root()) ==
          patch_to({whole(pods(), kService)}));
    CHECK_FALSE(list_patch(configuration.root(), {}, {}, address.root()));
  }
}

TEST_CASE("webhook_list: what the API server and AKS' enforcer add is agreed to") {
  const auto selecting = [](const std::string& more) {
    return replaced(whole(pods(), kService), R"("values":["pay"]})", R"("values":["pay"]})" + more);
  };
  const std::string control_plane = R"({"key":"control-plane","operator":"DoesNotExist"})";
  const std::string managed =
      R"({"key":"kubernetes.azure.com/managedby","operator":"NotIn","values":["aks"]})";
  struct Row {
    std::string what;
    std::string stored;
  };
  for (const auto& [what, stored] : std::vector<Row>{
           {"as it was written", whole(pods(), kService)},
           {"reached by a URL", whole(pods(), kUrl)},
           {"with the certificate keeper's bundle",
            replaced(whole(pods(), kService), "Q0E=", "TkVX")},
           {"one expression of the enforcer", selecting("," + control_plane)},
           {"one of an older enforcer",
            selecting(R"(,{"key":"control-plane","operator":"NotIn","values":["true"]})")},
           {"both of them", selecting("," + control_plane + "," + managed)},
           {"in another order",
            replaced(replaced(whole(pods(), kService), R"(,"timeoutSeconds":5})", "}"),
                     R"({"name")", R"({"timeoutSeconds":5,"name")")},
       }) {
    CAPTURE(what);
    CHECK(agrees_with(stored, pods()));
    CHECK(patch_of({kOthers, stored}, {pods()}) == "");
  }
}

// The entry that is asked about namespaces selects all of them.
TEST_CASE("webhook_list: what the enforcer adds to an empty selector is agreed to as well") {
  const auto entry = pods(kAnyNamespace);
  for (const std::string selector :
       {"{}", R"({"matchExpressions":[]})",
        R"({"matchExpressions":[{"key":"control-plane","operator":"DoesNotExist"}]})",
        R"({"matchExpressions":[{"key":"control-plane","operator":"DoesNotExist"},)"
        R"({"key":"kubernetes.azure.com/managedby","operator":"NotIn","values":["aks"]}]})"}) {
    CAPTURE(selector);
    const auto stored = replaced(whole(entry, kService), R"("namespaceSelector":{})",
                                 R"("namespaceSelector":)" + selector);
    CHECK(patch_of({stored}, {entry}) == "");
  }
}

TEST_CASE("webhook_list: what somebody changed is put right and is reached as before") {
  struct Row {
    std::string what;
    std::string from;
    std::string to;
  };
  for (
      const auto& [what, from, to] : std::vector<Row>{
          {"an operation less", R"(["CREATE","UPDATE"])", R"(["CREATE"])"},
          {"no rules", R"("resources":["pods"])", R"("resources":[])"},
          {"another condition", R"("expression":"true")", R"("expression":"false")"},
          {"a condition more", R"([{"name":"c")",
           R"([{"name":"b","expression":"false"},{"name":"c")"},
          {"no conditions", R"("matchConditions":[{"name":"c","expression":"true"}],)", ""},
          {"failurePolicy", R"("Fail")", R"("Ignore")"},
          {"another value", R"(["pay"])", R"(["pay","x"])"},
          {"an expression more", R"("values":["pay"]})",
           R"("values":["pay"]},{"key":"x","operator":"Exists"})"},
          {"only what the enforcer leaves out", R"("values":["pay"]})",
           R"("values":["pay"]},{"key":"control-plane","operator":"Exists"})"},
          {"only what AKS has", R"("values":["pay"]})",
           R"("values":["pay"]},{"key":"kubernetes.azure.com/managedby","operator":"In",)"
           R"("values":["aks"]})"},
          {"labels as well", R"("namespaceSelector":{)",
           R"("namespaceSelector":{"matchLabels":{"x":"y"},)"},
          {"no namespace", R"([{"key":"team","operator":"In","values":["pay"]}])",
           R"([{"key":"team","operator":"DoesNotExist"}])"},
          {"the enforcer's key in objectSelector", R"("objectSelector":{})",
           R"("objectSelector":{"matchExpressions":[{"key":"control-plane","operator":"Exists"}]})"},
          {"timeoutSeconds", R"("timeoutSeconds":5)", R"("timeoutSeconds":1)"},
          {"matchPolicy", "Equivalent", "Exact"},
          {"a member that is new", R"("sideEffects")", R"("new":1,"sideEffects")"},
      }) {
    CAPTURE(what);
    const auto right = whole(pods(), kUrl);
    const auto changed = replaced(right, from, to);
    CHECK_FALSE(agrees_with(changed, pods()));
    CHECK(patch_of({kOthers, changed}, {pods()}) == patch_to({kOthers, right}));
  }
}

TEST_CASE("webhook_list: what has gone is taken away, and nothing else") {
  const auto old = named_entry("old", "guard", "/validate", kBody);
  const auto other = named_entry("other", "guard", "/validate", kBody);
  CHECK(patch_of({whole(old, kService), kOthers, whole(other, kService)}, {}, {old.name}) ==
        patch_to({kOthers, whole(other, kService)}));
  CHECK(patch_of({whole(old, kService)}, {}, {old.name}) == patch_to({}));
  CHECK(patch_of({whole(old, kService)}, {other}, {old.name}) ==
        patch_to({whole(other, kService)}));
}

TEST_CASE("webhook_list: only entries named after their content are ever unneeded") {
  const auto named = [](const std::string& name) { return R"({"name":")" + name + R"("})"; };
  const auto configuration = parsed(configuration_with(
      {kOthers, named("guard.confidential.pods"), named("policies.confidential.pods"),
       whole(pods(), kService), named("old-0123abcd.guard.confidential.pods"),
       named("old-0123abcd.guard.example.com")}));
  CHECK(unneeded(configuration.root(), {pods()}) == Names{"old-0123abcd.guard.confidential.pods"});
  CHECK(unneeded(configuration.root(), {}) ==
        Names{"old-0123abcd.guard.confidential.pods", pods().name});
  const auto empty = parsed("{}");
  CHECK(unneeded(empty.root(), {pods()}).empty());
}

TEST_CASE("webhook_list: what is no list of entries is malformed") {
  for (const std::string wrong :
       {R"({"webhooks":{}})", R"({"webhooks":[1]})", R"({"webhooks":[{"name":7}]})", R"([])"}) {
    CAPTURE(wrong);
    const auto configuration = parsed(wrong);
    const json::Node address;
    CHECK_THROWS_AS((void)list_patch(configuration.root(), {pods()}, {}, address), json::Malformed);
    CHECK_THROWS_AS((void)unneeded(configuration.root(), {pods()}), json::Malformed);
  }
}

TEST_CASE("entry: the name says subject, content and kind") {
  const auto entry = named_entry("payments", "guard", "/validate", "{}");
  CHECK(entry.name == "payments-44136fa3.guard.confidential.pods");  // sha256 of {}
  CHECK(entry.path == "/validate");
  CHECK(entry.body == "{}");
  CHECK(named_entry("payments", "bindings", "/validate", "{}").name ==
        "payments-44136fa3.bindings.confidential.pods");
  // The door is no part of the content; a byte of the body is.
  CHECK(named_entry("payments", "guard", "/mutate", "{}").name == entry.name);
  CHECK(named_entry("payments", "guard", "/validate", "{ }").name != entry.name);
}

TEST_CASE("entry: however long the subject, the name is a DNS subdomain") {
  struct Row {
    std::string what;
    std::string subject;
    std::string kept;
  };
  const std::string long_label(limits::kNameBytes, 'a');
  for (const auto& [what, subject, kept] : std::vector<Row>{
           {"one letter", "a", "a"},
           {"a subdomain", "team.pay", "team.pay"},
           {"as long as may be", long_label.substr(0, 128), long_label.substr(0, 128)},
           {"one longer", long_label.substr(0, 129), long_label.substr(0, 128)},
           {"the longest", long_label, long_label.substr(0, 128)},
           {"cut at a dot", long_label.substr(0, 127) + ".b", long_label.substr(0, 127)},
           {"cut at a dash", long_label.substr(0, 127) + "-b", long_label.substr(0, 127)},
           {"cut among dashes", long_label.substr(0, 120) + std::string(60, '-') + "b",
            long_label.substr(0, 120)},
           {"cut behind a dot", long_label.substr(0, 126) + ".bc",
            long_label.substr(0, 126) + ".b"},
       }) {
    CAPTURE(what);
    for (const std::string kind : {"guard", "bindings", "templates", "namespaces", "place"}) {
      const auto name = named_entry(subject, kind, "/validate", "{}").name;
      CHECK(name == kept + "-44136fa3." + kind + ".confidential.pods");
      CHECK(is_dns_subdomain(name));
      CHECK(is_named_after_content(name));
      // A webhook's name has three segments at least.
      CHECK(std::ranges::count(name, '.') >= 3);
    }
  }
}

TEST_CASE("entry: names that are made of content, and those that only look so") {
  for (const std::string name :
       {"payments-1c9f03ab.guard.confidential.pods", "a-00000000.place.confidential.pods",
        "a.b-c-12345678.namespaces.confidential.pods", "reach-abcdefab.x.confidential.pods"}) {
    CAPTURE(name);
    CHECK(is_named_after_content(name));
  }
  for (const std::string name :
       {"", "guard.confidential.pods", "guard-elsewhere.confidential.pods",
        "payments-1c9f03ab.confidential.pods", "payments-1c9f03ab.guard",
        "payments-1c9f03ab.guard.confidential.pods.example.com",
        "payments-1c9f03ab.guard.confidential_pods", "payments-1C9F03AB.guard.confidential.pods",
        "payments-1c9f03ag.guard.confidential.pods", "payments-1c9f03a.guard.confidential.pods",
        "payments-01c9f03ab.guard.confidential.pods", "payments1c9f03ab.guard.confidential.pods",
        "-1c9f03ab.guard.confidential.pods", "1c9f03ab.guard.confidential.pods",
        ".guard.confidential.pods", "payments.guard-1c9f03ab.confidential.pods"}) {
    CAPTURE(name);
    CHECK_FALSE(is_named_after_content(name));
  }
}

}  // namespace
}  // namespace cpods::kube
