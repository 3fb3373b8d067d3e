#pragma once
// YAML texts as located JSON documents, in two dialects, and the way back.
//
// Policy files are typed by YAML 1.2 and may not use what makes YAML surprising: anchors, aliases,
// tags, merge keys and keys that are not strings. Manifests are typed as kubectl types them, with
// anchors and merge keys resolved under a budget of values. Both refuse duplicate keys, nesting
// beyond limits::kJsonDepth and text that is not UTF-8.
//
// Pure functions; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "json/located.h"
#include "json/node.h"

namespace cpods::json {

enum class Dialect : std::uint8_t { Policy, Manifest };

// Every document of the text that could be read, without empty ones, and every error up to the
// first that ends the text. `first_line`: the number of its first line, where the text is a part.
// More of anything than `budget` allows is an error.
[[nodiscard]] ReadText read_yaml(std::string_view text, Dialect dialect,
                                 std::uint32_t first_line = 1, Budget budget = {});

// A text of either language: what begins with a bracket is JSON, unless only YAML can read it.
[[nodiscard]] ReadText read_documents(std::string_view text, Dialect dialect,
                                      std::uint32_t first_line = 1, Budget budget = {});

[[nodiscard]] inline ReadText read_manifest(std::string_view text, std::uint32_t first_line = 1) {
  return read_documents(text, Dialect::Manifest, first_line);
}

// Block style, two spaces, strings quoted wherever YAML 1.1 or 1.2 would take them for something
// else; ends with a line break. read_yaml(…, Manifest) gives the same value back.
[[nodiscard]] std::string to_yaml(Node node);

}  // namespace cpods::json
