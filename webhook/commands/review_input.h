#pragma once
// What `review` is given: manifests as kubectl would read them, or AdmissionReviews as the API
// server would send them, taken apart into single objects.
// One owner, one thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admission/cluster.h"
#include "base/error.h"
#include "json/document.h"
#include "pod/labels.h"

namespace cpods::commands {

// One object of the input, in its order.
struct InputObject {
  std::shared_ptr<const json::Document> document;  // the text it came in
  json::Node node;                                 // rooted
  std::string place;                               // file:line:column
};

struct Input {
  std::vector<InputObject> objects;
  std::vector<std::string> errors;  // "file:line:column: message"
};

// Reads one file ("-" is standard input): YAML or JSON, several documents; Lists are taken apart.
// Objects without kind or apiVersion are errors.
void read_input(const std::string& path, Input& input);

// Namespaces as they are known offline: those of the input and those of --namespace-label, each with
// the kubernetes.io/metadata.name label that every API server sets. Any other namespace has only
// that one.
class OfflineCluster : public admission::Cluster {
 public:
  void set_label(const std::string& name, std::string_view key, std::string_view value);
  // Takes the labels of a Namespace object.
  void add_namespace(json::Node object);
  [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
      std::string_view name) const override;
  [[nodiscard]] bool knows(std::string_view name) const;

 private:
  std::map<std::string, pod::Labels, std::less<>> labels_;
};

}  // namespace cpods::commands
