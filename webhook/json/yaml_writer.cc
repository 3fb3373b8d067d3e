// Strings decide the shape of this file: a plain scalar is written only where both tables of
// yaml_scalar.h take it for a string and no character has a meaning; several lines become a literal
// block where that keeps every byte; everything else is a double-quoted string.

#include <algorithm>

#include "json/text_place.h"
#include "json/yaml.h"
#include "json/yaml_scalar.h"

namespace cpods::json {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Beginning with a digit or a sign it might be a number, a date or a time to someone.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 1024) return false;
  const char first = text.front();
  if (!is_alphanumeric(first) && first != '/' && first != '_') return false;
  if (first >= '0' && first <= '9') return false;
  if (text.back() == ':' || text.back() == ' ') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_alphanumeric(text[i]) || std::string_view("_-./@+=").contains(text[i])) continue;
    if (text[i] == ':' && text[i + 1] != ' ') continue;
    if (text[i] == ' ' && text[i + 1] != '#') continue;
    return false;
  }
  return is_text(resolve_core(text)) && is_text(resolve_kubectl(text));
}

// Printable lines without white space at either end of any of them.
bool is_block(std::string_view text) {
  if (text.find('\n') == text.npos || text.front() == '\n' || text.front() == ' ') return false;
  if (text.ends_with("\n\n")) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      if (i > 0 && text[i - 1] == ' ') return false;
    } else if (byte < 0x20 || byte > 0x7E) {
      return false;
    }
  }
  return text.back() != ' ';
}

// What YAML readers refuse or take for a line break when it stands there as it is.
bool must_escape(std::uint32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == '"' ||
         character == '\\' || character == 0x2028 || character == 0x2029 || character == 0xFEFF ||
         character == 0xFFFE || character == 0xFFFF;
}

void append_escape(std::string& out, std::uint32_t character) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (character == '"' || character == '\\') {
    out += {'\\', static_cast<char>(character)};
    return;
  }
  if (character == '\n' || character == '\t') {
    out += character == '\n' ? "\\n" : "\\t";
    return;
  }
  out += character > 0xFF ? "\\u" : "\\x";
  for (int shift = character > 0xFF ? 12 : 4; shift >= 0; shift -= 4) {
    out += kHex[(character >> shift) & 15];
  }
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [character, length] = decode_front(text);
    if (must_escape(character)) {
      append_escape(out, character);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out + '"';
}

std::string one_line(std::string_view text) {
  return is_plain(text) ? std::string(text) : double_quoted(text);
}

class YamlWriter {
 public:
  [[nodiscard]] std::string take() { return std::move(out_); }

  // `indent` is that of the value's own lines; the cursor stands behind "key:", "-" or nothing.
  void value(Node node, std::size_t indent, bool in_list) {
    if (node.kind() == Kind::Object && node.size() > 0) {
      object(node, indent, in_list);
    } else if (node.kind() == Kind::Array && node.size() > 0) {
      array(node, indent, in_list);
    } else if (node.kind() == Kind::String && is_block(node.text())) {
      block(node.text(), std::max<std::size_t>(indent, 2));
    } else {
      lead();
      out_ += node.kind() == Kind::String ? one_line(node.text()) : to_text(node);
      out_ += '\n';
    }
  }

 private:
  void lead() {
    if (!out_.empty() && out_.back() != '\n') out_ += ' ';
  }
  void line(std::size_t indent) {
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
    out_.append(indent, ' ');
  }

  void object(Node node, std::size_t indent, bool in_list) {
    bool first = in_list;
    for (const auto [key, member] : node.members()) {
      if (first) {
        lead();
      } else {
        line(indent);
      }
      first = false;
      name(key, indent);
      value(member, indent + (member.kind() == Kind::Array ? 0 : 2), false);
    }
  }

  // YAML looks for the colon of a simple key over 1024 characters at most.
  void name(std::string_view key, std::size_t indent) {
    const auto text = one_line(key);
    if (text.size() <= 1000) {
      out_ += text;
    } else {
      out_ += "? " + text;
      line(indent);
    }
    out_ += ':';
  }

  void array(Node node, std::size_t indent, bool in_list) {
    bool first = in_list;
    for (const Node element : node.elements()) {
      if (first) {
        lead();
      } else {
        line(indent);
      }
      first = false;
      out_ += '-';
      value(element, indent + 2, true);
    }
  }

  void block(std::string_view text, std::size_t indent) {
    lead();
    out_ += text.back() == '\n' ? "|\n" : "|-\n";
    if (text.back() == '\n') text.remove_suffix(1);
    while (true) {
      const auto end = text.find('\n');
      const auto one = text.substr(0, end);
      if (!one.empty()) out_.append(indent, ' ').append(one);
      out_ += '\n';
      if (end == text.npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(Node node) {
  YamlWriter writer;
  writer.value(node, 0, false);
  return writer.take();
}

}  // namespace cpods::json
