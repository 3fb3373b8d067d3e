#include "commands/review_input.h"

#include <doctest/doctest.h>

#include <string>

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

TEST_CASE("review: a label that is none is exit code 2") {
  Scene scene;
  scene.label("pay").input(kTwoTerms).run();
  CHECK(scene.code == 2);
  CHECK(scene.errors == "--namespace-label \"pay\" is not NAMESPACE:KEY=VALUE\n");
}
