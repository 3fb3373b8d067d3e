// Patches as the product builds them: applied to a Pod they do what the same edits do to a naive
// tree, and leave the order of everything else alone.

#include <cstdint>

#include "fuzz/pods.h"
#include "fuzz/scene.h"

namespace {

using namespace cpods;

// Each edit may copy half of the tree into its other half.
constexpr std::size_t kEdits = 8;
constexpr std::size_t kDepth = 1000;
constexpr std::size_t kValueDepth = 40;

struct Tree {
  json::Kind kind = json::Kind::Null;
  std::string scalar;              // as JSON
  std::vector<std::string> names;  // of an object's children
  std::vector<Tree> children;

  std::size_t find(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  }
  void set(const std::string& name, Tree value) {
    const auto at = find(name);
    if (at < names.size()) {
      children[at] = std::move(value);
    } else {
      names.push_back(name);
      children.push_back(std::move(value));
    }
  }
  void insert(std::size_t at, Tree value) {
    children.insert(children.begin() + static_cast<std::ptrdiff_t>(at), std::move(value));
  }
  void erase(std::size_t at) {
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(at));
    if (!names.empty()) names.erase(names.begin() + static_cast<std::ptrdiff_t>(at));
  }
};

Tree tree_of(json::Node node) {
  Tree tree;
  tree.kind = node.kind();
  if (tree.kind == json::Kind::Array) {
    for (const json::Node each : node.elements()) tree.children.push_back(tree_of(each));
  } else if (tree.kind == json::Kind::Object) {
    for (const auto [name, value] : node.members()) tree.set(std::string(name), tree_of(value));
  } else {
    tree.scalar = json::to_text(node);
  }
  return tree;
}

Tree tree_of(const std::string& text) {
  return tree_of(json::Document::parse(text)->root());
}

std::string text_of(const Tree& tree) {
  if (tree.kind != json::Kind::Array && tree.kind != json::Kind::Object) return tree.scalar;
  const bool is_array = tree.kind == json::Kind::Array;
  std::string out = is_array ? "[" : "{";
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    if (i > 0) out += ',';
    if (!is_array) out += json::quoted(tree.names[i]) + ":";
    out += text_of(tree.children[i]);
  }
  return out + (is_array ? "]" : "}");
}

struct Place {
  std::string pointer;
  Tree* tree;
};

void collect_containers(Tree& tree, const std::string& pointer, std::vector<Place>& places) {
  if (tree.kind != json::Kind::Array && tree.kind != json::Kind::Object) return;
  places.push_back({pointer, &tree});
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const auto token =
        tree.kind == json::Kind::Array ? std::to_string(i) : fuzz::pointer_token(tree.names[i]);
    collect_containers(tree.children[i], pointer + "/" + token, places);
  }
}

class Editor {
 public:
  Editor(Tree& root, json::Patch& patch, fuzz::Choices& choices)
      : patch_(patch),
        choices_(choices),
        now_(*json::Document::parse(text_of(root), kDepth)),
        spots_(fuzz::spots_of(now_.root())) {
    std::vector<Place> places;
    collect_containers(root, "", places);
    place_ = choices.among(places);
  }

  // The same edit, of the tree and as operations of the patch.
  void edit() {
    auto& tree = *place_.tree;
    const auto kind = choices_.below(4);
    if (kind == 0 && !tree.children.empty()) {
      remove(choices_.below(tree.children.size()));
    } else if (tree.kind == json::Kind::Array) {
      insert(choices_.below(tree.children.size() + 1));
    } else if (kind == 1) {
      set(fuzz::some_key(choices_));
    } else {
      extend(fuzz::some_key(choices_), kind == 2);
    }
  }

 private:
  std::string some_value() {
    auto value = fuzz::some_value(choices_, spots_);
    return json::Document::parse(value, kValueDepth) ? value : "0";
  }
  [[nodiscard]] std::string below(const std::string& token) const {
    return place_.pointer + "/" + token;
  }

  void remove(std::size_t at) {
    auto& tree = *place_.tree;
    patch_.remove(below(tree.kind == json::Kind::Array ? std::to_string(at)
                                                       : fuzz::pointer_token(tree.names[at])));
    tree.erase(at);
  }
  void insert(std::size_t at) {
    auto& tree = *place_.tree;
    const auto value = some_value();
    const bool is_last = at == tree.children.size() && choices_.below(2) == 0;
    patch_.add(below(is_last ? "-" : std::to_string(at)), value);
    tree.insert(at, tree_of(value));
  }
  void set(const std::string& name) {
    const auto value = some_value();
    patch_.add(below(name), value);
    place_.tree->set(name, tree_of(value));
  }
  // The list of that name, which may be absent or null.
  void extend(const std::string& name, bool in_front) {
    auto& tree = *place_.tree;
    const auto at = tree.find(name);
    Tree list{.kind = json::Kind::Array, .scalar = {}, .names = {}, .children = {}};
    if (at < tree.names.size() && tree.children[at].kind != json::Kind::Null) {
      list = tree.children[at];
    }
    if (list.kind != json::Kind::Array) return;
    const auto parent = std::ranges::find(spots_, place_.pointer, &fuzz::Spot::pointer)->node;
    if (in_front) {
      const auto value = some_value();
      patch_.prepend(parent, place_.pointer, name, value);
      list.insert(0, tree_of(value));
    } else {
      std::vector<std::string> values(choices_.below(3));
      for (auto& value : values) value = some_value();
      patch_.append(parent, place_.pointer, name, values);
      if (values.empty()) return;
      for (const auto& value : values) list.children.push_back(tree_of(value));
    }
    tree.set(name, std::move(list));
  }

  json::Patch& patch_;
  fuzz::Choices& choices_;
  json::Document now_;
  std::vector<fuzz::Spot> spots_;
  Place place_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices({data, size});
  const auto pod = fuzz::some_seed(choices);
  auto tree = tree_of(pod.root());
  json::Patch patch;
  for (std::size_t edits = 0; edits < kEdits && choices.left(); ++edits) {
    Editor(tree, patch, choices).edit();
  }
  const auto after = fuzz::applied(pod.root(), patch.text());
  const auto expected = json::Document::parse(text_of(tree), kDepth);
  fuzz::must(json::to_text(after.root()) == json::to_text(expected->root()),
             "the patch does what the edits do", patch.text());
  return 0;
}
