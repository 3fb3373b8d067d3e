#include "commands/review_input.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/limits.h"
#include "json/yaml.h"
#include "pod/names.h"

namespace cpods::commands {
namespace {

Result<std::string> read_bounded(std::istream& stream, const std::string& name) {
  std::string text;
  std::string chunk(std::size_t{64} * 1024, '\0');
  while (stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) ||
         stream.gcount() > 0) {
    text.append(chunk, 0, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits::kManifestBytes) {
      return failure(ErrorCode::TooLarge, name,
                     "larger than " + std::to_string(limits::kManifestBytes >> 20) +
                         " MiB; split it into several files");
    }
  }
  return text;
}

Result<std::string> read_text(const std::string& path) {
  if (path == "-") return read_bounded(std::cin, "standard input");
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure(ErrorCode::NotFound, path, "cannot be opened");
  return read_bounded(file, path);
}

std::string place_text(const std::string& name, json::Place place) {
  return name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

bool is_list(json::Node node) {
  return node["kind"].text().ends_with("List") && node["items"].kind() == json::Kind::Array;
}

void add_object(const std::shared_ptr<const json::Document>& document, json::Node node,
                const std::string& place, Input& input) {
  if (is_list(node)) {
    for (const json::Node item : node["items"].elements()) add_object(document, item, place, input);
    return;
  }
  if (node["kind"].text().empty() || node["apiVersion"].text().empty()) {
    input.errors.push_back(place + ": not a Kubernetes object: kind or apiVersion is missing");
    return;
  }
  input.objects.push_back({document, node.rooted(), place});
}

}  // namespace

void read_input(const std::string& path, Input& input) {
  const std::string name = path == "-" ? "standard input" : path;
  const auto text = read_text(path);
  if (!text) {
    input.errors.push_back(text.error().text());
    return;
  }
  auto read = json::read_documents(*text, json::Dialect::Manifest);
  for (const auto& error : read.errors) {
    input.errors.push_back(place_text(name, error.place) + ": " + error.message);
  }
  for (auto& located : read.documents) {
    const auto place = place_text(name, located.place_of(""));
    const auto document = std::make_shared<const json::Document>(std::move(located.document()));
    if (document->root().kind() == json::Kind::Null) continue;  // an empty document between ---
    try {
      add_object(document, document->root(), place, input);
    } catch (const json::Malformed& malformed) {
      input.errors.push_back(place + ": " + malformed.where() + " " + malformed.what());
    }
  }
}

void OfflineCluster::set_label(const std::string& name, std::string_view key,
                               std::string_view value) {
  auto& labels = labels_[name];
  labels.set(names::kNamespaceNameLabel, name);
  labels.set(key, value);
}

void OfflineCluster::add_namespace(json::Node object) {
  const std::string name(object["metadata"]["name"].text());
  for (const auto [key, value] : object["metadata"]["labels"].members()) {
    set_label(name, key, value.text());
  }
  set_label(name, names::kNamespaceNameLabel, name);
}

std::shared_ptr<const pod::Labels> OfflineCluster::namespace_labels(std::string_view name) const {
  const auto found = labels_.find(name);
  if (found != labels_.end()) return std::make_shared<const pod::Labels>(found->second);
  pod::Labels only_name;
  only_name.set(names::kNamespaceNameLabel, name);
  return std::make_shared<const pod::Labels>(std::move(only_name));
}

bool OfflineCluster::knows(std::string_view name) const { return labels_.contains(name); }

}  // namespace cpods::commands
