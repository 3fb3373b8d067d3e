// Bounded parsing. RapidJSON recurses when it parses, prints, copies and compares, so depth has to
// be limited before a tree exists: every event goes through a guard that counts open brackets and
// stops the reader. The library keeps all duplicates of a key and finds the first, while Go keeps
// the last; two readers that disagree about one text are a way round any policy, so duplicates are
// refused. UTF-8 is checked over the whole text first, because checking it inside the parser costs
// more than the parse.

#include "json/document.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "json/rapid.h"

#include <rapidjson/reader.h>

namespace cpods::json {
namespace {

constexpr unsigned kFlags = rapidjson::kParseInsituFlag;

// Forwards every event to the document, and ends the parse when nesting exceeds the limit.
template <typename Target>
class DepthGuard {
 public:
  DepthGuard(Target& target, std::size_t limit) : target_(target), limit_(limit) {}

  bool Null() { return target_.Null(); }
  bool Bool(bool value) { return target_.Bool(value); }
  bool Int(int value) { return target_.Int(value); }
  bool Uint(unsigned value) { return target_.Uint(value); }
  bool Int64(std::int64_t value) { return target_.Int64(value); }
  bool Uint64(std::uint64_t value) { return target_.Uint64(value); }
  bool Double(double value) { return target_.Double(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool copy) {
    return target_.RawNumber(text, size, copy);
  }
  bool String(const char* text, rapidjson::SizeType size, bool copy) {
    return target_.String(text, size, copy);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return target_.Key(text, size, copy);
  }
  bool StartObject() { return ++depth_ <= limit_ && target_.StartObject(); }
  bool EndObject(rapidjson::SizeType size) {
    --depth_;
    return target_.EndObject(size);
  }
  bool StartArray() { return ++depth_ <= limit_ && target_.StartArray(); }
  bool EndArray(rapidjson::SizeType size) {
    --depth_;
    return target_.EndArray(size);
  }
  [[nodiscard]] bool exceeded() const { return depth_ > limit_; }

 private:
  Target& target_;
  std::size_t limit_;
  std::size_t depth_ = 0;
};

// What Document::Populate drives: the reader over the text, into the guard, into the document.
struct Generator {
  rapidjson::InsituStringStream stream;
  std::size_t limit;
  rapidjson::ParseResult result{};
  bool too_deep = false;

