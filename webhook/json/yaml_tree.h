#pragma once
// One YAML document as libyaml's events tell it: untyped, aliases unresolved, each part with its
// place. A document is an arena of parts; children are indices, so aliases cost nothing here.
//
// libyaml is seen in yaml_tree.cc only. One owner, one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/located.h"

namespace cpods::json {

struct YamlPart {
  enum class Kind : std::uint8_t { Scalar, Sequence, Mapping, Alias };

  Kind kind = Kind::Scalar;
  std::string text;    // of a scalar; the anchor's name of an alias
  std::string tag;     // as written out, tag:yaml.org,2002:str; empty when there is none
  bool plain = false;  // a scalar without quotes and without a tag
  bool anchored = false;
  bool closed = false;  // everything below it has been read
  Place place;
  std::uint32_t target = 0;             // of an alias
  std::vector<std::uint32_t> children;  // of a mapping: key, value, key, value …
};

struct YamlTree {
  std::vector<YamlPart> parts;     // the root is the first
  std::optional<Place> directive;  // %YAML, where there is one: it says 1.1 or 1.2
};

// Reads one document after the other from a text that is UTF-8.
class YamlStream {
 public:
  // `first_line`: the number of the text's first line.
  explicit YamlStream(std::string_view text, std::uint32_t first_line = 1);
  YamlStream(const YamlStream&) = delete;
  YamlStream& operator=(const YamlStream&) = delete;
  ~YamlStream();

  // Nothing at the end of the text, or when an error ended it.
  [[nodiscard]] std::optional<YamlTree> next();
  [[nodiscard]] const std::optional<TextError>& error() const { return error_; }

 private:
  struct Parser;
  class Composer;

  std::unique_ptr<Parser> parser_;
  std::optional<TextError> error_;
};

}  // namespace cpods::json
