// From untyped YAML parts to JSON values. Merge keys follow go-yaml v2, which kubectl uses: members
// are set in document order and the later one wins, be it merged or written out.

#include "json/yaml.h"

#include <cmath>
#include <unordered_map>

#include "base/bytes.h"
#include "base/limits.h"
#include "json/located_builder.h"
#include "json/text_place.h"
#include "json/yaml_scalar.h"
#include "json/yaml_tree.h"

namespace cpods::json {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

bool is_merge_key(const YamlPart& part) {
  return part.kind == YamlPart::Kind::Scalar && part.text == "<<" &&
         (part.plain || part.tag == "tag:yaml.org,2002:merge");
}

std::string_view name_of(const YamlScalar& scalar) {
  if (std::holds_alternative<std::monostate>(scalar)) return "null";
  if (std::holds_alternative<bool>(scalar)) return "a boolean";
  return is_text(scalar) ? "a string" : "a number";
}

class Emitter {
 public:
  Emitter(const YamlTree& tree, Dialect dialect, LocatedBuilder& builder,
          std::vector<TextError>& errors)
      : tree_(tree), policy_(dialect == Dialect::Policy), builder_(builder), errors_(errors) {}

  void emit(std::uint32_t index) {
    if (builder_.stopped() || exhausted_) return;
    const auto& part = tree_.parts[index];
    if (policy_) refuse_decoration(part);
    switch (part.kind) {
      case YamlPart::Kind::Alias:
        if (policy_) {
          builder_.scalar(Value(), part.place);
        } else {
          emit(part.target);
        }
        return;
      case YamlPart::Kind::Sequence:
        builder_.start_array(part.place);
        for (const auto child : part.children) emit(child);
        builder_.end();
        return;
      case YamlPart::Kind::Mapping:
        emit_mapping(part);
        return;
      case YamlPart::Kind::Scalar:
        emit_scalar(part);
    }
  }

  // Merge keys alone can use up the budget, without one value in the end.
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 private:
  struct Member {
    std::string name;
    Place place;
    std::uint32_t value;
    bool merged;
  };
  struct Members {
    std::vector<Member> list;
    std::unordered_map<std::string, std::size_t> by_name;
  };

  void report(Place place, std::string message) { errors_.push_back({place, std::move(message)}); }

  void refuse_decoration(const YamlPart& part) {
    if (part.kind == YamlPart::Kind::Alias) {
      report(part.place, "the alias *" + part.text +
                             ": policy files have no anchors and aliases; write the value out");
    } else if (part.anchored) {
      report(part.place,
             "an anchor: policy files have no anchors and aliases; write the value out");
    } else if (!part.tag.empty()) {
      report(part.place, "the tag " + shown(part.tag) +
                             ": policy files have no tags; quote the value if it is a string");
    }
  }

  static std::string shown(const std::string& tag) {
    return tag.starts_with(kTagPrefix) ? "!!" + tag.substr(kTagPrefix.size()) : tag;
  }

  YamlScalar resolve(const YamlPart& part) {
    if (part.plain) return policy_ ? resolve_core(part.text) : resolve_kubectl(part.text);
    if (policy_ || !part.tag.starts_with(kTagPrefix)) return YamlText{};
    return resolve_tagged(part);
  }

  // go-yaml's resolve() for a scalar with one of YAML's own tags.
  YamlScalar resolve_tagged(const YamlPart& part) {
    const auto tag = std::string_view(part.tag).substr(kTagPrefix.size());
    if (tag == "str" || tag == "binary" || tag == "timestamp" || tag == "merge") return YamlText{};
    const auto value = resolve_kubectl(part.text);
    const bool integer =
        std::holds_alternative<std::int64_t>(value) || std::holds_alternative<std::uint64_t>(value);
    const bool real = integer || std::holds_alternative<double>(value);
    const bool fits = tag == "null"    ? std::holds_alternative<std::monostate>(value)
                      : tag == "bool"  ? std::holds_alternative<bool>(value)
                      : tag == "int"   ? integer
                      : tag == "float" ? real
                                       : false;
    if (fits) return value;
    if (tag == "null" || tag == "bool" || tag == "int" || tag == "float") {
      report(part.place, "\"" + part.text + "\" is no " + shown(part.tag));
    }
    return YamlText{};
  }

  void emit_scalar(const YamlPart& part) {
    const auto scalar = resolve(part);
    builder_.scalar(to_value(part, policy_ ? scalar : as_kubectl_sends(scalar)), part.place);
  }

  Value to_value(const YamlPart& part, const YamlScalar& scalar) {
    if (const auto* flag = std::get_if<bool>(&scalar)) return Value(*flag);
    if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return Value(*integer);
    if (const auto* natural = std::get_if<std::uint64_t>(&scalar)) return Value(*natural);
    if (std::holds_alternative<YamlText>(scalar)) return text_value(part);
    if (const auto* real = std::get_if<double>(&scalar)) {
      if (std::isfinite(*real)) return Value(*real);
      report(part.place, part.text + " is not a JSON number; quote it if it is a string");
    } else if (std::holds_alternative<YamlTooLarge>(scalar)) {
      report(part.place, "the number " + part.text + " is too large; quote it if it is a string");
    }
    return {};
  }

  Value text_value(const YamlPart& part) { return builder_.text(plain_text(part), part.place); }

  // What a scalar says that is a string.
  std::string plain_text(const YamlPart& part) {
    if (policy_ || part.tag != "tag:yaml.org,2002:binary") return part.text;
    const auto bytes = base64_decode(part.text);
    if (bytes && !find_bad_encoding(as_text(*bytes))) return std::string(as_text(*bytes));
    report(part.place, "!!binary must be base64 of UTF-8 text");
    return {};
  }

