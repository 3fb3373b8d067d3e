#include "json/located.h"

#include <charconv>
#include <optional>

#include "json/rapid.h"

namespace cpods::json {
namespace {

std::string unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~' || i + 1 == token.size()) {
      out += token[i];
      continue;
    }
    out += token[++i] == '1' ? '/' : '~';
  }
  return out;
}

std::optional<std::size_t> child_index(Node parent, const std::string& token) {
  if (parent.kind() == Kind::Array) {
    std::size_t index = 0;
    const auto* end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, index);
    if (error != std::errc() || stop != end || index >= parent.size()) return std::nullopt;
    return index;
  }
  if (parent.kind() != Kind::Object) return std::nullopt;
  std::size_t index = 0;
  for (const auto [key, value] : parent.members()) {
    if (key == token) return index;
    ++index;
  }
  return std::nullopt;
}

Node child_at(Node parent, std::size_t index) {
  if (parent.kind() == Kind::Array) return parent.at(index);
  const auto member = value_of(parent).MemberBegin() + static_cast<std::ptrdiff_t>(index);
  return {&member->value, parent.raw()};
}

}  // namespace

Located LocatedDocument::find(Located from, std::string_view pointer) const {
  auto [node, at] = from;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    const auto index = child_index(node, unescape(pointer.substr(0, end)));
    pointer.remove_prefix(end);
    if (!index) break;
    ++at;
    for (std::size_t sibling = 0; sibling < *index; ++sibling) at += marks_[at].nodes;
    node = child_at(node, *index);
  }
  return {node, at};
}

Located LocatedDocument::member(Located object, std::string_view key) const {
  auto mark = object.mark + 1;
  for (const auto [name, value] : object.node.members()) {
    if (name == key) return {value, mark};
    mark += marks_[mark].nodes;
  }
  return object;
}

std::vector<Located> LocatedDocument::elements(Located array) const {
  std::vector<Located> found;
  auto mark = array.mark + 1;
  for (const Node element : array.node.elements()) {
    found.push_back({element, mark});
    mark += marks_[mark].nodes;
  }
  return found;
}

ReadText with_too_many(ReadText read, std::size_t most) {
  const auto at = read.documents.back().place_of(Located{read.documents.back().root(), 0}, {});
  read.documents.clear();
  read.errors.push_back({at, "more than " + std::to_string(most) + " documents", true});
  return read;
}

}  // namespace cpods::json
