#include "server/contract.h"

#include <algorithm>

#include "base/text.h"

namespace cpods::server {
namespace {

constexpr std::string_view kJson = "application/json";

// "application/json; charset=utf-8" names the same type as "application/json".
bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  const auto first = type.find_first_not_of(" \t");
  const auto last = type.find_last_not_of(" \t");
  if (first == std::string_view::npos) return false;
  return equals_ignoring_case(type.substr(first, last - first + 1), kJson);
}

std::string joined_paths(const Routes& routes) {
  std::string text;
  const auto add = [&text](const std::string& method, const std::string& path) {
    text += (text.empty() ? "" : ", ") + method + " " + path;
  };
  for (const auto& [path, handler] : routes.post) add("POST", path);
  for (const auto& [path, handler] : routes.get) add("GET", path);
  return text;
}

// Text of a peer is repeated only as far as it is short and printable.
std::string shown(std::string_view text) {
  std::string safe(text.substr(0, 100));
  std::ranges::replace_if(safe, [](char c) { return c < ' ' || c > '~'; }, '?');
  return "\"" + safe + (text.size() > 100 ? "…\"" : "\"");
}

Refusal refusal(unsigned status, std::string sentence) {
  return {Reply::sentence(status, std::move(sentence)), {}};
}

std::optional<Refusal> refuse_method(const Head& head, std::string allowed) {
  if (head.method == allowed) return std::nullopt;
  auto refused =
      refusal(405, "This path answers " + allowed + " only, not " + shown(head.method) + ".");
  refused.allow = std::move(allowed);
  return refused;
}

std::optional<Refusal> refuse_get(const Head& head) {
  if (auto refused = refuse_method(head, "GET")) return refused;
  if (has_body(head)) return refusal(400, "A GET carries no body here: send none.");
  return std::nullopt;
}

std::optional<Refusal> refuse_post(const Head& head, std::size_t body_limit) {
  if (auto refused = refuse_method(head, "POST")) return refused;
  if (head.has_transfer_encoding || !head.content_length) {
    return refusal(411, "Say the body's length: send Content-Length and no Transfer-Encoding.");
  }
  if (*head.content_length > body_limit) {
    return refusal(413, "The body of " + std::to_string(*head.content_length) +
                            " bytes is over the limit of " + std::to_string(body_limit) +
                            " bytes: send less.");
  }
  if (head.content_type && !is_json(*head.content_type)) {
    return refusal(415, "Send the AdmissionReview as application/json, not as " +
                            shown(*head.content_type) + ".");
  }
  if (!head.expect.empty() && !equals_ignoring_case(head.expect, "100-continue")) {
    return refusal(417,
                   "Only \"Expect: 100-continue\" can be met, not " + shown(head.expect) + ".");
  }
  return std::nullopt;
}

}  // namespace

bool has_body(const Head& head) {
  return head.has_transfer_encoding || head.content_length.value_or(0) > 0;
}

std::optional<Refusal> refuse(const Head& head, const Routes& routes, std::size_t body_limit) {
  if (head.version != 11) {
    return refusal(505, "Speak HTTP/1.1; older and newer versions are not served.");
  }
  const auto path = head.target.substr(0, head.target.find('?'));
  if (routes.post.contains(path)) return refuse_post(head, body_limit);
  if (routes.get.contains(path)) return refuse_get(head);
  return refusal(
      404, "Nothing is served at " + shown(path) + ". There is " + joined_paths(routes) + ".");
}

std::string head_of(const Reply& reply, std::string_view date, bool keep_alive,
                    std::string_view allow) {
  std::string text;
  text.reserve(256 + reply.body.size());
  text.append("HTTP/1.1 ").append(std::to_string(reply.status)).append(" ");
  text.append(reason_phrase(reply.status)).append("\r\nDate: ").append(date);
  text.append("\r\nContent-Type: ").append(reply.content_type);
  text.append("\r\nContent-Length: ").append(std::to_string(reply.body.size()));
  if (!allow.empty()) text.append("\r\nAllow: ").append(allow);
  if (!keep_alive) text.append("\r\nConnection: close");
  text.append("\r\n\r\n");
  return text;
}

}  // namespace cpods::server
