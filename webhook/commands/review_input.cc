#include "commands/review_input.h"

#include <algorithm>
#include <filesystem>
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

bool is_manifest(const std::filesystem::directory_entry& entry) {
  const auto extension = entry.path().extension();
  return entry.is_regular_file() &&
         (extension == ".yaml" || extension == ".yml" || extension == ".json");
}

// As `kubectl -f FOLDER` picks them, sorted by name; the folders below are left alone.
Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (is_manifest(entry)) files.push_back(entry.path());
  }
  if (error) return failure(ErrorCode::Unavailable, folder, error.message());
  if (files.empty()) {
    return failure(ErrorCode::NotFound, folder, "no *.yaml, *.yml or *.json in this folder");
  }
  std::ranges::sort(files);
  return files;
}

std::string place_text(const std::string& file, json::Place place) {
  return file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

bool is_list(json::Node node) {
  return node["kind"].text().ends_with("List") && node["items"].kind() != json::Kind::Missing;
}

// What a folder of manifests has beside them: `kubectl apply -f` knows no such kind.
bool is_for_kustomize(json::Node node) {
  return group_of(node) == "kustomize.config.k8s.io";
}

void add_object(InputObject object, Input& input) {
  try {
    if (is_for_kustomize(object.node)) return;
    if (is_list(object.node)) {
      const auto items = object.text->member({object.node, object.mark}, "items");
      for (const auto& [item, mark] : object.text->elements(items)) {
        add_object({object.text, object.file, mark, item.rooted()}, input);
      }
      return;
    }
    if (object.node["kind"].text().empty() || object.node["apiVersion"].text().empty()) {
      return tell(
          object,
          {ErrorCode::Malformed, "", "not a Kubernetes object: kind or apiVersion is missing"},
          input);
    }
    input.objects.push_back(std::move(object));
  } catch (const json::Malformed& malformed) {
    tell(object, {ErrorCode::Malformed, malformed.where(), malformed.what()}, input);
  }
}

void add_documents(json::ReadText read, const std::string& file, Input& input) {
  for (auto& located : read.documents) {
    const auto text = std::make_shared<const json::LocatedDocument>(std::move(located));
    if (text->root().kind() == json::Kind::Null) continue;  // an empty document between ---
    add_object({text, file, 0, text->root()}, input);
  }
}

// Where the next document begins: at ---, or at a bracket in the first column.
std::size_t next_document(std::string_view text, std::size_t at) {
  while ((at = text.find('\n', at)) != std::string_view::npos) {
    const auto rest = text.substr(++at);
    if (rest.starts_with("---") || rest.starts_with('{')) return at;
  }
  return text.size();
}

// Document by document, so that a broken one costs none of the others.
void add_readable(std::string_view text, const std::string& file, Input& input) {
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = next_document(text, at);
    const auto document = text.substr(at, end - at);
    auto read = json::read_manifest(document, line);
    for (const auto& error : read.errors) {
      input.errors.push_back(place_text(file, error.place) + ": " + error.message);
    }
    if (read.errors.empty()) add_documents(std::move(read), file, input);
    line += static_cast<std::uint32_t>(std::ranges::count(document, '\n'));
    at = end;
  }
}

void read_file(const std::string& path, Input& input) {
  const std::string name = path == "-" ? "standard input" : path;
  const auto text = read_text(path);
  if (!text) {
    input.errors.push_back(text.error().text());
    return;
  }
  auto read = json::read_manifest(*text);
  if (!read.errors.empty()) return add_readable(*text, name, input);
  add_documents(std::move(read), name, input);
}

}  // namespace

std::string InputObject::place(std::string_view where) const {
  return place_text(file, text->place_of(json::Located{node, mark}, where));
}

void tell(const InputObject& object, const Error& error, Input& input) {
  input.errors.push_back(object.place(error.where) + ": " + error.text());
}

void read_input(const std::string& path, Input& input) {
  if (path == "-" || !std::filesystem::is_directory(path)) return read_file(path, input);
  const auto files = files_in(path);
  if (!files) {
    input.errors.push_back(files.error().text());
    return;
  }
  for (const auto& file : *files) read_file(file, input);
}

std::string_view group_of(json::Node object) {
  const auto version = object["apiVersion"].text();
  const auto slash = version.find('/');
  return slash == std::string_view::npos ? std::string_view{} : version.substr(0, slash);
}

void OfflineCluster::set_label(const std::string& name, std::string_view key,
                               std::string_view value) {
  auto& labels = labels_[name];
  labels.set(names::kNamespaceNameLabel, name);
  labels.set(key, value);
}

void OfflineCluster::add_namespace(json::Node object) {
  const std::string name(object["metadata"]["name"].text());
  auto labels = pod::Labels::read(object["metadata"]["labels"]);
  labels.set(names::kNamespaceNameLabel, name);
  labels_[name] = std::move(labels);
}

std::shared_ptr<const pod::Labels> OfflineCluster::namespace_labels(std::string_view name) const {
  const auto found = labels_.find(name);
  if (found != labels_.end()) return std::make_shared<const pod::Labels>(found->second);
  pod::Labels only_name;
  only_name.set(names::kNamespaceNameLabel, name);
  return std::make_shared<const pod::Labels>(std::move(only_name));
}

bool OfflineCluster::knows(std::string_view name) const {
  return labels_.contains(name);
}

}  // namespace cpods::commands