  std::string key_text(const YamlPart& part) {
    const auto& key = part.kind == YamlPart::Kind::Alias ? tree_.parts[part.target] : part;
    if (policy_) refuse_decoration(part);
    if (key.kind != YamlPart::Kind::Scalar) {
      report(part.place, "a key must be a string, not a list or a mapping");
      return {};
    }
    const auto value = resolve(key);
    if (is_text(value)) return plain_text(key);
    if (policy_) {
      report(part.place, "the key " + key.text + " is " + std::string(name_of(value)) +
                             "; write it in quotes: \"" + key.text + "\"");
      return key.text;
    }
    auto name = kubectl_key(value);
    if (name.empty()) {
      report(part.place, "the key " + (key.text.empty() ? "(empty)" : key.text) +
                             " cannot be a JSON name; write it in quotes");
    }
    return name;
  }

  void emit_mapping(const YamlPart& part) {
    Members members;
    collect(part, false, 0, members);
    builder_.start_object(part.place);
    for (const auto& member : members.list) {
      if (builder_.stopped()) return;
      builder_.key(member.name, member.place);
      emit(member.value);
    }
    builder_.end();
  }

  // The members of a mapping with its merge keys resolved.
  void collect(const YamlPart& mapping, bool merging, std::size_t depth, Members& out) {
    if (depth > limits::kJsonDepth || spent_ > limits::kYamlNodes) {
      if (!exhausted_) report(mapping.place, "the merge keys (<<) expand to too much");
      exhausted_ = true;
      return;
    }
    for (std::size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      ++spent_;
      const auto& key = tree_.parts[mapping.children[i]];
      if (is_merge_key(key)) {
        merge(key, mapping.children[i + 1], depth, out);
      } else {
        set({key_text(key), key.place, mapping.children[i + 1], merging}, out);
      }
    }
  }

  // Two members written out under one name both stay: the builder refuses the second.
  static void set(Member member, Members& out) {
    const auto [found, is_new] = out.by_name.try_emplace(member.name, out.list.size());
    if (!is_new && (member.merged || out.list[found->second].merged)) {
      out.list[found->second] = std::move(member);
    } else {
      out.list.push_back(std::move(member));
    }
  }

  void merge(const YamlPart& key, std::uint32_t value, std::size_t depth, Members& out) {
    if (policy_) {
      report(key.place, "a merge key (<<): policy files have none; write the fields out");
      return;
    }
    const auto& source = unaliased(value);
    if (source.kind == YamlPart::Kind::Mapping) {
      collect(source, true, depth + 1, out);
      return;
    }
    // Earlier mappings of a list take precedence, so they are set last.
    const bool is_list = tree_.parts[value].kind == YamlPart::Kind::Sequence;
    if (!is_list) report(key.place, "a merge key (<<) needs a mapping or a list of mappings");
    for (auto i = is_list ? source.children.size() : 0; i > 0; --i) {
      const auto& each = unaliased(source.children[i - 1]);
      if (each.kind == YamlPart::Kind::Mapping) {
        collect(each, true, depth + 1, out);
      } else {
        report(each.place, "a merge key (<<) needs a mapping or a list of mappings");
      }
    }
  }

  const YamlPart& unaliased(std::uint32_t index) const {
    const auto& part = tree_.parts[index];
    return part.kind == YamlPart::Kind::Alias ? tree_.parts[part.target] : part;
  }

  const YamlTree& tree_;
  bool policy_;
  LocatedBuilder& builder_;
  std::vector<TextError>& errors_;
  std::size_t spent_ = 0;
  bool exhausted_ = false;
};

// Nothing but comments, or an explicit nothing between two separators.
bool is_empty(const YamlTree& tree) {
  const auto& root = tree.parts.front();
  return root.kind == YamlPart::Kind::Scalar && root.plain && root.text.empty();
}

}  // namespace

ReadText read_yaml(std::string_view text, Dialect dialect, std::uint32_t first_line,
                   Budget budget) {
  ReadText out;
  text = without_bom(text);
  if (auto bad = find_bad_encoding(text, first_line)) {
    out.errors.push_back(std::move(*bad));
    return out;
  }
  YamlStream stream(text, first_line);
  while (const auto tree = stream.next()) {
    if (is_empty(*tree)) continue;
    if (dialect == Dialect::Policy && tree->directive) {
      out.errors.push_back(
          {*tree->directive, "a %YAML directive: policy files are YAML 1.2 always; leave it out"});
    }
    LocatedBuilder builder(out.errors, budget.values);
    Emitter emitter(*tree, dialect, builder, out.errors);
    emitter.emit(0);
    if (builder.stopped() || emitter.exhausted()) return out;
    out.documents.push_back(builder.take());
    if (out.documents.size() > budget.documents) {
      return with_too_many(std::move(out), budget.documents);
    }
  }
  if (stream.error()) out.errors.push_back(*stream.error());
  return out;
}

ReadText read_documents(std::string_view text, Dialect dialect, std::uint32_t first_line,
                        Budget budget) {
  const auto first = without_bom(text).find_first_not_of(" \t\r\n");
  const bool bracket =
      first != text.npos && std::string_view("{[").contains(without_bom(text)[first]);
  if (!bracket) return read_yaml(text, dialect, first_line, budget);
  auto as_json = read_json(text, first_line, budget);
  if (as_json.errors.empty() || !as_json.errors.back().ends_text) return as_json;
  auto as_yaml = read_yaml(text, dialect, first_line, budget);
  const bool only_yaml = as_yaml.errors.empty() || !as_yaml.errors.back().ends_text;
  return only_yaml ? std::move(as_yaml) : std::move(as_json);
}

}  // namespace cpods::json
