#pragma once
// Writes one JSON text, in the order it is told: the only way this product produces JSON besides
// patches and copies of what it read.
//   Writer w;
//   w.object().key("uid").text(uid).key("allowed").flag(true).end();
//   std::string body = w.take();
// Text must be valid UTF-8, which everything read through json::Document is. One owner, one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/node.h"

namespace cpods::json {

class Writer {
 public:
  // `expected` bytes are set aside at once: a text that grows is copied again and again.
  explicit Writer(std::size_t expected = 512) { out_.reserve(expected); }

  Writer& object();
  Writer& array();
  // Closes the innermost object or array.
  Writer& end();
  Writer& key(std::string_view name);
  Writer& text(std::string_view value);
  Writer& number(std::int64_t value);
  Writer& flag(bool value);
  Writer& null();
  // A JSON text that is known to be one value.
  Writer& raw(std::string_view json);
  Writer& node(Node value) { return raw(to_text(value)); }

  // key + text.
  Writer& field(std::string_view name, std::string_view value) { return key(name).text(value); }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate();

  std::string out_;
  std::string open_;  // the brackets to close, innermost last
  bool needs_comma_ = false;
};

// Appends the value as a JSON string with its quotes.
void append_quoted(std::string& out, std::string_view value);
[[nodiscard]] std::string quoted(std::string_view value);

}  // namespace cpods::json
