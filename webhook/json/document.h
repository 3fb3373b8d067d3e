#pragma once
// One parsed JSON text and the memory its values live in.
//
// Parsing is bounded and strict (RFC 8259): valid UTF-8, no NUL, no byte-order mark, no duplicate
// keys, no trailing text, nesting up to limits::kJsonDepth. Strings are decoded inside the text
// itself, so a review of 3 KB costs a few microseconds. Whole numbers of 64 bits are exact, others
// within a few units in the last place: no field of a Pod has one.
//
// Move-only; Nodes stay valid when it moves and die with it. One writer, then any thread may read.

#include <memory>
#include <string>

#include "base/error.h"
#include "base/limits.h"
#include "json/node.h"

namespace cpods::json {

class Document {
 public:
  struct Memory;

  // Malformed with a byte offset ("offset 17"), or TooLarge where nesting is too deep.
  [[nodiscard]] static Result<Document> parse(std::string text,
                                              std::size_t depth = limits::kJsonDepth);
  // A deep copy of one value as a document of its own.
  [[nodiscard]] static Document copy_of(Node node);

  explicit Document(std::unique_ptr<Memory> memory);
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  [[nodiscard]] Node root() const;
  [[nodiscard]] Memory& memory() { return *memory_; }

 private:
  std::unique_ptr<Memory> memory_;
};

}  // namespace cpods::json
