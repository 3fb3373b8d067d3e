// RapidJSON's validator reports a tree: keyword → one error or a list of them, each with an error
// code, a fragment into the value and one into the schema. Here each becomes one sentence; what the
// sentence needs to name (the allowed words, the known fields) is looked up in the schema itself.

#include "json/schema.h"

#include "base/limits.h"

#include <algorithm>
#include <utility>

#include "json/located.h"
#include "json/rapid.h"
#include "json/suggestion.h"

#include <rapidjson/schema.h>

namespace cpods::json {
namespace {

using rapidjson::Pointer;

Node node_of(const Value& value) {
  return {&value, &value};
}

// Plain words for draft-04's types.
std::string type_words(const Value& name) {
  static const std::vector<std::pair<std::string_view, std::string_view>> kWords = {
      {"null", "null"},      {"boolean", "true or false"}, {"object", "a mapping"},
      {"array", "a list"},   {"string", "a string"},       {"integer", "a whole number"},
      {"number", "a number"}};
  for (const auto& [type, words] : kWords) {
    if (type == text_of(name)) return std::string(words);
  }
  return std::string(text_of(name));
}

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const auto& each : list.GetArray()) {
    out.push_back(each.IsString() ? std::string(text_of(each)) : to_text(node_of(each)));
  }
  return out;
}

std::vector<std::string> member_names(const Value& object) {
  std::vector<std::string> out;
  for (const auto& member : object.GetObject()) out.emplace_back(text_of(member.name));
  return out;
}

Pointer pointer_in(const Value& error, const char* name) {
  const auto text = text_of(error[name]);
  return Pointer(text.data(), text.size());
}

// The validator's own values have another allocator, so another type.
template <typename Errors>
rapidjson::Document copy_of(const Errors& errors) {
  rapidjson::Document copy;
  copy.CopyFrom(errors, copy.GetAllocator(), true);
  return copy;
}

std::string text_of(const Pointer& pointer) {
  rapidjson::StringBuffer buffer;
  pointer.Stringify(buffer);
  return {buffer.GetString(), buffer.GetSize()};
}

// Turns the validator's errors about one value into violations.
class Teller {
 public:
  Teller(const rapidjson::Document& schema, const Value& value) : schema_(schema), value_(value) {}

  void tell_all(const Value& errors) {
    for (const auto& member : errors.GetObject()) {
      if (member.value.IsArray()) {
        for (const auto& each : member.value.GetArray()) tell(each);
      } else {
        tell(member.value);
      }
    }
  }
  [[nodiscard]] std::vector<Violation> take() { return std::move(violations_); }

 private:
  void add(const Pointer& at, std::string sentence, bool at_key = false) {
    if (is_full()) return;
    violations_.push_back({text_of(at), at_key, std::move(sentence)});
  }

  [[nodiscard]] bool is_full() const { return violations_.size() >= limits::kDiagnostics; }

  void tell(const Value& error) {
    if (is_full()) return;
    const auto at = pointer_in(error, "instanceRef");
    const auto* rule = pointer_in(error, "schemaRef").Get(schema_);
    switch (error["errorCode"].GetInt()) {
      case rapidjson::kValidateErrorRequired:
        for (const auto& name : texts(error["missing"])) {
          add(at, "the field \"" + name + "\" is missing");
        }
        return;
      case rapidjson::kValidateErrorAdditionalProperties:
        return tell_unknown_field(at, std::string(json::text_of(error["disallowed"])), rule);
      case rapidjson::kValidateErrorType:
        return tell_type(at, error);
      case rapidjson::kValidateErrorEnum:
        return tell_enum(at, rule);
      case rapidjson::kValidateErrorPattern:
        return tell_pattern(at, rule);
      case rapidjson::kValidateErrorMinProperties:
      case rapidjson::kValidateErrorMaxProperties:
        return tell_property_count(at, rule, error);
      default:
        return add(at, limit_sentence(error));
    }
  }

