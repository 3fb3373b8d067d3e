#pragma once
// What `review` is given: manifests as kubectl would read them, or AdmissionReviews as the API
// server would send them, taken apart into single objects.
// One owner, one thread.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admission/cluster.h"
#include "base/error.h"
#include "json/located.h"
#include "pod/labels.h"

namespace cpods::commands {

// One object of the input, in its order.
struct InputObject {
  std::shared_ptr<const json::LocatedDocument> text;  // that it came in
  std::string file;                                   // of that text
  std::size_t mark = 0;                               // of the object in it
  json::Node node;                                    // rooted

  // file:line:column of the object, or of the value that `where` points to from there.
  [[nodiscard]] std::string place(std::string_view where = {}) const;
};

struct Input {
  std::vector<InputObject> objects;
  std::vector<std::string> errors;  // "file:line:column: message"
};

// Adds an error of this object, with the place that its `where`, a JSON Pointer, leads to.
void tell(const InputObject& object, const Error& error, Input& input);

// Reads a file ("-" is standard input) or the *.yaml, *.yml and *.json of a folder: YAML or JSON,
// several documents a file; Lists are taken apart. What cannot be read or has no kind and
// apiVersion is an error; what stands beside it is read all the same.
void read_input(const std::string& path, Input& input);

// The API group of an object: "" for the core group.
[[nodiscard]] std::string_view group_of(json::Node object);

// Namespaces as they are known offline: those of the input and those of --namespace-label, each
// with the kubernetes.io/metadata.name label that every API server sets. Any other namespace has
// only that one.
class OfflineCluster : public admission::Cluster {
 public:
  void set_label(const std::string& name, std::string_view key, std::string_view value);
  // Takes the labels of a Namespace object, in place of those of an earlier one of its name; all
  // or, where one is malformed, none.
  void add_namespace(json::Node object);
  [[nodiscard]] std::shared_ptr<const pod::Labels> namespace_labels(
      std::string_view name) const override;
  [[nodiscard]] bool knows(std::string_view name) const;

 private:
  std::map<std::string, pod::Labels, std::less<>> labels_;
};

}  // namespace cpods::commands
