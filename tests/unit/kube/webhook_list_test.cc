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
using configuration::with_address;
using Names = std::set<std::string, std::less<>>;

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
  return with_address(entry, {address.root(), address.root()["caBundle"]});
}

// The patch, or "" where there is none.
std::string patch_of(const std::vector<std::string>& entries, const std::vector<Entry>& wanted,
                     const Names& gone = {}, const std::string& client_config = kService,
                     Bundles bundles = Bundles::Follow) {
  const auto configuration = parsed(configuration_with(entries));
  const auto address = parsed(client_config);
  const Wish wish{.entries = wanted, .notices = {}, .gone = gone};
  return list_patch(configuration.root(), wish, address.root(), bundles).value_or("");
}

// A patch to these entries of what has the version 42.
std::string patch_to(const std::vector<std::string>& entries) {
  return R"([{"op":"test","path":"/metadata/resourceVersion","value":"42"},)"
         R"({"op":"add","path":"/webhooks","value":[)" +
         joined(entries) + "]}]";
}

bool agrees_with(const std::string& stored, const Entry& entry) {
  const auto document = parsed(stored);
  const auto address = parsed(kService);
  return agrees(document.root(), entry, {address.root(), address.root()["caBundle"]});
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
  const auto there = whole(pods(), kService);
  CHECK(patch_of({there, kOthers}, {first, pods(), second}, {}, kService) ==
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
    const Wish wish{.entries = {pods()}};
    CHECK(list_patch(configuration.root(), wish, address.root(), Bundles::Follow) ==
          patch_to({whole(pods(), kService)}));
    CHECK_FALSE(list_patch(configuration.root(), {}, address.root(), Bundles::Follow));
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

// A rotated authority, or another address, that reached only the entries of the manifests would
// leave the others asking where nobody answers, and theirs is Fail.
TEST_CASE("webhook_list: entries follow the address") {
  const auto by_service = whole(pods(), kService);
  const auto by_url = whole(pods(), kUrl);
  const auto old_bundle = replaced(by_service, "Q0E=", "T0xE");
  CHECK(patch_of({by_url}, {pods()}) == patch_to({by_service}));
  CHECK(patch_of({old_bundle}, {pods()}) == patch_to({by_service}));
  CHECK(patch_of({by_service}, {pods()}, {}, kUrl) == patch_to({by_url}));
  // One that is not needed here as well: whoever needs it still is asked by it.
  CHECK(patch_of({kOthers, by_url}, {}) == patch_to({kOthers, by_service}));
  CHECK(patch_of({by_service}, {}, {}, kUrl) == patch_to({by_url}));
}

TEST_CASE("webhook_list: where somebody else writes the bundles, those that are there are kept") {
  const auto old_bundle = replaced(whole(pods(), kService), "Q0E=", "T0xE");
  const auto fresh = named_entry("fresh", "guard", "/validate", kBody);
  CHECK(patch_of({old_bundle}, {pods()}, {}, kService, Bundles::Keep) == "");
  CHECK(patch_of({old_bundle}, {pods(), fresh}, {}, kService, Bundles::Keep) ==
        patch_to({old_bundle, whole(fresh, kService)}));
  const auto elsewhere = replaced(old_bundle, R"("port":443)", R"("port":8443)");
  CHECK(patch_of({elsewhere}, {pods()}, {}, kService, Bundles::Keep) == patch_to({old_bundle}));
}

TEST_CASE("webhook_list: the address is that of the first entry that nobody here writes") {
  const auto address_of = [](const std::vector<std::string>& entries) {
    const auto configuration = parsed(configuration_with(entries));
    const auto address = address_in(configuration.root());
    return address ? json::to_text(address) : std::string();
  };
  const std::string others = R"({"url":"https://other.example/x","caBundle":"T1RIRVI="})";
  const std::string nowhere = R"({"name":"x","clientConfig":{"caBundle":"Q0E="}})";
  CHECK(address_of({whole(pods(), kService), kOthers}) == others);
  CHECK(address_of({nowhere, kOthers}) == others);
  CHECK(address_of({nowhere, whole(pods(), kService)}) == kService);
  CHECK(address_of({nowhere}) == "");
  CHECK(address_of({}) == "");
}

TEST_CASE("webhook_list: what somebody changed is put right") {
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
    CHECK(patch_of({kOthers, changed}, {pods()}, {}, kUrl) == patch_to({kOthers, right}));
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

TEST_CASE("webhook_list: AKS' enforcer has narrowed an entry where its expression stands") {
  const auto narrowed = [](const std::string& expressions) {
    const auto entry =
        parsed(R"({"namespaceSelector":{"matchExpressions":[)" + expressions + "]}}");
    return configuration::is_narrowed(entry.root());
  };
  CHECK(narrowed(
      R"({"key":"a","operator":"Exists"},{"key":"control-plane","operator":"DoesNotExist"})"));
  CHECK(
      narrowed(R"({"key":"kubernetes.azure.com/managedby","operator":"NotIn","values":["aks"]})"));
  CHECK_FALSE(narrowed(R"({"key":"control-plane","operator":"Exists"})"));
  CHECK_FALSE(narrowed(""));
  const auto none = parsed("{}");
  CHECK_FALSE(configuration::is_narrowed(none.root()));
}

// Notices as the annotation has them.
std::string configuration_on_notice(const std::string& annotations,
                                    const std::vector<std::string>& entries) {
  return R"({"metadata":{"resourceVersion":"42","annotations":)" + annotations +
         R"(},"webhooks":[)" + joined(entries) + "]}";
}

TEST_CASE("webhook_list: notices stand in an annotation, and what cannot be read is none") {
  struct Row {
    std::string annotations;
    Notices notices;
  };
  for (const auto& [annotations, notices] : std::vector<Row>{
           {R"({"confidential.pods/unneeded":"{\"a\":\"t1\",\"b\":\"t2\"}"})",
            {{"a", "t1"}, {"b", "t2"}}},
           {R"({"confidential.pods/unneeded":"{\"a\":1,\"b\":\"t2\"}"})", {{"b", "t2"}}},
           {R"({"confidential.pods/unneeded":"{"})", {}},
           {R"({"confidential.pods/unneeded":"[]"})", {}},
           {R"({"confidential.pods/unneeded":""})", {}},
           {R"({"other":"{}"})", {}},
           {"null", {}},
       }) {
    CAPTURE(annotations);
    const auto configuration = parsed(configuration_on_notice(annotations, {}));
    CHECK(notices_in(configuration.root()) == notices);
  }
}

TEST_CASE("webhook_list: a notice is given once, and struck by whoever needs the entry") {
  const std::string given =
      R"({"confidential.pods/unneeded":"{\")" + pods().name + R"(\":\"t1\"}"})";
  const auto entries = std::vector{whole(pods(), kService)};
  const auto fresh = parsed(configuration_on_notice("{}", entries));
  const auto before = parsed(configuration_on_notice(given, entries));
  const auto without = parsed(configuration_on_notice(given, {}));
  CHECK(notices_for(fresh.root(), {}, "t9") == Notices{{pods().name, "t9"}});
  CHECK(notices_for(before.root(), {}, "t9") == Notices{{pods().name, "t1"}});
  CHECK(notices_for(before.root(), {pods()}, "t9").empty());
  CHECK(notices_for(without.root(), {}, "t9").empty());
}

TEST_CASE("webhook_list: the patch writes the annotation where it differs, and only there") {
  const auto patch = [](const std::string& annotations, const Notices& notices) {
    const auto configuration = parsed(configuration_on_notice(annotations, {}));
    const auto text = list_patch(configuration.root(), {.notices = notices}, {}, Bundles::Follow);
    const std::string lead = R"([{"op":"test","path":"/metadata/resourceVersion","value":"42"},)";
    if (text) CHECK(text->starts_with(lead));
    return text ? text->substr(lead.size()) : std::string();
  };
  const std::string given = R"({"confidential.pods/unneeded":"{\"a\":\"t1\"}"})";
  const std::string write =
      R"({"op":"add","path":"/metadata/annotations/confidential.pods~1unneeded",)"
      R"("value":"{\"a\":\"t1\"}"}])";
  CHECK(patch("{}", {{"a", "t1"}}) == write);
  CHECK(patch("null", {{"a", "t1"}}) ==
        R"({"op":"add","path":"/metadata/annotations","value":{}},)" + write);
  CHECK(patch(R"({"confidential.pods/unneeded":"{"})", {{"a", "t1"}}) == write);
  CHECK(patch(given, {{"a", "t1"}}) == "");
  CHECK(patch(given, {}) ==
        R"({"op":"remove","path":"/metadata/annotations/confidential.pods~1unneeded"}])");
  CHECK(patch("{}", {}) == "");
}

