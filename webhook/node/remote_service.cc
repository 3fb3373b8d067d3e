#include "node/remote_service.h"

#include "json/document.h"
#include "node/patient_request.h"

namespace cpods::node {
namespace {

constexpr std::size_t kLongest = 300;
// A verifier verifies before it answers.
constexpr std::chrono::milliseconds kOneTry{15000};

std::string_view text_of(json::Node node) {
  return node.kind() == json::Kind::String ? node.text() : std::string_view();
}

}  // namespace

net::Request request_to(const RemoteService& service, const std::string& method,
                        const std::string& path, std::size_t longest) {
  net::Request request(method, service.url.path + path);
  request.header("Accept", "application/json");
  request.longest_answer = longest;
  return request;
}

std::unexpected<evidence::Refusal> refuse_of(const RemoteService& service, evidence::Doubt doubt,
                                             const std::string& why) {
  return evidence::refuse(doubt, service.name + ": " + why);
}

evidence::Proven<net::Response> ask_service(const RemoteService& service,
                                            const net::Request& request,
                                            std::chrono::milliseconds limit,
                                            evidence::Doubt refused) {
  auto answer = ask_patiently({service.url.endpoint, service.tls}, request,
                              {.limit = limit, .one_try = kOneTry});
  if (!answer) return refuse_of(service, evidence::Doubt::Transport, answer.error().message);
  if (answer->status == 200) return *std::move(answer);
  const bool says_no = answer->status >= 400 && !is_busy(answer->status);
  return refuse_of(service, says_no ? refused : evidence::Doubt::Transport, answers(*answer));
}

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
