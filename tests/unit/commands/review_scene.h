#pragma once
// A folder of policies and manifests with what `review` says of them. One owner, one thread.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "commands/review.h"

namespace cpods::commands {

// Folders of policies and manifests that live as long as the test.
class Scene {
 public:
  Scene()
      : folder_(std::filesystem::temp_directory_path() /
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
  // A folder with one manifest and other files; "": without the manifest.
  Scene& folder(const std::string& manifest) {
    std::filesystem::remove_all(folder_ / "manifests");
    std::filesystem::create_directories(folder_ / "manifests" / "below.yaml");
    write("manifests/notes.txt", "no manifest");
    if (!manifest.empty()) write("manifests/pod.yml", manifest);
    options_.files = {folder_ / "manifests"};
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

inline constexpr auto kTwoTerms = R"(
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

inline constexpr auto kReader = R"(
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: shop}
spec:
  containers:
  - name: c
    image: nginx
    envFrom: [{secretRef: {name: db-main}}]
)";

inline constexpr auto kOrdinary = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
)";

inline constexpr auto kRefusedDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: c
        image: nginx
        env: [{name: A, valueFrom: {secretKeyRef: {name: db-x, key: k}}}]
)";

inline constexpr auto kRefusal =
    R"(shop/reader: Secret "db-main" (spec.containers[0].envFrom[0]) may only be read on pool "pool")";

}  // namespace cpods::commands
