#include "json/patch.h"

#include <algorithm>

#include "json/rapid.h"
#include "json/writer.h"

namespace cpods::json {
namespace {

std::string child(std::string_view parent, std::string_view key, std::string_view last = {}) {
  std::string path(parent);
  path += '/';
  path += key;
  path += last;
  return path;
}

// Splits "/a/b/c" into the pointer to its parent and the last, unescaped token.
struct Target {
  Value* parent = nullptr;
  std::string last;
};

std::optional<Target> resolve(rapidjson::Document& document, std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;  // RapidJSON would read "#/a" as a URI fragment
  const rapidjson::Pointer pointer(path.data(), path.size());
  const auto count = pointer.GetTokenCount();
  if (!pointer.IsValid() || count == 0) return std::nullopt;
  const auto& last = pointer.GetTokens()[count - 1];
  const rapidjson::Pointer parent(pointer.GetTokens(), count - 1);
  Target target{parent.Get(document), std::string(last.name, last.length)};
  if (target.parent == nullptr) return std::nullopt;
  return target;
}

std::optional<rapidjson::SizeType> index_in(const Value& array, const std::string& token) {
  if (token.empty() || token.size() > 9 ||
      token.find_first_not_of("0123456789") != std::string::npos ||
      (token.size() > 1 && token[0] == '0')) {
    return std::nullopt;
  }
  const auto index = static_cast<rapidjson::SizeType>(std::stoul(token));
  if (index > array.Size()) return std::nullopt;
  return index;
}

void insert(Value& array, rapidjson::SizeType index, Value& value,
            rapidjson::Document::AllocatorType& allocator) {
  array.PushBack(value, allocator);
  std::rotate(array.Begin() + index, array.End() - 1, array.End());
}

bool apply_add(rapidjson::Document& document, std::string_view path, const Value& value) {
  auto& allocator = document.GetAllocator();
  const auto target = resolve(document, path);
  if (!target) return false;
  Value copy(value, allocator, true);
  if (target->parent->IsArray()) {
    if (target->last == "-") {
      target->parent->PushBack(copy, allocator);
      return true;
    }
    const auto index = index_in(*target->parent, target->last);
    if (index) insert(*target->parent, *index, copy, allocator);
    return index.has_value();
  }
  if (!target->parent->IsObject()) return false;
  const auto found = target->parent->FindMember(target->last);
  if (found != target->parent->MemberEnd()) {
    found->value = std::move(copy);
  } else {
    target->parent->AddMember(Value(target->last, allocator), copy, allocator);
  }
  return true;
}

bool apply_remove(rapidjson::Document& document, std::string_view path) {
  const auto target = resolve(document, path);
  if (!target) return false;
  if (target->parent->IsArray()) {
    const auto index = index_in(*target->parent, target->last);
    if (!index || *index == target->parent->Size()) return false;
    target->parent->Erase(target->parent->Begin() + *index);
    return true;
  }
  return target->parent->IsObject() && target->parent->EraseMember(target->last);
}

bool apply_one(rapidjson::Document& document, Node operation) {
  const auto op = operation["op"].text();
  const auto path = operation["path"].text();
  const auto value = operation["value"];
  if (op == "remove") return apply_remove(document, path);
  return op == "add" && value.kind() != Kind::Missing && apply_add(document, path, value_of(value));
}

}  // namespace

void Patch::open_operation(std::string_view op, std::string_view path) {
  constexpr std::size_t kUsual = 4096;  // what placing a Pod takes
  operations_.empty() ? operations_.reserve(kUsual) : operations_.push_back(',');
  operations_ += R"({"op":")";
  operations_ += op;
  operations_ += R"(","path":)";
  append_quoted(operations_, path);
}

void Patch::add(std::string_view path, std::string_view value) {
  open_operation("add", path);
  operations_ += R"(,"value":)";
  operations_ += value;
  operations_ += '}';
}

void Patch::remove(std::string_view path) {
  open_operation("remove", path);
  operations_ += '}';
}

void Patch::append(Node parent, std::string_view parent_path, std::string_view key,
                   const std::vector<std::string>& values) {
  if (values.empty()) return;
  if (parent[key].present()) {
    for (const auto& value : values) add(child(parent_path, key, "/-"), value);
    return;
  }
  Writer list;
  list.array();
  for (const auto& value : values) list.raw(value);
  add(child(parent_path, key), list.end().take());
}

void Patch::prepend(Node parent, std::string_view parent_path, std::string_view key,
                    std::string_view value) {
  if (parent[key].size() > 0) {
    add(child(parent_path, key, "/0"), value);
  } else {
    add(child(parent_path, key), "[" + std::string(value) + "]");
  }
}

Result<Document> apply(Node target, std::string_view patch) {
  auto operations = Document::parse(std::string(patch));
  if (!operations) return std::unexpected(operations.error());
  auto copy = Document::copy_of(target);
  try {
    std::size_t index = 0;
    for (const Node operation : operations->root().elements()) {
      if (!apply_one(copy.memory().dom, operation)) {
        return failure(ErrorCode::Invalid, "/" + std::to_string(index),
                       "cannot " + std::string(operation["op"].text()) + " " +
                           std::string(operation["path"].text()));
      }
      ++index;
    }
  } catch (const Malformed& malformed) {
    return failure(ErrorCode::Invalid, malformed.where(), malformed.what());
  }
  return copy;
}

}  // namespace cpods::json
