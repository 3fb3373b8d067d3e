// JSON with places. RapidJSON's reader tells its handler where a token ended, not where it began;
// but between two tokens stand only white space, commas and colons, so each token begins at the
// first other byte behind the one before.

#include "json/located.h"
#include "json/located_builder.h"
#include "json/text_place.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace cpods::json {
namespace {

constexpr std::string_view kBetweenTokens = " \t\r\n,:";

class Handler {
 public:
  Handler(std::string_view text, const rapidjson::MemoryStream& stream, PlaceFinder& places,
          LocatedBuilder& builder)
      : text_(text), stream_(stream), places_(places), builder_(builder), cursor_(stream.Tell()) {}

  bool Null() { return scalar(Value()); }
  bool Bool(bool value) { return scalar(Value(value)); }
  bool Int(int value) { return scalar(Value(value)); }
  bool Uint(unsigned value) { return scalar(Value(value)); }
  bool Int64(std::int64_t value) { return scalar(Value(value)); }
  bool Uint64(std::uint64_t value) { return scalar(Value(value)); }
  bool Double(double value) { return scalar(Value(value)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const auto place = begin_of_token();
    builder_.scalar(builder_.text({text, size}, place), place);
    return go_on();
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    builder_.key({text, size}, begin_of_token());
    return go_on();
  }
  bool StartObject() {
    builder_.start_object(begin_of_token());
    return go_on();
  }
  bool StartArray() {
    builder_.start_array(begin_of_token());
    return go_on();
  }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool EndArray(rapidjson::SizeType) { return end(); }

 private:
  Place begin_of_token() {
    return places_.at(std::min(text_.find_first_not_of(kBetweenTokens, cursor_), text_.size()));
  }
  bool go_on() {
    cursor_ = stream_.Tell();
    return !builder_.stopped();
  }
  bool scalar(Value value) {
    builder_.scalar(std::move(value), begin_of_token());
    return go_on();
  }
  bool end() {
    builder_.end();
    return go_on();
  }

  std::string_view text_;
  const rapidjson::MemoryStream& stream_;
  PlaceFinder& places_;
  LocatedBuilder& builder_;
  std::size_t cursor_;
};

}  // namespace

ReadText read_json(std::string_view text, std::uint32_t first_line, Budget budget) {
  constexpr unsigned kFlags = rapidjson::kParseStopWhenDoneFlag;
  ReadText out;
  text = without_bom(text);
  if (auto bad = find_bad_encoding(text, first_line)) {
    out.errors.push_back(std::move(*bad));
    return out;
  }
  rapidjson::MemoryStream stream(text.data(), text.size());
  PlaceFinder places(text, first_line);
  while (true) {
    rapidjson::SkipWhitespace(stream);
    if (stream.Tell() >= text.size()) return out;
    LocatedBuilder builder(out.errors, budget.values);
    Handler handler(text, stream, places, builder);
    rapidjson::Reader reader;
    const auto result = reader.Parse<kFlags>(stream, handler);
    if (builder.stopped()) return out;
    if (result.IsError()) {
      out.errors.push_back(
          {PlaceFinder(text, first_line).at(result.Offset()), error_text(result), true});
      return out;
    }
    out.documents.push_back(builder.take());
    if (out.documents.size() > budget.documents) {
      return with_too_many(std::move(out), budget.documents);
    }
  }
}

}  // namespace cpods::json
