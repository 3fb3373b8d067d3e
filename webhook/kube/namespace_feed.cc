#include "kube/namespace_feed.h"

#include <utility>

#include "json/document.h"

namespace cpods::kube {
namespace {

constexpr std::int64_t kGone = 410;

std::string text_of(json::Node node) {
  return std::string(node.text());
}

NamedLabels read_object(json::Node object) {
  const json::Node metadata = object["metadata"];
  if (metadata["name"].text().empty()) {
    throw json::Malformed(object.pointer(), "an object without metadata.name");
  }
  return {text_of(metadata["name"]),
          std::make_shared<const pod::Labels>(pod::Labels::read(metadata["labels"]))};
}

std::string required_version(json::Node metadata) {
  const std::string version = text_of(metadata["resourceVersion"]);
  if (version.empty()) throw json::Malformed(metadata.pointer(), "resourceVersion is missing");
  return version;
}

NamespacePage page_of(json::Node list) {
  if (list["items"].kind() != json::Kind::Array && list["items"].present()) {
    throw json::Malformed("/items", "items is not a list");
  }
  NamespacePage page;
  page.version = required_version(list["metadata"]);
  page.continue_token = text_of(list["metadata"]["continue"]);
  for (const json::Node item : list["items"].elements()) {
    auto [name, labels] = read_object(item);
    page.namespaces.insert_or_assign(std::move(name), std::move(labels));
  }
  return page;
}

NamespaceEvent error_event(json::Node status) {
  NamespaceEvent event;
  event.kind = status["code"].integer() == kGone ? NamespaceEvent::Kind::Expired
                                                 : NamespaceEvent::Kind::Failed;
  event.message = text_of(status["message"]);
  return event;
}

NamespaceEvent event_of(json::Node root) {
  const std::string_view type = root["type"].text();
  const json::Node object = root["object"];
  if (type == "ERROR") return error_event(object);
  NamespaceEvent event;
  event.version = required_version(object["metadata"]);
  if (type == "BOOKMARK") {
    event.kind = NamespaceEvent::Kind::Bookmark;
    return event;
  }
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") {
    throw json::Malformed("/type", "unknown watch event " + json::to_text(root["type"]));
  }
  auto [name, labels] = read_object(object);
  event.name = std::move(name);
  event.labels = std::move(labels);
  event.kind = type == "DELETED" ? NamespaceEvent::Kind::Remove : NamespaceEvent::Kind::Put;
  return event;
}

// Parses, then reads; a wrong type becomes an Error like a syntax fault.
template <typename T>
Result<T> read(std::string text, T (*reader)(json::Node)) {
  const auto document = json::Document::parse(std::move(text));
  if (!document) return std::unexpected(document.error());
  try {
    return reader(document->root());
  } catch (const json::Malformed& wrong) {
    return failure(ErrorCode::Malformed, wrong.where(), wrong.what());
  }
}

}  // namespace

Result<NamespacePage> read_page(std::string body) {
  return read(std::move(body), page_of);
}

Result<NamedLabels> read_namespace(std::string body) {
  return read(std::move(body), read_object);
}

Result<NamespaceEvent> read_event(std::string line) {
  return read(std::move(line), event_of);
}

Next apply_line(std::string line, NamespaceMap& map, std::string& version, std::string& why) {
  auto event = read_event(std::move(line));
  if (!event) {
    why = "an event that cannot be read (" + event.error().text() + ")";
    return Next::Relist;
  }
  switch (event->kind) {
    case NamespaceEvent::Kind::Put:
      map.put(event->name, std::move(event->labels));
      break;
    case NamespaceEvent::Kind::Remove:
      map.remove(event->name);
      break;
    case NamespaceEvent::Kind::Bookmark:
      break;
    case NamespaceEvent::Kind::Expired:
      why = "version " + version + " is too old (" + event->message + ")";
      return Next::Relist;
    case NamespaceEvent::Kind::Failed:
      why = event->message;
      return Next::Rewatch;
  }
  version = std::move(event->version);
  return Next::ReadOn;
}

}  // namespace cpods::kube