  void tell_unknown_field(const Pointer& parent, const std::string& name, const Value* rule) {
    const auto known = rule != nullptr && rule->HasMember("properties")
                           ? member_names((*rule)["properties"])
                           : std::vector<std::string>();
    std::string hint = did_you_mean(name, known);
    if (hint.empty() && !known.empty()) hint = "; known here: " + list_of(known);
    const Pointer at = parent.Append(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    add(at, "unknown field \"" + name + "\"" + hint, true);
  }

  static std::string list_of(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
  }

  void tell_type(const Pointer& at, const Value& error) {
    std::vector<std::string> expected;
    for (const auto& type : error["expected"].GetArray()) expected.push_back(type_words(type));
    const auto& actual = error["actual"];
    const auto* value = at.Get(value_);
    std::string sentence = "must be " + one_of(expected) + ", but is ";
    const bool scalar = value != nullptr && (value->IsBool() || value->IsNumber());
    sentence += scalar ? to_text(node_of(*value)) : type_words(actual);
    if (scalar && expected.front() == "a string") {
      sentence += "; write \"" + to_text(node_of(*value)) + "\"";
    }
    add(at, sentence);
  }

  // Enough to know it by: what was written where it does not belong may be long, and a secret.
  static std::string shown(const Value& value) {
    constexpr std::size_t kLongest = 80;
    auto text = to_text(node_of(value));
    if (text.size() <= kLongest) return text;
    text.resize(kLongest / 2);
    return text + "… (" + std::to_string(value.GetStringLength()) + " characters)";
  }

  void tell_enum(const Pointer& at, const Value* rule) {
    const auto* value = at.Get(value_);
    if (rule == nullptr || value == nullptr) return add(at, "is not an allowed value");
    const auto allowed = texts((*rule)["enum"]);
    std::string sentence = "must be " + one_of(allowed) + ", not " + shown(*value);
    if (value->IsString()) sentence += did_you_mean(json::text_of(*value), allowed);
    add(at, sentence);
  }

  void tell_pattern(const Pointer& at, const Value* rule) {
    const auto* value = at.Get(value_);
    const bool worded = rule != nullptr && rule->HasMember("patternErrorMessage");
    add(at, (worded ? std::string(json::text_of((*rule)["patternErrorMessage"]))
                    : std::string("is not of the right form")) +
                ", not " + (value == nullptr ? "this" : shown(*value)));
  }

  void tell_property_count(const Pointer& at, const Value* rule, const Value& error) {
    if (rule != nullptr && rule->HasMember("properties") && is_one(rule, "minProperties") &&
        is_one(rule, "maxProperties")) {
      return add(at, "must have exactly one of " + one_of(member_names((*rule)["properties"])));
    }
    add(at, limit_sentence(error));
  }

  static bool is_one(const Value* rule, const char* keyword) {
    return rule->HasMember(keyword) && (*rule)[keyword] == 1;
  }

  static std::string limit_sentence(const Value& error) {
    const auto limit =
        error.HasMember("expected") ? to_text(node_of(error["expected"])) : std::string();
    switch (error["errorCode"].GetInt()) {
      case rapidjson::kValidateErrorMinimum:
        return "must be at least " + limit;
      case rapidjson::kValidateErrorMaximum:
        return "must be at most " + limit;
      case rapidjson::kValidateErrorMinLength:
        return limit == "1" ? "must not be empty" : "must have at least " + limit + " characters";
      case rapidjson::kValidateErrorMaxLength:
        return "must have at most " + limit + " characters";
      case rapidjson::kValidateErrorMinItems:
        return limit == "1" ? "must not be empty" : "must have at least " + limit + " entries";
      case rapidjson::kValidateErrorMaxItems:
        return "must have at most " + limit + " entries";
      case rapidjson::kValidateErrorMinProperties:
        return limit == "1" ? "must not be empty" : "must have at least " + limit + " fields";
      case rapidjson::kValidateErrorMaxProperties:
        return "must have at most " + limit + " fields";
      default:
        return "breaks the rule at " + std::string(json::text_of(error["schemaRef"])) +
               " of the schema";
    }
  }

  const rapidjson::Document& schema_;
  const Value& value_;
  std::vector<Violation> violations_;
};

}  // namespace

struct Schema::Compiled {
  rapidjson::Document text;
  std::unique_ptr<rapidjson::SchemaDocument> schema;
};

Schema::Schema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::compile(std::string_view text, std::string_view pointer) {
  auto compiled = std::make_unique<Compiled>();
  if (compiled->text.Parse(text.data(), text.size()).HasParseError()) {
    return failure(ErrorCode::Malformed,
                   "offset " + std::to_string(compiled->text.GetErrorOffset()),
                   "the schema is not JSON");
  }
  compiled->schema = std::make_unique<rapidjson::SchemaDocument>(
      compiled->text, nullptr, 0, nullptr, nullptr, Pointer(pointer.data(), pointer.size()));
  const auto errors = copy_of(compiled->schema->GetError());
  if (errors.IsObject() && !errors.ObjectEmpty()) {
    return failure(ErrorCode::Invalid, std::string(pointer), to_text(node_of(errors)));
  }
  return Schema(std::move(compiled));
}

std::vector<Violation> Schema::violations(Node value) const {
  rapidjson::SchemaValidator validator(*compiled_->schema);
  validator.SetValidateFlags(rapidjson::kValidateContinueOnErrorFlag);
  value_of(value).Accept(validator);
  if (validator.IsValid()) return {};  // with that flag, Accept() says true whatever it finds
  Teller teller(compiled_->text, value_of(value));
  teller.tell_all(copy_of(validator.GetError()));
  return teller.take();
}

}  // namespace cpods::json
