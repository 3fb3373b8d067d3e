#pragma once
// RapidJSON as this room uses it; included by the room's own .cc files and by nothing else, so that
// the macros below are the same everywhere.

#include <stdexcept>
#include <string>
#include <string_view>

// A wrong-type access is a bug of ours: an exception that ends in a counted refusal, not undefined
// behaviour.
#define RAPIDJSON_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : throw std::logic_error("RapidJSON: " #condition))
#define RAPIDJSON_NOEXCEPT_ASSERT(condition) static_cast<void>(0)
#define RAPIDJSON_HAS_STDSTRING 1

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "json/document.h"

namespace cpods::json {

using Value = rapidjson::Value;

struct Document::Memory {
  std::string text;         // what in-situ strings point into
  rapidjson::Document dom;  // dies before the text
};

inline const Value& value_of(Node node) { return *static_cast<const Value*>(node.raw()); }

inline std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

}  // namespace cpods::json
