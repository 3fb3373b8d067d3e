// A text: refused for a reason, or a tree that every other way of reading and writing agrees with.

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/limits.h"
#include "fuzz/mutation.h"
#include "fuzz/scene.h"
#include "json/yaml.h"

namespace {

using namespace cpods;

// Open brackets outside of strings, at most.
std::size_t depth_of(const std::string& text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return deepest;
}

void check_refusal(const Error& error, const std::string& text) {
  fuzz::must(!error.message.empty(), "a refusal says why");
  fuzz::must(error.code == ErrorCode::Malformed || error.code == ErrorCode::TooLarge,
             "it is malformed or too deep", error.text());
  if (error.code == ErrorCode::TooLarge) {
    fuzz::must(std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; }) >
                   static_cast<std::ptrdiff_t>(limits::kJsonDepth),
               "what is too deep has as many brackets", text);
  }
}

void check_depth(json::Node root, const std::string& text) {
  const auto depth = depth_of(text);
  fuzz::must(depth <= limits::kJsonDepth, "nothing deeper than the limit is read", text);
  fuzz::must(json::Document::parse(text, depth).has_value(), "depth is counted in brackets", text);
  if (depth == 0) return;
  const auto shallower = json::Document::parse(text, depth - 1);
  fuzz::must(!shallower && shallower.error().code == ErrorCode::TooLarge,
             "one level less is too deep", json::to_text(root));
}

// Every name once; and the same tree with any of them twice is refused.
void check_names(const std::vector<fuzz::Spot>& spots) {
  for (const auto& [pointer, node] : spots) {
    if (node.kind() != json::Kind::Object || node.size() == 0) continue;
    std::set<std::string_view> names;
    for (const auto [name, value] : node.members()) {
      fuzz::must(names.insert(name).second, "a name is there once", pointer);
    }
    auto text = json::to_text(node);
    text.back() = ',';
    text += json::quoted(*names.begin()) + ":0}";
    const auto twice = json::Document::parse(text);
    fuzz::must(!twice && twice.error().code == ErrorCode::Malformed, "a name twice is refused",
               text);
  }
}

void check_pointers(json::Node root, const std::vector<fuzz::Spot>& spots) {
  constexpr std::size_t kMost = 50;  // each is searched from the root
  for (std::size_t i = 0; i < std::min(spots.size(), kMost); ++i) {
    fuzz::must(spots[i].node.pointer() == spots[i].pointer, "a value knows its place",
               spots[i].pointer);
  }
  fuzz::must(root.pointer().empty(), "the root is nowhere below");
}

bool is_whole(const fuzz::Spot& spot) {
  if (spot.node.kind() != json::Kind::Number) return true;
  try {
    return spot.node.integer().has_value();
  } catch (const json::Malformed&) {
    return false;
  }
}

void check_same(json::Node root, const std::string& text) {
  const auto again = json::Document::parse(text);
  fuzz::must(again && again->root().equals(root), "what is written is read as the same", text);
  fuzz::must(json::to_text(again->root()) == text, "and written as the same", text);
  fuzz::must(json::Document::copy_of(root).root().equals(root), "a copy is the same", text);
  const auto located = json::read_json(text);
  fuzz::must(located.errors.empty() && located.documents.size() == 1 &&
                 located.documents[0].root().equals(root),
             "the reader that knows places reads the same", text);
  const auto yaml = json::to_yaml(root);
  const auto from_yaml = json::read_yaml(yaml, json::Dialect::Manifest);
  if (root.kind() == json::Kind::Null) return;  // an empty document is none
  fuzz::must(from_yaml.errors.empty() && from_yaml.documents.size() == 1 &&
                 from_yaml.documents[0].root().equals(root),
             "YAML gives the same value back", text + "\n" + yaml);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = json::Document::parse(text);
  if (!document) {
    check_refusal(document.error(), text);
    return 0;
  }
  const auto spots = fuzz::spots_of(document->root());
  check_depth(document->root(), text);
  check_names(spots);
  check_pointers(document->root(), spots);
  // Other numbers are read to a few units in the last place.
  if (std::ranges::all_of(spots, is_whole))
    check_same(document->root(), json::to_text(document->root()));
  return 0;
}
