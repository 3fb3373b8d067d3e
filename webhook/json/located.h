#pragma once
// Parsed documents that remember where each of their values stood, and the errors met on the way.
//
// Positions are kept beside the document, one mark a value in document order with the size of its
// subtree, so that a lookup walks down a pointer without a map of strings.
//
// Move-only; one writer, then any thread may read.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "json/document.h"
#include "json/node.h"

namespace cpods::json {

// Lines and columns count from 1; columns count characters, not bytes.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct TextError {
  Place place;
  std::string message;
  bool ends_text = false;  // nothing behind it was read
};

struct Mark {
  Place key;  // of the member's name; the value's own place in an array or at the root
  Place value;
  std::uint32_t nodes = 1;  // this value and everything below it
};

// A value of a LocatedDocument and the index of its mark.
struct Located {
  Node node;
  std::size_t mark = 0;
};

class LocatedDocument {
 public:
  LocatedDocument(Document document, std::vector<Mark> marks)
      : document_(std::move(document)), marks_(std::move(marks)) {}

  [[nodiscard]] Node root() const { return document_.root(); }
  [[nodiscard]] Located located_root() const { return {root(), 0}; }
  // The elements of an array: places below one are found without a walk along its siblings.
  [[nodiscard]] std::vector<Located> elements(Located array) const;
  // The member of an object, which must have it.
  [[nodiscard]] Located member(Located object, std::string_view key) const;
  // `pointer` is a JSON Pointer (RFC 6901). Where it leads nowhere, the place of the deepest value
  // on its way.
  [[nodiscard]] Place place_of(std::string_view pointer) const {
    return place_of(located_root(), pointer);
  }
  // The same, with a pointer that begins at `from`.
  [[nodiscard]] Place place_of(Located from, std::string_view pointer) const {
    return marks_[find(from, pointer).mark].value;
  }
  // The place of the member's name.
  [[nodiscard]] Place key_place_of(std::string_view pointer) const {
    return marks_[find(located_root(), pointer).mark].key;
  }

  [[nodiscard]] Document& document() { return document_; }

 private:
  [[nodiscard]] Located find(Located from, std::string_view pointer) const;

  Document document_;
  std::vector<Mark> marks_;
};

struct ReadText {
  std::vector<LocatedDocument> documents;
  std::vector<TextError> errors;  // in the order met; empty: the text is good
};

// How much one text may hold.
struct Budget {
  std::size_t documents = limits::kDocuments;
  std::size_t values = limits::kYamlNodes;  // of one document
};

// The text has more documents than it may have; what was read is of no use.
[[nodiscard]] ReadText with_too_many(ReadText read, std::size_t most);

// One or several JSON texts, one after the other (RFC 8259 each, or one a line). `first_line`: the
// number of the text's first line, where it is a part of a larger one. More than `most` texts are
// an error.
[[nodiscard]] ReadText read_json(std::string_view text, std::uint32_t first_line = 1,
                                 Budget budget = {});

}  // namespace cpods::json
