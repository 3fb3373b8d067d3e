#include "node/remote_words.h"

#include "json/document.h"

namespace cpods::node {
namespace {

constexpr std::size_t kLongest = 300;

std::string_view text_of(json::Node node) {
  return node.kind() == json::Kind::String ? node.text() : std::string_view();
}

}  // namespace

std::string words_of(const net::Response& answer) {
  const auto document = json::Document::parse(answer.body);
  if (!document || document->root().kind() != json::Kind::Object) return {};
  const auto root = document->root();
  const auto error = root["error"];
  if (error.kind() == json::Kind::Object) {
    return std::string(text_of(error["message"]).substr(0, kLongest));
  }
  for (const auto name : {"detail", "message"}) {
    if (const auto text = text_of(root[name]); !text.empty()) {
      return std::string(text.substr(0, kLongest));
    }
  }
  return {};
}

std::string answers(const net::Response& answer) {
  const auto words = words_of(answer);
  return "it answers HTTP " + std::to_string(answer.status) + (words.empty() ? "" : ": " + words);
}

}  // namespace cpods::node