  bool operator()(rapidjson::Document& dom) {
    rapidjson::Reader reader;
    DepthGuard<rapidjson::Document> guard(dom, limit);
    result = reader.Parse<kFlags>(stream, guard);
    too_deep = guard.exceeded();
    return !result.IsError();
  }
};

// Names are a stranger's to choose, so they are sorted and not hashed: a table could be flooded
// with names of one hash.
const Value::Member* second_of_many(const Value& object) {
  std::vector<std::pair<std::string_view, const Value::Member*>> names;
  names.reserve(object.MemberCount());
  for (const auto& member : object.GetObject()) names.emplace_back(text_of(member.name), &member);
  std::ranges::sort(names);
  const auto twice =
      std::ranges::adjacent_find(names, {}, [](const auto& each) { return each.first; });
  return twice == names.end() ? nullptr : std::next(twice)->second;
}

// One of 64 bits for each name; names of different bits differ.
std::uint64_t mark_of(std::string_view name) {
  if (name.empty()) return 1;
  const auto first = static_cast<unsigned char>(name.front());
  const auto last = static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((name.size() * 7 + first * 3U + last) % 64);
}

const Value::Member* second_of_a_name(const Value& object) {
  constexpr rapidjson::SizeType kPairwise = 16;  // up to here comparing pairs beats sorting
  const auto size = object.MemberCount();
  if (size > kPairwise) return second_of_many(object);
  const auto* members = &*object.MemberBegin();
  std::uint64_t marks = 0;
  for (const auto* member = members; member != members + size; ++member) {
    const auto name = text_of(member->name);
    const auto mark = mark_of(name);
    const bool again = (marks & mark) != 0 && std::any_of(members, member, [&](const auto& other) {
                         return text_of(other.name) == name;
                       });
    if (again) return member;
    marks |= mark;
  }
  return nullptr;
}

const Value::Member* find_duplicate(const Value& value);

// Most values hold no others, and are passed over without a call.
const Value::Member* find_duplicate_within(const Value& value) {
  return value.IsObject() || value.IsArray() ? find_duplicate(value) : nullptr;
}

// The second member of a name anywhere in an object or array, or nullptr.
const Value::Member* find_duplicate(const Value& value) {
  if (value.IsArray()) {
    for (const auto& element : value.GetArray()) {
      if (const auto* found = find_duplicate_within(element)) return found;
    }
  } else if (value.MemberCount() > 0) {
    if (const auto* second = second_of_a_name(value)) return second;
    for (const auto& member : value.GetObject()) {
      if (const auto* found = find_duplicate_within(member.value)) return found;
    }
  }
  return nullptr;
}

// Under the address sanitizer nothing is used again, so that a Node that outlives its document is
// found.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kKept = 0;
#elif defined(__has_feature)
constexpr std::size_t kKept = __has_feature(address_sanitizer) ? 0 : 4;
#else
constexpr std::size_t kKept = 4;  // a review, its copy and its patch are alive at once
#endif

// Documents of static duration die after their thread's store has.
thread_local bool store_is_gone = false;

struct Store {
  std::vector<std::unique_ptr<Document::Memory>> kept;
  ~Store() { store_is_gone = true; }
};

std::vector<std::unique_ptr<Document::Memory>>& kept_memory() {
  thread_local Store store;
  return store.kept;
}

std::string offset(std::size_t at) {
  return "offset " + std::to_string(at);
}

}  // namespace

std::unique_ptr<Document::Memory> Document::Memory::take() {
  if (store_is_gone || kept_memory().empty()) return std::make_unique<Memory>();
  auto& kept = kept_memory();
  auto memory = std::move(kept.back());
  kept.pop_back();
  return memory;
}

void Document::Memory::give_back(std::unique_ptr<Memory> memory) {
  if (memory == nullptr || store_is_gone || kept_memory().size() >= kKept) return;
  memory->dom.SetNull();
  memory->allocator.Clear();
  memory->text = {};
  kept_memory().push_back(std::move(memory));
}

Document::Document(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&& other) noexcept {
  std::swap(memory_, other.memory_);
  return *this;
}
Document::~Document() {
  Memory::give_back(std::move(memory_));
}

Node Document::root() const {
  const Value& value = memory_->dom;
  return {&value, &value};
}

Document Document::copy_of(Node node) {
  auto memory = Memory::take();
  if (node.kind() != Kind::Missing) {
    memory->dom.CopyFrom(value_of(node), memory->dom.GetAllocator(), true);
  }
  return Document(std::move(memory));
}

Result<Document> Document::parse(std::string text, std::size_t depth) {
  if (const auto nul = text.find('\0'); nul != std::string::npos) {
    return failure(ErrorCode::Malformed, offset(nul), "a NUL byte is not JSON");
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return failure(ErrorCode::Malformed, "", "the text is not valid UTF-8");
  }
  auto memory = Memory::take();
  text.reserve(text.size() + limits::kReadAhead);
  memory->text = std::move(text);
  Generator generator{rapidjson::InsituStringStream(memory->text.data()), depth};
  memory->dom.Populate(generator);
  if (generator.too_deep) {
    return failure(ErrorCode::TooLarge, offset(generator.result.Offset()),
                   "nested deeper than " + std::to_string(depth) + " levels");
  }
  if (generator.result.IsError()) {
    return failure(ErrorCode::Malformed, offset(generator.result.Offset()),
                   error_text(generator.result));
  }
  if (const auto* second = find_duplicate_within(memory->dom)) {
    return failure(ErrorCode::Malformed, Node(&second->value, &memory->dom).pointer(),
                   "the key \"" + std::string(text_of(second->name)) + "\" appears twice");
  }
  return Document(std::move(memory));
}

}  // namespace cpods::json