TEST_CASE("webhook_list: only entries named after their content are ever unneeded") {
  const auto named = [](const std::string& name) { return R"({"name":")" + name + R"("})"; };
  const auto configuration = parsed(configuration_with(
      {kOthers, named("guard.confidential.pods"), named("policies.confidential.pods"),
       whole(pods(), kService), named("old-0123abcd.guard.confidential.pods"),
       named("old-0123abcd.guard.example.com")}));
  CHECK(notices_for(configuration.root(), {pods()}, "t") ==
        Notices{{"old-0123abcd.guard.confidential.pods", "t"}});
  CHECK(notices_for(configuration.root(), {}, "t") ==
        Notices{{"old-0123abcd.guard.confidential.pods", "t"}, {pods().name, "t"}});
  const auto empty = parsed("{}");
  CHECK(notices_for(empty.root(), {pods()}, "t").empty());
}

TEST_CASE("webhook_list: what is no list of entries is malformed") {
  for (const std::string wrong :
       {R"({"webhooks":{}})", R"({"webhooks":[1]})", R"({"webhooks":[{"name":7}]})", R"([])"}) {
    CAPTURE(wrong);
    const auto configuration = parsed(wrong);
    const json::Node address;
    const Wish wish{.entries = {pods()}};
    CHECK_THROWS_AS((void)list_patch(configuration.root(), wish, address, Bundles::Follow),
                    json::Malformed);
    CHECK_THROWS_AS((void)notices_for(configuration.root(), {pods()}, "t"), json::Malformed);
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
