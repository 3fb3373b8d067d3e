#include "node/kbs.h"

#include <openssl/evp.h>
#include <strings.h>

#include <ranges>
#include <stdexcept>
#include <string_view>

#include "evidence/place.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;
using std::chrono::milliseconds;

constexpr const char* kVersion = "0.4.0";
constexpr const char* kPrefix = "/kbs/v0";
// A token has some tens of KiB; a resource of more than 1 MiB would not fit into a Secret either.
constexpr std::size_t kLongestAnswer = std::size_t{2} * 1024 * 1024;
constexpr std::size_t kLongestChallenge = 1024;
constexpr std::string_view kCookie = "kbs-session-id=";

std::string auth_body(const std::string& tee) {
  json::Writer out;
  out.object().field("version", kVersion).field("tee", tee);
  return out.key("extra-params").object().end().end().take();
}

// The session, of the first Set-Cookie that names one.
std::string cookie_in(const net::Response& answer) {
  for (const auto& header : answer.headers) {
    const std::string_view value = header.value;
    if (::strcasecmp(header.name.c_str(), "Set-Cookie") == 0 && value.starts_with(kCookie)) {
      return std::string(value.substr(0, value.find(';')));
    }
  }
  return {};
}

// The challenge's nonce; the service may ask for another digest than the one that is made here.
std::string challenge_in(json::Node root) {
  const auto nonce = evidence::required(root, "nonce");
  if (nonce.text().empty() || nonce.text().size() > kLongestChallenge) {
    throw json::Malformed(nonce.pointer(), "has a length that no nonce has");
  }
  const auto parameters = root["extra-params"];
  if (parameters.kind() == json::Kind::Object) {
    const auto digest = parameters["selected-hash-algorithm"];
    if (digest && digest.text() != "sha384") {
      throw json::Malformed(digest.pointer(), "must be sha384");
    }
  }
  return std::string(nonce.text());
}

// repository/type/tag; nothing in it may be another path, or a query.
bool is_resource(std::string_view text) {
  constexpr std::string_view kCharacters =
      "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::size_t parts = 0;
  for (const auto part : std::views::split(text, '/')) {
    const std::string_view name(part.begin(), part.end());
    if (name.find_first_not_of('.') == std::string_view::npos ||
        name.find_first_not_of(kCharacters) != std::string_view::npos) {
      return false;
    }
    ++parts;
  }
  return parts == 3;
}

Bytes sha384(std::string_view text) {
  Bytes digest(48);
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha384(), nullptr) != 1) {
    throw std::runtime_error("libcrypto has no SHA-384");
  }
  return digest;
}

}  // namespace

Proven<Kbs> kbs_of(json::Node settings) {
  try {
    auto url = net::parse_url(settings["url"].text());
    if (!url || !url->tls) {
      return refuse(Doubt::NotVerifiable, "verifier.kbs.url must be an https:// address");
    }
    auto tls = net::client_context(std::string(settings["caBundle"].text()));
    if (!tls) {
      return refuse(Doubt::NotVerifiable, "verifier.kbs.caBundle: " + tls.error().text());
    }
    const auto resource = settings["resource"].text();
    if (!resource.empty() && !is_resource(resource)) {
      return refuse(Doubt::NotVerifiable, "verifier.kbs.resource must be repository/type/tag");
    }
    const auto name = "the key broker service at " + url->endpoint.text();
    return Kbs{{name, *std::move(url), *std::move(tls)}, std::string(resource)};
  } catch (const json::Malformed& wrong) {
    return refuse(Doubt::NotVerifiable, "verifier.kbs: " + evidence::sentence_of(wrong));
  }
}

KbsSession::KbsSession(Kbs kbs, TeeKey key, std::string challenge, std::string cookie)
    : kbs_(std::move(kbs)),
      key_(std::move(key)),
      challenge_(std::move(challenge)),
      cookie_(std::move(cookie)) {}

Proven<KbsSession> KbsSession::begin(Kbs kbs, const std::string& tee, milliseconds limit) {
  auto key = TeeKey::generate();
  if (!key) return std::unexpected(key.error());
  auto request = request_to(kbs.service, "POST", std::string(kPrefix) + "/auth", kLongestAnswer);
  request.content("application/json", auth_body(tee));
  const auto answer = ask_service(kbs.service, request, limit);
  if (!answer) return std::unexpected(answer.error());
  auto cookie = cookie_in(*answer);
  if (cookie.empty()) return refuse_of(kbs.service, Doubt::Malformed, "it gives no kbs-session-id");
  const auto document = json::Document::parse(answer->body);
  if (!document) return refuse_of(kbs.service, Doubt::Malformed, document.error().text());
  try {
    auto challenge = challenge_in(document->root());
    return KbsSession(std::move(kbs), *std::move(key), std::move(challenge), std::move(cookie));
  } catch (const json::Malformed& wrong) {
    return refuse_of(kbs.service, Doubt::Malformed,
                     "its challenge: " + evidence::sentence_of(wrong));
  }
}

// Members in order, no white space: canonical JSON, which the service makes again from its own
// nonce and the key that was sent.
Bytes KbsSession::nonce() const {
  json::Writer out;
  out.object().field("additional-evidence", "").field("nonce", challenge_);
  return sha384(out.key("tee-pubkey").raw(key_.jwk()).end().take());
}

Proven<std::string> KbsSession::attest(const std::string& evidence, milliseconds limit) {
  json::Writer body(evidence.size() + 2048);
  body.object().key("runtime-data").object().field("nonce", challenge_);
  body.key("tee-pubkey").raw(key_.jwk()).end();
  body.key("tee-evidence").object().key("primary_evidence").raw(evidence);
  body.field("additional_evidence", "").end().end();
  auto request = request_to(kbs_.service, "POST", std::string(kPrefix) + "/attest", kLongestAnswer);
  request.header("Cookie", cookie_).content("application/json", body.take());
  const auto answer = ask_service(kbs_.service, request, limit);
  if (!answer) return std::unexpected(answer.error());
  if (auto renewed = cookie_in(*answer); !renewed.empty()) cookie_ = std::move(renewed);
  const auto document = json::Document::parse(answer->body);
  if (!document) return refuse_of(kbs_.service, Doubt::Malformed, document.error().text());
  try {
    return std::string(evidence::required(document->root(), "token").text());
  } catch (const json::Malformed& wrong) {
    return refuse_of(kbs_.service, Doubt::Malformed, evidence::sentence_of(wrong));
  }
}

Proven<Bytes> KbsSession::fetch_resource(milliseconds limit) {
  auto request = request_to(kbs_.service, "GET",
                            std::string(kPrefix) + "/resource/" + kbs_.resource, kLongestAnswer);
  request.header("Cookie", cookie_);
  const auto answer = ask_service(kbs_.service, request, limit);
  if (!answer) return std::unexpected(answer.error());
  auto opened = key_.open(answer->body);
  if (!opened) {
    return refuse_of(kbs_.service, opened.error().doubt,
                     "the resource " + kbs_.resource + ": " + opened.error().sentence);
  }
  return opened;
}

}  // namespace cpods::node
