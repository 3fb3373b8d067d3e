#include "commands/review_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>

#include "admission/review.h"
#include "json/writer.h"

namespace cpods::commands {
namespace {

using admission::Door;
using Clock = std::chrono::steady_clock;

// Half of what the API server waits leaves time for the decision and the way back.
std::chrono::milliseconds lookup_time(const server::Request& request) {
  const auto timeout = request.timeout();
  return timeout ? std::min(limits::kNamespaceLookup, *timeout / 2) : limits::kNamespaceLookup;
}

// The uid of a review that cannot be read as a whole. The API server writes it first, right after
// kind and apiVersion; an answer that carries it is a refusal, while a bare HTTP error would leave
// the decision to failurePolicy, which is Ignore in most namespaces.
std::string uid_at_the_front(std::string_view body) {
  constexpr std::size_t kFront = 512;
  constexpr std::size_t kLongest = 64;
  constexpr std::string_view kLead = R"("request":{"uid":")";
  const auto front = body.substr(0, kFront);
  const auto at = front.find(kLead);
  if (at == std::string_view::npos) return {};
  const auto rest = front.substr(at + kLead.size());
  const auto end = rest.find('"');
  const auto is_uid_character = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  if (end == std::string_view::npos || end == 0 || end > kLongest ||
      !std::ranges::all_of(rest.substr(0, end), is_uid_character)) {
    return {};
  }
  return std::string(rest.substr(0, end));
}

// Names come from whoever sent the request; a line break in one must not make a second log line.
std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 256;
  const auto is_plain = [](unsigned char c) { return c > ' ' && c != '"' && c != '=' && c < 0x7F; };
  const auto shown = text.substr(0, kLongest);
  return std::ranges::all_of(shown, is_plain) ? std::string(shown) : json::quoted(shown);
}

// What a body is that cannot be judged, for the person who sent the object.
struct Unreadable {
  unsigned status;  // of HTTP, where there is no uid to answer to
  std::string why;
  std::string remedy;
};

Unreadable explained(const server::Cut& cut) {
  const bool too_large = cut.status == 413;
  return {cut.status, cut.why,
          too_large ? "Make the object smaller; each <, > and & in it counts six bytes."
                    : "Try again."};
}

Unreadable explained(const Error& error) {
  return {400, error.text(), "Correct the object."};
}

server::Reply refuse(Door door, const std::string& uid, const Unreadable& body) {
  if (uid.empty()) {
    return server::Reply::sentence(body.status,
                                   "This request cannot be read: " + body.why + ". " + body.remedy);
  }
  spdlog::warn("review uid={} door={} verdict=denied reason=Malformed unreadable={}", uid,
               name_of(door), printable(body.why));
  const auto verdict = admission::refuse(
      admission::Reason::Malformed, "this request cannot be read (" + body.why +
                                        "), and what cannot be read is refused. " + body.remedy);
  return server::Reply::json(admission::encode(uid, verdict));
}

// The object's name, or the prefix that it will be made of.
std::string_view name_or_prefix(const admission::Request& review) {
  if (!review.name.empty() || review.object.kind() != json::Kind::Object) return review.name;
  const auto metadata = review.object["metadata"];
  if (metadata.kind() != json::Kind::Object) return {};
  const auto prefix = metadata["generateName"];
  return prefix.kind() == json::Kind::String ? prefix.text() : std::string_view{};
}

void log(Door door, const admission::Request& review, const admission::Verdict& verdict,
         std::chrono::nanoseconds duration) {
  const auto level =
      verdict.reason == admission::Reason::Internal ? spdlog::level::err : spdlog::level::info;
  if (!spdlog::default_logger_raw()->should_log(level)) return;
  spdlog::log(
      level,
      "review uid={} door={} operation={} kind={} object={}/{} user={} verdict={} reason={} "
      "policies={} dryRun={} us={}",
      printable(review.uid), name_of(door), printable(review.operation), printable(review.kind),
      printable(review.namespace_name), printable(name_or_prefix(review)),
      printable(review.username), verdict_word(verdict), admission::name_of(verdict.reason),
      fmt::join(verdict.policies, ","), review.dry_run,
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

void ReviewService::add_routes(server::Routes& routes) {
  routes.post["/mutate"] = [this](server::Request request) {
    return answer(Door::Place, std::move(request));
  };
  routes.post["/validate"] = [this](server::Request request) {
    return answer(Door::Guard, std::move(request));
  };
}

bool ReviewService::must_ask(const admission::Request& review,
                             const policy::Snapshot& snapshot) const {
  return namespaces_ != nullptr && admission::is_looked_at(review) &&
         snapshot.needs_labels_of(review.namespace_name) &&
         !cluster_.namespace_labels(review.namespace_name);
}

boost::asio::awaitable<server::Reply> ReviewService::answer(Door door, server::Request request) {
  const auto began = Clock::now();
  const auto patience = lookup_time(request);
  const auto uid = uid_at_the_front(request.body);
  const auto unreadable = [&](const auto& fault) {
    metrics_.count_unreadable(door);
    return refuse(door, uid, explained(fault));
  };
  server::Share memory(documents_);
  if (!request.cut && !memory.grow(request.body.size() * limits::kDocumentBytesPerByte)) {
    request.cut = server::Cut::no_room(request.body.size());
  }
  if (request.cut) co_return unreadable(*request.cut);
  auto document = json::Document::parse(std::move(request.body));
  auto review = document ? admission::decode(*document)
                         : Result<admission::Request>(std::unexpected(document.error()));
  if (!review) co_return unreadable(review.error());
  const auto snapshot = policies_.current();
  if (must_ask(*review, *snapshot)) {
    std::string name(review->namespace_name);
    // Whatever it answers is in the cache now, or the namespace stays unknown and is refused.
    const auto ignored = co_await namespaces_->look_up(std::move(name), patience);
    static_cast<void>(ignored);
  }
  const auto verdict = admission::decide(door, *review, *snapshot, cluster_);
  auto reply = server::Reply::json(admission::encode(review->uid, verdict));
  const auto duration = Clock::now() - began;
  metrics_.count(door, verdict, duration);
  log(door, *review, verdict, duration);
  co_return reply;
}

}  // namespace cpods::commands
