#include "configuration/webhooks.h"

#include <doctest/doctest.h>

#include "base/limits.h"
#include "json/document.h"
#include "snapshots.h"
#include "unit/parsed.h"

namespace cpods::configuration {
namespace {

const Trusted kTrusted{{"system:kube-scheduler"}, {"system:masters"}};
using Policies = std::vector<std::pair<std::string, std::string>>;

// "opt-in.guard Fail", without the digits, in order.
std::vector<std::string> told(const std::vector<Entry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) {
    CHECK(is_named_after_content(entry.name));
    const auto digits = entry.name.rfind('-', entry.name.find(".confidential.pods"));
    const auto kind = entry.name.find('.', digits);
    const auto body = parsed(entry.body);
    out.push_back(entry.name.substr(0, digits) +
                  entry.name.substr(kind, entry.name.find(".confidential") - kind) + " " +
                  std::string(body.root()["failurePolicy"].text()));
  }
  return out;
}

using Lines = std::vector<std::string>;
const std::string kLabel = "namespaceSelector: {matchLabels: {confidential: 'true'}}";

TEST_CASE("webhooks: an entry a scope and subject, Fail where a policy enforces") {
  const auto entries =
      scoped_entries(*snapshot_of({{"opt-in", kLabel + ", podSelector: {}"}}), kTrusted);
  CHECK(told(entries.mutating) == Lines{"opt-in.place Ignore"});
  CHECK(told(entries.validating) == Lines{"opt-in.guard Fail", "opt-in.bindings Fail",
                                          "opt-in.templates Ignore", "reach.namespaces Fail"});
}

TEST_CASE("webhooks: what a policy does not do, nobody is asked for") {
  struct Row {
    std::string spec;
    Lines mutating;
    Lines validating;
  };
  const std::vector<Row> rows = {
      {"namespaces: [a], secrets: {names: [x]}",
       {},
       {"p.guard Fail", "p.bindings Fail", "p.templates Ignore", "reach.namespaces Fail"}},
      {"namespaces: [a], secrets: {names: [x], onUse: Place}, templates: Ignore",
       {"p.place Ignore"},
       {"p.guard Fail", "p.bindings Fail", "reach.namespaces Fail"}},
      {"action: Warn, namespaces: [a], podSelector: {}",
       {},
       {"p.guard Ignore", "p.bindings Ignore", "p.templates Ignore"}},
      {"action: Audit, namespaces: [a], podSelector: {}, templates: Ignore",
       {},
       {"p.guard Ignore", "p.bindings Ignore"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    const auto entries = scoped_entries(*snapshot_of({{"p", row.spec}}), kTrusted);
    CHECK(told(entries.mutating) == row.mutating);
    CHECK(told(entries.validating) == row.validating);
  }
  CHECK(scoped_entries(*snapshot_of({}), kTrusted).validating.empty());
}

TEST_CASE("webhooks: a scope within another is not asked about twice") {
  const auto guards = [](const Policies& policies) {
    Lines out;
    for (const auto& line : told(scoped_entries(*snapshot_of(policies), kTrusted).validating)) {
      if (line.contains(".guard")) out.push_back(line);
    }
    return out;
  };
  const std::string all = "podSelector: {}";
  CHECK(guards({{"a", "namespaces: [x], " + all}, {"b", "namespaces: [x], " + all}}) ==
        Lines{"a.guard Fail"});
  CHECK(guards({{"a", "namespaces: [x-1], " + all}, {"b", "namespaces: ['x-*'], " + all}}) ==
        Lines{"b.guard Fail"});
  CHECK(guards({{"a", kLabel + ", " + all}, {"b", "namespaces: ['*'], " + all}}) ==
        Lines{"b.guard Fail"});
  CHECK(guards({{"a", "namespaces: [y], " + kLabel + ", " + all}, {"b", kLabel + ", " + all}}) ==
        Lines{"b.guard Fail"});
  // One that lets pass while nobody answers does not stand for one that refuses.
  CHECK(guards(
            {{"a", "namespaces: [x], " + all}, {"b", "action: Warn, namespaces: ['*'], " + all}}) ==
        Lines{"a.guard Fail", "b.guard Ignore"});
  // Each stands for the other; the first stays.
  CHECK(guards({{"a", "namespaces: ['x*', 'xy'], " + all}, {"b", "namespaces: ['x*'], " + all}}) ==
        Lines{"a.guard Fail"});
}

TEST_CASE("webhooks: the conditions of an entry are its scope and what is trusted") {
  const auto entries =
      scoped_entries(*snapshot_of({{"p", "namespaces: ['pay-*'], podSelector: {}, " + kLabel}}),
                     {{"system:kube-scheduler", "batch"}, {"system:masters", "platform"}});
  const auto conditions_of = [&](std::size_t index) {
    Lines out;
    const auto body = parsed(entries.validating.at(index).body);
    for (const auto each : body.root()["matchConditions"].elements()) {
      out.emplace_back(each["expression"].text());
    }
    return out;
  };
  CHECK(conditions_of(0).at(0) == R"(request.namespace.startsWith("pay-"))");
  CHECK(conditions_of(1) ==
        Lines{R"(request.namespace.startsWith("pay-"))",
              R"(!(request.userInfo.username in ["system:kube-scheduler", "batch"]))"});
  CHECK(conditions_of(3).at(0) ==
        R"(!request.userInfo.groups.exists(each, each in ["system:masters", "platform"]))");
  // A namespace that is being deleted still has its Pods: it is no exception.
  CHECK(conditions_of(3).size() == 2);
  CHECK(conditions_of(3).at(1).starts_with(
      R"(["confidential", "control-plane", "kubernetes.azure.com/managedby"].exists(each, )"));
}

Policies policies_of(std::size_t count) {
  Policies policies;
  for (std::size_t i = 0; i < count; ++i) {
    policies.emplace_back("p" + std::to_string(i),
                          "namespaces: [n" + std::to_string(i) + "], podSelector: {}");
  }
  return policies;
}

// The API server's store takes 1.5 MiB. 250 scopes replaced by 250 others, which stand beside them
// for five minutes, were refused there, and the new namespaces stayed open.
TEST_CASE("webhooks: more scopes than an object can hold twice are one, everywhere") {
  for (const std::size_t count : {limits::kScopes + 1, limits::kScopes}) {
    CAPTURE(count);
    const auto entries = scoped_entries(*snapshot_of(policies_of(count)), kTrusted);
    CHECK(told(entries.mutating) == Lines{"everywhere.place Ignore"});
    CHECK(told(entries.validating).at(0) == "everywhere.guard Fail");
    // How a namespace leaves stays known.
    CHECK(told(entries.validating).back() == "reach.namespaces Fail");
  }
  const auto some = scoped_entries(*snapshot_of(policies_of(40)), kTrusted);
  CHECK(some.mutating.size() == 40);
  // Beside as many on notice, with two authorities (1.3 KiB) and managedFields (half a KiB) each.
  std::size_t bytes = 0;
  for (const auto& entry : some.validating) bytes += entry.body.size() + entry.name.size() + 2048;
  CHECK(2 * bytes < std::size_t{1536} * 1024);
}

TEST_CASE("webhooks: the labels of namespaces are asked about however many scopes there are") {
  const auto expression = [](const std::string& key, std::size_t scopes) {
    Policies policies;
    for (std::size_t i = 0; i < scopes; ++i) {
      policies.emplace_back("p" + std::to_string(i), "namespaceSelector: {matchLabels: {" + key +
                                                         std::to_string(i) +
                                                         ": a}}, podSelector: {}");
    }
    const auto entries = scoped_entries(*snapshot_of(policies), kTrusted);
    const auto body = parsed(entries.validating.back().body);
    return std::string(body.root()["matchConditions"].at(1)["expression"].text());
  };
  const auto some = expression("team-", limits::kScopes + 1);
  for (const char* key : {"\"team-0\"", "\"team-250\"", "\"control-plane\""}) {
    CHECK(some.contains(key));
  }
  // More than the API server parses: any label.
  const auto part = std::string(60, 'a');
  CHECK(expression(part + "." + part + "." + part + "." + part + "/t-", 400)
            .starts_with("has(object.metadata.labels) != has(oldObject.metadata.labels)"));
}

TEST_CASE("webhooks: names that are too many for an object ask about every namespace") {
  for (const std::string star : {"", "-*"}) {
    CAPTURE(star);
    std::string names;
    for (int i = 0; i < 6000; ++i) {
      names += "team-with-a-long-name-" + std::to_string(i) + star + ", ";
    }
    const auto entries = scoped_entries(
        *snapshot_of({{"p", "namespaces: [" + names + "x], podSelector: {}"}}), kTrusted);
    CHECK(told(entries.validating).at(0) == "everywhere.guard Fail");
  }
}

TEST_CASE("webhooks: a scope is named after the first of its policies that enforces") {
  const auto entries =
      scoped_entries(*snapshot_of({{"a", "action: Warn, namespaces: [x], podSelector: {}"},
                                   {"b", "namespaces: [x], podSelector: {}"},
                                   {"c", "namespaces: [x], podSelector: {}"}}),
                     kTrusted);
  CHECK(told(entries.validating).at(0) == "b.guard Fail");
}

TEST_CASE("webhooks: both configurations say how the API server reaches the webhook") {
  const auto address = parsed(R"({"service":{"namespace":"n","name":"s","port":8443},
                                   "caBundle":"QUJD"})");
  const auto objects = webhook_configurations(
      *snapshot_of({{"p", "namespaces: [a], podSelector: {}"}}), kTrusted, address.root());
  REQUIRE(objects.size() == 2);
  const auto mutating = parsed(objects[0]);
  CHECK(mutating.root()["kind"].text() == "MutatingWebhookConfiguration");
  CHECK(
      json::to_text(mutating.root()["webhooks"].at(0)["clientConfig"]) ==
      R"({"service":{"namespace":"n","name":"s","port":8443,"path":"/mutate"},"caBundle":"QUJD"})");
  const auto validating = parsed(objects[1]);
  std::vector<std::string> last;
  for (const auto entry : validating.root()["webhooks"].elements()) {
    CHECK(entry["clientConfig"]["service"]["path"].text() == "/validate");
    last.emplace_back(entry["name"].text());
  }
  CHECK(last.at(last.size() - 2) == "policies.confidential.pods");
  CHECK(last.back() == "nodes.confidential.pods");
}

}  // namespace
}  // namespace cpods::configuration
