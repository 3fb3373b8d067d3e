#include "json/yaml_tree.h"

#include <yaml.h>

#include <unordered_map>

#include "base/limits.h"
#include "json/text_place.h"

namespace cpods::json {
namespace {

Place place_of(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

// One event; freed with its scope.
struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

}  // namespace

struct YamlStream::Parser {
  yaml_parser_t raw{};
  std::string_view text;
  std::uint32_t first_line;

  Parser(std::string_view input, std::uint32_t line) : text(input), first_line(line) {
    if (yaml_parser_initialize(&raw) == 0) throw std::bad_alloc();
    raw.mark.line = first_line - 1;
    yaml_parser_set_encoding(&raw, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&raw, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&raw); }

  [[nodiscard]] TextError error() const {
    std::string message = raw.problem == nullptr ? "not YAML" : raw.problem;
    const bool at_tab = raw.buffer.pointer < raw.buffer.last && *raw.buffer.pointer == '\t';
    if (raw.error == YAML_SCANNER_ERROR && at_tab) {
      return {place_of(raw.problem_mark), "a tab; YAML indents with spaces", true};
    }
    const std::string_view context = raw.context == nullptr ? "" : raw.context;
    if (context == "while scanning an alias") {
      return {place_of(raw.context_mark), "* begins an alias in YAML; write \"*\" in quotes", true};
    }
    if (raw.error == YAML_READER_ERROR) {
      return {PlaceFinder(text, first_line).at(raw.problem_offset), std::move(message), true};
    }
    if (!context.empty()) {
      message += ", " + std::string(context) + " that begins on line " +
                 std::to_string(raw.context_mark.line + 1);
    }
    return {place_of(raw.problem_mark), std::move(message), true};
  }
};

// Turns the events of one document into parts. Depth is limited here already, because libyaml's
// scanner takes time quadratic in the depth.
class YamlStream::Composer {
 public:
  Composer(Parser& parser, YamlTree& tree) : parser_(parser), tree_(tree) {}

  // Of the document that has just begun; its end is consumed.
  std::optional<TextError> compose() {
    while (!error_) {
      Event event;
      if (yaml_parser_parse(&parser_.raw, &event.raw) == 0) return parser_.error();
      if (event.raw.type == YAML_DOCUMENT_END_EVENT) return std::nullopt;
      take(event.raw);
    }
    return error_;
  }

 private:
  void take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_SCALAR_EVENT:
        take_scalar(event);
        return;
      case YAML_ALIAS_EVENT:
        take_alias(event);
        return;
      case YAML_SEQUENCE_START_EVENT:
        open(YamlPart::Kind::Sequence, event, event.data.sequence_start.anchor,
             event.data.sequence_start.tag);
        return;
      case YAML_MAPPING_START_EVENT:
        open(YamlPart::Kind::Mapping, event, event.data.mapping_start.anchor,
             event.data.mapping_start.tag);
        return;
      default:  // the end of a sequence or mapping
        tree_.parts[open_.back()].closed = true;
        open_.pop_back();
    }
  }

  std::uint32_t add(YamlPart part, const yaml_char_t* anchor) {
    const auto index = static_cast<std::uint32_t>(tree_.parts.size());
    if (anchor != nullptr) {
      part.anchored = true;
      anchors_[text_of(anchor)] = index;
    }
    tree_.parts.push_back(std::move(part));
    if (!open_.empty()) tree_.parts[open_.back()].children.push_back(index);
    return index;
  }

  void take_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    YamlPart part;
    part.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    part.tag = text_of(scalar.tag);
    part.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.plain_implicit != 0;
    part.closed = true;
    part.place = place_of(event.start_mark);
    add(std::move(part), scalar.anchor);
  }

  void take_alias(const yaml_event_t& event) {
    YamlPart part;
    part.kind = YamlPart::Kind::Alias;
    part.text = text_of(event.data.alias.anchor);
    part.closed = true;
    part.place = place_of(event.start_mark);
    const auto found = anchors_.find(part.text);
    if (found == anchors_.end()) {
      error_ = TextError{part.place, "the alias *" + part.text + " has no anchor before it", true};
      return;
    }
    if (!tree_.parts[found->second].closed) {
      error_ =
          TextError{part.place, "the alias *" + part.text + " stands inside its own anchor", true};
      return;
    }
    part.target = found->second;
    add(std::move(part), nullptr);
  }

  void open(YamlPart::Kind kind, const yaml_event_t& event, const yaml_char_t* anchor,
            const yaml_char_t* tag) {
    YamlPart part;
    part.kind = kind;
    part.tag = text_of(tag);
    part.place = place_of(event.start_mark);
    if (open_.size() >= limits::kJsonDepth) {
      error_ = TextError{
          part.place, "nested deeper than " + std::to_string(limits::kJsonDepth) + " levels", true};
      return;
    }
    open_.push_back(add(std::move(part), anchor));
  }

  Parser& parser_;
  YamlTree& tree_;
  std::vector<std::uint32_t> open_;
  std::unordered_map<std::string, std::uint32_t> anchors_;
  std::optional<TextError> error_;
};

YamlStream::YamlStream(std::string_view text, std::uint32_t first_line)
    : parser_(std::make_unique<Parser>(text, first_line)) {}
YamlStream::~YamlStream() = default;

std::optional<YamlTree> YamlStream::next() {
  while (!error_) {
    Event event;
    if (yaml_parser_parse(&parser_->raw, &event.raw) == 0) {
      error_ = parser_->error();
    } else if (event.raw.type == YAML_STREAM_END_EVENT || event.raw.type == YAML_NO_EVENT) {
      return std::nullopt;
    } else if (event.raw.type == YAML_DOCUMENT_START_EVENT) {
      YamlTree tree;
      if (event.raw.data.document_start.version_directive != nullptr) {
        tree.directive = place_of(event.raw.start_mark);
      }
      error_ = Composer(*parser_, tree).compose();
      if (!error_) return tree;
    }
  }
  return std::nullopt;
}

}  // namespace cpods::json
