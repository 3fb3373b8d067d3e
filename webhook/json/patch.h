#pragma once
// A JSON Patch (RFC 6902) in the making, and its application.
//
// It is built in operations, never by comparing two encodings: an object's unknown fields and their
// order stay untouched. It speaks in lists, because that is what Pods are made of: an absent list
// is created whole, a present one gets one `add` an element. Same calls, same bytes.
//
// One owner, one thread; plain value afterwards.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/document.h"
#include "json/node.h"

namespace cpods::json {

class Patch {
 public:
  // `path` is a JSON Pointer, `value` one JSON value as text.
  void add(std::string_view path, std::string_view value);
  void remove(std::string_view path);

  // Adds `values` (JSON texts) to the list parent[key] at `parent_path`/`key`, creating it when it
  // is absent or null. `parent` must be there.
  void append(Node parent, std::string_view parent_path, std::string_view key,
              const std::vector<std::string>& values);
  void prepend(Node parent, std::string_view parent_path, std::string_view key,
               std::string_view value);

  [[nodiscard]] bool empty() const { return operations_.empty(); }
  // The JSON array of operations.
  [[nodiscard]] std::string text() const { return "[" + operations_ + "]"; }

 private:
  void open_operation(std::string_view op, std::string_view path);

  std::string operations_;
};

// A copy of `target` with the patch (a JSON array of add and remove operations) applied in order.
// Invalid, with the operation's index, where a path does not resolve or the operation is another.
[[nodiscard]] Result<Document> apply(Node target, std::string_view patch);

}  // namespace cpods::json
