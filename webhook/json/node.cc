#include "json/node.h"

#include <algorithm>
#include <array>
#include <vector>

#include "json/rapid.h"

namespace cpods::json {
namespace {

std::string_view article_and_name(Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "nothing", "null", "a boolean", "a number", "a string", "an array", "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

// One step from a container to a value inside it.
struct Step {
  std::string_view key;
  std::size_t index = 0;
  bool is_key = false;
};

// Depth first; the steps from `from` to `target` are left in `steps`, innermost first. Most values
// of a large document are neither the target nor hold others, and are passed over without a call.
bool find_steps(const Value& from, const void* target, std::vector<Step>& steps) {
  const auto leads_there = [&](const Value& value) {
    return &value == target ||
           ((value.IsObject() || value.IsArray()) && find_steps(value, target, steps));
  };
  if (from.IsObject()) {
    for (const auto& member : from.GetObject()) {
      if (!leads_there(member.value)) continue;
      steps.push_back({text_of(member.name), 0, true});
      return true;
    }
  } else if (from.IsArray()) {
    for (const auto& element : from.GetArray()) {
      if (!leads_there(element)) continue;
      steps.push_back({{}, static_cast<std::size_t>(&element - from.Begin()), false});
      return true;
    }
  }
  return false;
}

std::vector<Step> steps_between(const void* root, const void* target) {
  std::vector<Step> steps;
  if (root != nullptr && target != nullptr) {
    find_steps(*static_cast<const Value*>(root), target, steps);
    std::ranges::reverse(steps);
  }
  return steps;
}

std::vector<const Value::Member*> sorted_members(const Value& object) {
  std::vector<const Value::Member*> members;
  members.reserve(object.MemberCount());
  for (const auto& member : object.GetObject()) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) { return text_of(member->name); });
  return members;
}

bool same_value(const Value& a, const Value& b);

bool same_name(const Value::Member& a, const Value::Member& b) {
  return text_of(a.name) == text_of(b.name);
}

bool same_member(const Value::Member& a, const Value::Member& b) {
  return same_name(a, b) && same_value(a.value, b.value);
}

// Mostly the order is the same. Where it is not, both are sorted: looking each name up in the other
// object is quadratic, and sizes are a stranger's to choose.
bool same_members(const Value& a, const Value& b) {
  if (a.MemberCount() != b.MemberCount()) return false;
  if (std::equal(a.MemberBegin(), a.MemberEnd(), b.MemberBegin(), same_name)) {
    return std::equal(a.MemberBegin(), a.MemberEnd(), b.MemberBegin(), same_member);
  }
  return std::ranges::equal(sorted_members(a), sorted_members(b),
                            [](const auto* x, const auto* y) { return same_member(*x, *y); });
}

bool same_value(const Value& a, const Value& b) {
  if (a.IsObject() && b.IsObject()) return same_members(a, b);
  if (!a.IsArray() || !b.IsArray()) return a == b;
  return std::equal(a.Begin(), a.End(), b.Begin(), b.End(), same_value);
}

// A key that would be misread in a dotted path is written ["like.this"].
bool is_plain(std::string_view key) {
  return !key.empty() && key.find_first_of(".[]\"/ ") == std::string_view::npos;
}

}  // namespace

Kind Node::kind() const {
  if (value_ == nullptr) return Kind::Missing;
  switch (value_of(*this).GetType()) {
    case rapidjson::kNullType:
      return Kind::Null;
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return Kind::Boolean;
    case rapidjson::kObjectType:
      return Kind::Object;
    case rapidjson::kArrayType:
      return Kind::Array;
    case rapidjson::kStringType:
      return Kind::String;
    case rapidjson::kNumberType:
      return Kind::Number;
  }
  return Kind::Missing;
}

bool Node::present() const {
  return value_ != nullptr && !value_of(*this).IsNull();
}

void Node::require(Kind wanted) const {
  if (kind() == wanted) return;
  throw Malformed(pointer(), "must be " + std::string(article_and_name(wanted)) + ", but is " +
                                 std::string(article_and_name(kind())));
}

Node Node::operator[](std::string_view key) const {
  if (!present()) return {};
  const auto& value = value_of(*this);
  if (!value.IsObject()) require(Kind::Object);
  const auto name = rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  const auto found = value.FindMember(Value(name));
  if (found == value.MemberEnd()) return {};
  return {&found->value, root_};
}

Node Node::at(std::size_t index) const {
  const auto& value = value_of(*this);
  if (!value.IsArray()) require(Kind::Array);  // size() counts an object's members, too
  return {&value[static_cast<rapidjson::SizeType>(index)], root_};
}

Node::Member Node::member(std::size_t index) const {
  const auto& member = *(value_of(*this).MemberBegin() + static_cast<std::ptrdiff_t>(index));
  return {text_of(member.name), Node(&member.value, root_)};
}

std::size_t Node::size() const {
  if (!present()) return 0;
  const auto& value = value_of(*this);
  if (value.IsArray()) return value.Size();
  if (value.IsObject()) return value.MemberCount();
  require(Kind::Array);
  return 0;
}

Node::Elements Node::elements() const {
  if (!present()) return {*this, 0};
  require(Kind::Array);
  return {*this, value_of(*this).Size()};
}

Node::Members Node::members() const {
  if (!present()) return {*this, 0};
  require(Kind::Object);
  return {*this, value_of(*this).MemberCount()};
}

std::string_view Node::text() const {
  if (!present()) return {};
  require(Kind::String);
  return text_of(value_of(*this));
}

bool Node::flag(bool otherwise) const {
  if (!present()) return otherwise;
  require(Kind::Boolean);
  return value_of(*this).GetBool();
}

std::optional<std::int64_t> Node::integer() const {
  if (!present()) return std::nullopt;
  require(Kind::Number);
  const auto& value = value_of(*this);
  if (!value.IsInt64()) throw Malformed(pointer(), "must be a whole number within 64 bits");
  return value.GetInt64();
}

std::string Node::pointer() const {
  std::string out;
  for (const auto& step : steps_between(root_, value_)) {
    out += '/';
    if (step.is_key) {
      out += escape_token(step.key);
    } else {
      out += std::to_string(step.index);
    }
  }
  return out;
}

std::string Node::field_path() const {
  std::string out;
  for (const auto& step : steps_between(root_, value_)) {
    if (!step.is_key) {
      out += "[" + std::to_string(step.index) + "]";
    } else if (is_plain(step.key)) {
      out += (out.empty() ? "" : ".") + std::string(step.key);
    } else {
      out += "[\"" + std::string(step.key) + "\"]";
    }
  }
  return out;
}

bool Node::equals(Node other) const {
  if (value_ == nullptr || other.value_ == nullptr) return value_ == other.value_;
  return same_value(value_of(*this), value_of(other));
}

std::string escape_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string to_text(Node node) {
  if (node.kind() == Kind::Missing) return "null";
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value_of(node).Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace cpods::json
