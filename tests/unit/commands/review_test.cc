#include "commands/review.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "json/document.h"
#include "unit/commands/review_scene.h"

using namespace cpods::commands;

TEST_CASE(
    "review: two ORed terms get one expression each, and a second review finds nothing to do") {
  Scene scene;
  scene.label("pay:opt=in").input(kTwoTerms).output("json").run();
  CHECK(scene.code == 0);
  const auto outcome = cpods::json::Document::parse(scene.text);
  REQUIRE(outcome);
  CHECK(outcome->root()["patch"].size() == 2);
  CHECK(outcome->root()["reason"].text() == "Placed");

  scene.output("yaml").run();
  const auto placed = scene.text;
  scene.input(placed).output("json").run();
  CHECK(scene.code == 0);
  CHECK(scene.text.find(R"("patch":[],)") != std::string::npos);
}

TEST_CASE("review: a refusal is exit code 1 with its sentence") {
  Scene scene;
  scene.input(kReader).run();
  CHECK(scene.code == 1);
  CHECK(scene.text.find(kRefusal) != std::string::npos);
  CHECK(scene.text.ends_with("1 object, 1 refused\n"));
}

TEST_CASE("review: refusals go beside manifests, not among them") {
  Scene scene;
  scene.input(kReader).output("yaml").run();
  CHECK(scene.code == 1);
  CHECK(scene.text.find("may only be read") == std::string::npos);
  CHECK(scene.errors.find("input.yaml:2:1: left out: " + std::string(kRefusal)) == 0);
  CHECK(scene.text == "");
}

TEST_CASE("review: -o yaml leaves out what would be refused and keeps the rest") {
  Scene scene;
  scene.input(std::string(kReader) + "---" + kOrdinary + "---" + kRefusedDeployment)
      .output("yaml")
      .run();
  CHECK(scene.code == 1);
  CHECK(scene.text.find("kind: ConfigMap\n") != std::string::npos);
  CHECK(scene.text.find("---\n") == std::string::npos);
  CHECK(scene.errors.find("left out: Deployment shop/web: its Pods would be") != std::string::npos);
}

TEST_CASE("review: a namespace without known labels is told once") {
  Scene scene;
  scene.input(std::string(kTwoTerms) + "---" + kTwoTerms).run();
  CHECK(scene.errors ==
        "note: no labels are known for namespace \"pay\"; add the Namespace to the input or give "
        "--namespace-label pay:KEY=VALUE\n");
}

TEST_CASE("review: a workload tells what its Pods would hear") {
  Scene scene;
  scene.input(kRefusedDeployment).output("json").run();
  CHECK(scene.code == 1);
  const auto outcome = cpods::json::Document::parse(scene.text);
  REQUIRE(outcome);
  CHECK(outcome->root()["allowed"].flag());
  CHECK_FALSE(outcome->root()["pods"]["allowed"].flag(true));
  CHECK(outcome->root()["warnings"].size() == 1);
  CHECK(outcome->root()["pods"]["message"].text().starts_with(
      "Deployment shop/web: its Pods would be refused: Secret \"db-x\" "
      "(spec.containers[0].env[0])"));
}

TEST_CASE("review: a refused workload is told once, in full") {
  Scene scene;
  scene.input(kRefusedDeployment).run();
  CHECK(scene.code == 1);
  CHECK(scene.text.find("input.yaml:2:1: Deployment shop/web: its Pods would be refused: Secret") !=
        std::string::npos);
  CHECK(scene.text.find("Warning") == std::string::npos);
}

TEST_CASE("review: -o diff of a workload shows what its Pods would get") {
  Scene scene;
  scene.label("pay:opt=in")
      .input(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: pay}
spec:
  template:
    spec: {containers: [{name: c, image: nginx}]}
)")
      .output("diff")
      .run();
  CHECK(scene.code == 0);
  CHECK(
      scene.text.starts_with("--- a Pod of Deployment pay/web\n"
                             "+++ a Pod of Deployment pay/web (placed)\n@@ "));
  CHECK(scene.text.find("\n+  affinity:\n+    nodeAffinity:\n") != std::string::npos);
}

TEST_CASE(
    "review: an update that leaves the template alone is judged no more than the webhook does") {
  constexpr std::string_view kTemplate =
      R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c",
      "envFrom":[{"secretRef":{"name":"db-x"}}]}]}})";
  const auto deployment = [&](const std::string& replicas) {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":)" +
           replicas + "," + std::string(kTemplate) + "}}";
  };
  Scene scene;
  scene
      .input(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",
        "kind":{"group":"apps","version":"v1","kind":"Deployment"},
        "resource":{"group":"apps","version":"v1","resource":"deployments"},"namespace":"shop",
        "name":"web","operation":"UPDATE","object":)" +
             deployment("2") + R"(,"oldObject":)" + deployment("1") + "}}")
      .output("json")
      .run();
  CHECK(scene.code == 0);
  const auto outcome = cpods::json::Document::parse(scene.text);
  REQUIRE(outcome);
  CHECK(outcome->root()["reason"].text() == "NotConcerned");
  CHECK_FALSE(outcome->root()["pods"].present());
}

TEST_CASE("review: a DELETE is told by the name of the object that goes, or of the request") {
  struct Row {
    const char* objects;
    const char* name;
  };
  const Row rows[] = {
      {R"("object":null,"oldObject":{"metadata":{"name":"old"}})", "old"},
      {R"("object":null,"oldObject":null)", "asked"},
      {R"("oldObject":{"metadata":{}})", "asked"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.objects);
    Scene scene;
    scene.label("shop:opt=out")
        .input(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",
          "kind":{"group":"","version":"v1","kind":"Pod"},"name":"asked","namespace":"shop",
          "resource":{"group":"","version":"v1","resource":"pods"},"operation":"DELETE",)" +
               std::string(row.objects) + "}}")
        .run();
    CHECK(scene.code == 0);
    CHECK(scene.text.starts_with("untouched  Pod shop/" + std::string(row.name) + "\n"));
  }
}

TEST_CASE("review: -o review says so where there is nothing to answer") {
  Scene scene;
  scene.input(kOrdinary).output("review").run();
  CHECK(scene.code == 2);
  CHECK(scene.text == "");
  CHECK(scene.errors ==
        "-o review answers AdmissionReviews, and 1 of 1 object in the input is none; leave -o "
        "review out to have manifests judged\n");
}

TEST_CASE("review: an AdmissionReview is answered with its uid") {
  Scene scene;
  scene
      .input(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",
        "kind":{"group":"","version":"v1","kind":"Pod"},
        "resource":{"group":"","version":"v1","resource":"pods"},"namespace":"elsewhere","name":"p",
        "operation":"CREATE","object":{"metadata":{"name":"p"},"spec":{"containers":[]}}}})")
      .output("review")
      .run();
  CHECK(scene.code == 0);
  CHECK(
      scene.text ==
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-1","allowed":true}})"
      "\n");
}
