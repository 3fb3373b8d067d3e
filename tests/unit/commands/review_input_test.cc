#include "commands/review_input.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "json/located.h"
#include "unit/commands/review_scene.h"

using namespace cpods::commands;

TEST_CASE("review: a Namespace in the input supplies its labels") {
  Scene scene;
  scene
      .input(std::string(
                 "apiVersion: v1\nkind: Namespace\nmetadata: {name: pay, labels: {opt: in}}\n---") +
             kTwoTerms)
      .run();
  CHECK(scene.code == 0);
  CHECK(scene.errors == "");
  CHECK(scene.text.find("untouched  Namespace pay\nplaced     Pod pay/web  (policy opt-in)\n") ==
        0);
}

TEST_CASE("review: a kind of another API group is passed over") {
  Scene scene;
  scene.label("pay:opt=in")
      .input(R"(
apiVersion: example.com/v1
kind: Pod
metadata: {name: pea, namespace: pay}
spec: green
---
apiVersion: example.com/v1
kind: Deployment
metadata: {name: army, namespace: pay}
spec: {template: {spec: {soldiers: 7}}}
---
apiVersion: example.com/v1
kind: AdmissionReview
metadata: {name: exam}
)")
      .run();
  CHECK(scene.code == 0);
  CHECK(scene.errors == "");
  CHECK(scene.text ==
        "untouched  Pod pay/pea\nuntouched  Deployment pay/army\nuntouched  AdmissionReview exam\n"
        "3 objects, 0 refused\n");
}

TEST_CASE("review: a broken object costs none of the others") {
  struct Row {
    const char* broken;
    const char* error;
  };
  const Row rows[] = {
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: 5}\n",
       "input.yaml:8:18: /metadata/name: must be a string, but is a number\n"},
      {"apiVersion: v1\nkind: Pod\nkind: Pod\n",
       "input.yaml:8:1: duplicate key \"kind\"; it stands on line 7 already\n"},
      {"just words\n", "input.yaml:6:1: must be an object, but is a string\n"},
      {"kind: List\napiVersion: v1\nitems: [{kind: Pod}, 7]\n",
       "input.yaml:8:9: not a Kubernetes object: kind or apiVersion is missing\n"
       "input.yaml:8:22: must be an object, but is a number\n"},
      {"apiVersion: v1\nkind: Namespace\nmetadata: {name: pay, labels: {opt: 1}}\n",
       "input.yaml:8:37: /metadata/labels/opt: must be a string, but is a number\n"},
      {"apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest: {}\n",
       "input.yaml:8:10: /request/uid: the request has no uid\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.broken);
    Scene scene;
    scene.label("shop:opt=out");
    scene.input(std::string(kOrdinary) + "---\n" + row.broken + "---" + kReader)
        .output("json")
        .run();
    CHECK(scene.code == 2);
    CHECK(scene.errors == row.error);
    const auto verdicts = cpods::json::read_json(scene.text);
    CHECK(verdicts.errors.empty());
    REQUIRE(verdicts.documents.size() == 2);
    CHECK(verdicts.documents[1].root()["message"].text().starts_with(kRefusal));
  }
}

TEST_CASE("review: text that cannot be parsed costs none of the other documents") {
  Scene scene;
  scene.input(std::string(kOrdinary) + "---\nmetadata: {name: \"a\n---" + kReader).run();
  CHECK(scene.code == 2);
  CHECK(scene.errors.starts_with("input.yaml:"));
  CHECK(scene.text.ends_with("2 objects, 1 refused, 1 error\n"));

  const std::string line = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"}})";
  scene.input(line + "\n{\"apiVersion\":\n" + line + "\n").run();
  CHECK(scene.code == 2);
  CHECK(scene.errors.starts_with("input.yaml:3:1: "));
  CHECK(scene.text.ends_with("2 objects, 0 refused, 1 error\n"));
}

TEST_CASE("review: a folder stands for its manifests") {
  Scene scene;
  scene.folder(std::string(kReader)).run();
  CHECK(scene.code == 1);
  CHECK(scene.text.ends_with("1 object, 1 refused\n"));

  scene.folder("").run();
  CHECK(scene.code == 2);
  CHECK(scene.errors == "manifests: no *.yaml, *.yml or *.json in this folder\n");
}

