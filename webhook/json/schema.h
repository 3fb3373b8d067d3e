#pragma once
// JSON Schema (draft-04) of one document, and every way in which a value breaks it, in sentences
// for people. The schema is ours, and a test holds it to the keywords that the validator knows: any
// other would be ignored and weaken the check without a word.
//
// Besides draft-04's own words, `patternErrorMessage` (known from editors) beside a `pattern` is
// the sentence part told when it does not match.
//
// Immutable after compile(); any thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/node.h"

namespace cpods::json {

struct Violation {
  std::string pointer;   // JSON Pointer of the value, or of the member whose name is wrong
  bool at_key = false;   // the name is wrong, not the value
  std::string sentence;  // must be one of Deny or Place, not "deny"
};

class Schema {
 public:
  // `pointer` is the part of the schema document that describes the root value, e.g.
  // "/definitions/ConfidentialPool"; "" for the whole.
  [[nodiscard]] static Result<Schema> compile(std::string_view text, std::string_view pointer);

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // In the order of discovery; none: the value is valid.
  [[nodiscard]] std::vector<Violation> violations(Node value) const;

 private:
  struct Compiled;
  explicit Schema(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace cpods::json
