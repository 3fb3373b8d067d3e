#include "json/located_builder.h"

namespace cpods::json {

Value LocatedBuilder::copied(std::string_view text) {
  return Value(text.data(), static_cast<rapidjson::SizeType>(text.size()),
               memory_->dom.GetAllocator());
}

bool LocatedBuilder::spend(std::size_t bytes, Place place) {
  bytes_ += bytes;
  if (bytes_ <= limits::kManifestBytes) return true;
  if (!stopped_) {
    stop(place, "more than " + std::to_string(limits::kManifestBytes >> 20) + " MiB of text");
  }
  return false;
}

Value LocatedBuilder::text(std::string_view value, Place place) {
  return spend(value.size(), place) ? copied(value) : Value();
}

void LocatedBuilder::stop(Place place, std::string message) {
  errors_.push_back({place, std::move(message), true});
  stopped_ = true;
}

void LocatedBuilder::key(std::string_view name, Place place) {
  if (stopped_ || !spend(name.size(), place)) return;
  auto& parent = open_.back();
  parent.name = name;
  parent.name_place = place;
  const auto [first, is_new] = parent.names.try_emplace(parent.name, place);
  parent.dropped = !is_new;
  if (is_new) return;
  errors_.push_back({place, "duplicate key \"" + parent.name + "\"; it stands on line " +
                                std::to_string(first->second.line) + " already"});
}

// Counts and marks a value that begins here; false when nothing more is taken.
bool LocatedBuilder::begin(Place place) {
  if (stopped_) return false;
  if (++values_ > budget_) {
    stop(place, "more than " + std::to_string(budget_) + " values");
    return false;
  }
  const bool named = !open_.empty() && open_.back().container.IsObject();
  marks_.push_back({named ? open_.back().name_place : place, place, 1});
  return true;
}

void LocatedBuilder::open(Value container, Place place) {
  if (open_.size() >= limits::kJsonDepth) {
    if (!stopped_) {
      stop(place, "nested deeper than " + std::to_string(limits::kJsonDepth) + " levels");
    }
    return;
  }
  if (!begin(place)) return;
  open_.push_back({std::move(container), marks_.size() - 1, {}, {}, {}, false});
}

void LocatedBuilder::end() {
  if (stopped_) return;
  const auto mark = open_.back().mark;
  Value value = std::move(open_.back().container);
  open_.pop_back();
  attach(std::move(value), mark);
}

void LocatedBuilder::scalar(Value value, Place place) {
  if (begin(place)) attach(std::move(value), marks_.size() - 1);
}

void LocatedBuilder::attach(Value value, std::size_t mark) {
  marks_[mark].nodes = static_cast<std::uint32_t>(marks_.size() - mark);
  auto& allocator = memory_->dom.GetAllocator();
  if (open_.empty()) {
    static_cast<Value&>(memory_->dom) = std::move(value);
    complete_ = true;
    return;
  }
  auto& parent = open_.back();
  if (parent.container.IsArray()) {
    parent.container.PushBack(value, allocator);
  } else if (parent.dropped) {
    marks_.resize(mark);
  } else {
    parent.container.AddMember(copied(parent.name), value, allocator);
  }
}

LocatedDocument LocatedBuilder::take() {
  return {Document(std::move(memory_)), std::move(marks_)};
}

}  // namespace cpods::json
