#pragma once
// What the API server says about namespaces, read: pages of a LIST and lines of a WATCH, and what
// each does to the map. No network, no clock: text in, change out.
//
// Only names, labels and versions are read, so that whole Namespaces and PartialObjectMetadata do
// equally well. Versions are compared for equality only (Kubernetes API concepts,
// "resourceVersion"). Plain values; any thread.

#include <cstdint>
#include <string>

#include "base/error.h"
#include "kube/namespace_map.h"

namespace cpods::kube {

// One answer to LIST.
struct NamespacePage {
  NamespaceMap::Entries namespaces;
  std::string version;         // metadata.resourceVersion of the list: where a watch begins
  std::string continue_token;  // "" on the last page
};

// Malformed when it is not a list, an item has no name, or the list has no version.
[[nodiscard]] Result<NamespacePage> read_page(std::string body);

// One answer to GET. Malformed when it carries no name.
struct NamedLabels {
  std::string name;
  NamespaceMap::Labels labels;
};
[[nodiscard]] Result<NamedLabels> read_namespace(std::string body);

// One line of a WATCH (metav1.WatchEvent).
struct NamespaceEvent {
  enum class Kind : std::uint8_t {
    Put,       // ADDED, MODIFIED: name, labels, version
    Remove,    // DELETED: name, version
    Bookmark,  // version alone
    Expired,   // ERROR with 410: the version is too old to go on from
    Failed,    // ERROR otherwise: message
  };
  Kind kind = Kind::Failed;
  std::string name;
  NamespaceMap::Labels labels;
  std::string version;
  std::string message;
};

// Malformed when it is not an event, or one of a type nobody knows.
[[nodiscard]] Result<NamespaceEvent> read_event(std::string line);

enum class Next : std::uint8_t {
  ReadOn,   // the next line
  Rewatch,  // the same version again, after a pause
  Relist,   // everything anew
};

// Applies one event: changes `map` and moves `version`. Whatever cannot be read may have been a
// change, so it asks for a new list; `why` then tells the reason.
[[nodiscard]] Next apply_line(std::string line, NamespaceMap& map, std::string& version,
                              std::string& why);

}  // namespace cpods::kube