TEST_CASE("review: unusable input is exit code 2 with its place") {
  struct Row {
    const char* input;
    const char* error;
  };
  const Row rows[] = {
      {"kind: Pod\n", "input.yaml:1:1: not a Kubernetes object: kind or apiVersion is missing\n"},
      {"", "there is no object in the input\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.input);
    Scene scene;
    scene.input(row.input).run();
    CHECK(scene.code == 2);
    CHECK(scene.errors == row.error);
  }
}

// What no API server would store was taken, and the verdict told of a namespace that cannot be.
TEST_CASE("review: a label that is none is exit code 2") {
  constexpr std::string_view kNoName =
      "\", which no namespace can be called: at most 63 lower-case letters, digits and '-', with a "
      "letter or digit at both ends";
  struct Row {
    std::string label;
    std::string flaw;
  };
  const Row rows[] = {
      {"pay", "is not NAMESPACE:KEY=VALUE"},
      {"pay:key", "is not NAMESPACE:KEY=VALUE"},
      {"pay=key:value", "is not NAMESPACE:KEY=VALUE"},
      {":key=value", "has the namespace \"" + std::string(kNoName)},
      {"Pay Ments:key=value", "has the namespace \"Pay Ments" + std::string(kNoName)},
      {"-pay:key=value", "has the namespace \"-pay" + std::string(kNoName)},
      {"pay:=value", "has the key \"\", which has no name"},
      {"pay:bad key!=x",
       "has the key \"bad key!\", which may hold letters, digits, '-', '_' and '.' only"},
      {"pay:key=-x", "has the value \"-x\", which must begin and end with a letter or digit"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Scene scene;
    scene.label(row.label).input(kTwoTerms).run();
    CHECK(scene.code == 2);
    CHECK(scene.errors == "--namespace-label \"" + row.label + "\" " + row.flaw + "\n");
  }
  Scene scene;
  CHECK(scene.label("pay:example.com/key=").label("pay:opt=in").input(kTwoTerms).run().code == 0);
}

namespace {

// Seconds. With a walk for each item the cases take more: some 6 s where half a second is usual,
// and minutes with the thread sanitizer, where 20 s are.
#if defined(__OPTIMIZE__) && !defined(__clang__)
constexpr double kQuick = 5;
#else
constexpr double kQuick = 60;
#endif

double seconds_of(Scene& scene) {
  const auto begun = std::chrono::steady_clock::now();
  scene.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

// Each item's place was looked for from the first item on: 100 000 refused Pods took 68 s.
TEST_CASE("review: the place of a List's item costs no walk along the others") {
  constexpr int kItems = 30'000;
  std::string list = "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n";
  for (int i = 0; i < kItems; ++i) {
    list += R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"w","namespace":"shop"},)"
            R"("spec":{"imagePullSecrets":[{"name":"db-x"}]}})";
    list += i + 1 < kItems ? ",\n" : "\n]}";
  }
  Scene scene;
  scene.label("shop:opt=out").input(list);
  CHECK(seconds_of(scene) < kQuick);
  CHECK(scene.code == 1);
  CHECK(scene.text.find("input.yaml:2:1: shop/w: Secret") != std::string::npos);
  CHECK(scene.text.find("input.yaml:30001:1: shop/w: Secret") != std::string::npos);
}

// Behind one broken document each one was parsed after as many line breaks as stand above it:
// 20 000 documents took 22 s.
TEST_CASE("review: a broken document makes the others no slower, and every place stays right") {
  constexpr int kDocuments = 10'000;
  std::string text;
  for (int i = 0; i < kDocuments; ++i) {
    text += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  a: b\n---\n";
  }
  Scene scene;
  scene.label("shop:opt=out");
  scene.input(text + "bad: [\n---" + kReader + "---\nkind: A\nkind: B\n");
  CHECK(seconds_of(scene) < kQuick);
  CHECK(scene.code == 2);
  CHECK(scene.errors ==
        "input.yaml:60002:1: did not find expected node content, while parsing a flow node that "
        "begins on line 60002\n"
        "input.yaml:60013:1: duplicate key \"kind\"; it stands on line 60012 already\n");
  CHECK(scene.text.find("input.yaml:60003:1: shop/reader: Secret") != std::string::npos);
}
