#include "commands/review.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "json/document.h"

namespace {

using cpods::commands::ReviewOptions;

// Folders of policies and manifests that live as long as the test.
class Scene {
 public:
  Scene() : folder_(std::filesystem::temp_directory_path() /
                    ("cpods-review-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_ / "policies");
    write("policies/policies.yaml", kPolicies);
    options_.policies = folder_ / "policies";
    options_.step_image = "confidential-pods:test";
  }
  ~Scene() { std::filesystem::remove_all(folder_); }

  Scene& input(const std::string& manifests) {
    write("input.yaml", manifests);
    options_.files = {folder_ / "input.yaml"};
    return *this;
  }
  Scene& output(const std::string& form) {
    options_.output = form;
    return *this;
  }
  Scene& label(const std::string& added) {
    options_.namespace_labels.push_back(added);
    return *this;
  }
  Scene& run() {
    std::ostringstream out;
    std::ostringstream err;
    code = cpods::commands::review(options_, out, err);
    text = out.str();
    errors = err.str();
    // The folder's name differs from run to run.
    for (std::size_t at; (at = errors.find(folder_.string() + "/")) != std::string::npos;) {
      errors.erase(at, folder_.string().size() + 1);
    }
    return *this;
  }

  int code = -1;
  std::string text;
  std::string errors;

 private:
  static constexpr auto kPolicies = R"(
apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: pool}
spec:
  nodes: {matchLabels: {node-restriction.kubernetes.io/confidential: "yes"}}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: opt-in}
spec:
  pool: pool
  namespaceSelector: {matchLabels: {opt: "in"}}
  podSelector: {}
---
apiVersion: confidential.pods/v1
kind: ConfidentialPolicy
metadata: {name: guard}
spec:
  pool: pool
  namespaces: ["*"]
  secrets: {names: ["db-*"]}
)";

  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name) << content;
  }

  std::filesystem::path folder_;
  ReviewOptions options_;
};

constexpr auto kTwoTerms = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: pay}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchExpressions: [{key: disk, operator: In, values: [ssd]}]
        - matchExpressions: [{key: zone, operator: In, values: [a]}]
  containers: [{name: c, image: nginx}]
)";

constexpr auto kReader = R"(
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: shop}
spec:
  containers:
  - name: c
    image: nginx
    envFrom: [{secretRef: {name: db-main}}]
)";

constexpr auto kRefusal =
    R"(shop/reader: Secret "db-main" (spec.containers[0].envFrom[0]) may only be read on pool "pool")";

}  // namespace

TEST_CASE("review: two ORed terms get one expression each, and a second review finds nothing to do") {
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

TEST_CASE("review: a Namespace in the input supplies its labels") {
  Scene scene;
  scene.input(std::string("apiVersion: v1\nkind: Namespace\nmetadata: {name: pay, labels: {opt: in}}\n---") +
              kTwoTerms)
      .run();
  CHECK(scene.code == 0);
  CHECK(scene.errors == "");
  CHECK(scene.text.find("untouched  Namespace pay\nplaced     Pod pay/web  (policy opt-in)\n") == 0);
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
  CHECK(scene.errors.find(kRefusal) == 0);
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
  scene.input(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: nginx, env: [{name: A, valueFrom: {secretKeyRef: {name: db-x, key: k}}}]}]
)")
      .output("json")
      .run();
  CHECK(scene.code == 1);
  const auto outcome = cpods::json::Document::parse(scene.text);
  REQUIRE(outcome);
  CHECK(outcome->root()["allowed"].flag());
  CHECK_FALSE(outcome->root()["pods"]["allowed"].flag(true));
  CHECK(outcome->root()["warnings"].size() == 1);
  CHECK(outcome->root()["pods"]["message"].text().starts_with(
      "Deployment shop/web: its Pods would be refused: Secret \"db-x\" (spec.containers[0].env[0])"));
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
  CHECK(scene.text ==
        R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-1","allowed":true}})"
        "\n");
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
