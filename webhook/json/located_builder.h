#pragma once
// Builds one LocatedDocument from a stream of values with their places: the common end of the YAML
// and the JSON reader. It refuses duplicate keys (both places told; the first one stays), nesting
// beyond limits::kJsonDepth, more values than its budget and, because aliases of YAML multiply it,
// more text than limits::kManifestBytes.
//
// Included by the json room's .cc files only. One owner, one thread.

#include <string>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "json/located.h"
#include "json/rapid.h"

namespace cpods::json {

class LocatedBuilder {
 public:
  explicit LocatedBuilder(std::vector<TextError>& errors, std::size_t budget = limits::kYamlNodes)
      : errors_(errors), budget_(budget), memory_(std::make_unique<Document::Memory>()) {}

  void start_object(Place place) { open(Value(rapidjson::kObjectType), place); }
  void start_array(Place place) { open(Value(rapidjson::kArrayType), place); }
  // The name of the next value; inside an object only.
  void key(std::string_view name, Place place);
  void end();
  void scalar(Value value, Place place);
  // A text for scalar(); null, and nothing more is taken, beyond the limit.
  [[nodiscard]] Value text(std::string_view value, Place place);

  // A limit was exceeded: what comes now is not looked at, and the document is of no use.
  [[nodiscard]] bool stopped() const { return stopped_; }
  // The root value is complete.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] LocatedDocument take();

 private:
  struct Open {
    Value container;
    std::size_t mark;
    std::unordered_map<std::string, Place> names;
    // Of the value to come:
    std::string name;
    Place name_place;
    bool dropped = false;  // its name is a duplicate
  };

  void open(Value container, Place place);
  [[nodiscard]] bool begin(Place place);
  [[nodiscard]] bool spend(std::size_t bytes, Place place);
  [[nodiscard]] Value copied(std::string_view text);
  void attach(Value value, std::size_t mark);
  void stop(Place place, std::string message);

  std::vector<TextError>& errors_;
  std::size_t budget_;
  std::unique_ptr<Document::Memory> memory_;
  std::vector<Mark> marks_;
  std::vector<Open> open_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;  // of all texts and names
  bool stopped_ = false;
  bool complete_ = false;
};

}  // namespace cpods::json
