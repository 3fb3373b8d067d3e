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
// Strings are scanned 16 bytes at a time, from addresses that 16 divides: within the last such
// block bytes behind the text are looked at, never used (Document::parse sets them aside).
#if defined(__SSE2__)
#define RAPIDJSON_SSE2 1
#elif defined(__ARM_NEON)
#define RAPIDJSON_NEON 1
#endif

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "json/document.h"

namespace cpods::json {

using Value = rapidjson::Value;

// The tree's first values live in a buffer that is used again for the next document of the thread:
// a fresh chunk for each review costs more than filling it.
struct Document::Memory {
  static constexpr std::size_t kBuffer = std::size_t{64} * 1024;  // a Pod of some 10 KB
  static constexpr std::size_t kStack = std::size_t{16} * 1024;   // open containers while parsing

  std::string text;  // what in-situ strings point into; outlives the tree
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  rapidjson::MemoryPoolAllocator<> allocator{buffer.get(), kBuffer};
  rapidjson::Document dom{&allocator, kStack};

  // Empty memory, from the thread's store or new.
  [[nodiscard]] static std::unique_ptr<Memory> take();
  static void give_back(std::unique_ptr<Memory> memory);
};

inline const Value& value_of(Node node) {
  return *static_cast<const Value*>(node.raw());
}

// Without a period: whoever tells it ends the sentence.
inline std::string error_text(const rapidjson::ParseResult& result) {
  std::string_view message = rapidjson::GetParseError_En(result.Code());
  if (message.ends_with('.')) message.remove_suffix(1);
  return std::string(message);
}

inline std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

}  // namespace cpods::json
