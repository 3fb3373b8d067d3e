#include "commands/review_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>

#include "admission/namespace_exit.h"
#include "admission/review.h"
#include "commands/trust.h"
#include "json/writer.h"

namespace cpods::commands {

using admission::Door;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// For the person who sent the object.
struct Fault {
  Unreadable cause;
  unsigned status;  // of HTTP, where that is all of the answer
  std::string why;
  std::string remedy;
};

namespace {

// One namespace as a look-up told it.
class OneNamespace final : public admission::Cluster {
 public:
  OneNamespace(std::string name, Labels labels, std::optional<std::string> kept_pod)
      : name_(std::move(name)), labels_(std::move(labels)), kept_pod_(std::move(kept_pod)) {}
  [[nodiscard]] Labels namespace_labels(std::string_view name) const override {
    return name == name_ ? labels_ : nullptr;
  }
  [[nodiscard]] std::optional<std::string> kept_pod(std::string_view name) const override {
    return name == name_ ? kept_pod_ : std::nullopt;
  }

 private:
  std::string name_;
  Labels labels_;
  std::optional<std::string> kept_pod_;
};

// Whether a Pod is one that the policies would lose. It owns what it points into.
kube::PodSearch::Matches kept_by(admission::NamespaceExit exit,
                                 std::shared_ptr<const policy::Snapshot> policies) {
  return [exit = std::move(exit), policies = std::move(policies)](json::Node pod) {
    return exit.keeps(pod) != nullptr;
  };
}

// Half of what the API server waits leaves time for the decision and the way back.
milliseconds lookup_time(std::optional<milliseconds> timeout) {
  return timeout ? std::min(limits::kNamespaceLookup, *timeout / 2) : limits::kNamespaceLookup;
}

// Most of it: what is left to do then is one sentence.
milliseconds search_time(std::optional<milliseconds> timeout) {
  return timeout ? std::min(limits::kPodSearch, *timeout * 4 / 5) : limits::kPodSearch;
}

// The uid of a review that cannot be read as a whole. The API server writes it first, right after
// kind and apiVersion; an answer that carries it is a refusal, while a bare HTTP error would leave
// the decision to failurePolicy, which is Ignore in most namespaces.
std::string uid_at_the_front(std::string_view body) {
  constexpr std::size_t kFront = 512;
  constexpr std::string_view kLead = R"("request":{"uid":")";
  const auto front = body.substr(0, kFront);
  const auto at = front.find(kLead);
  if (at == std::string_view::npos) return {};
  const auto rest = front.substr(at + kLead.size());
  const auto end = rest.find('"');
  const auto is_uid_character = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  if (end == std::string_view::npos || end == 0 || end > limits::kUidBytes ||
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
      "policies={} findings={} dryRun={} us={}",
      printable(review.uid), name_of(door), printable(review.operation), printable(review.kind),
      printable(review.namespace_name), printable(name_or_prefix(review)),
      printable(review.username), verdict_word(verdict), admission::name_of(verdict.reason),
      fmt::join(verdict.policies, ","), admission::listed(verdict.complaints), review.dry_run,
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

// Whether judging it copies a Pod: a workload's at the validating door, a DaemonSet's at both.
bool is_rehearsed(Door door, const admission::Request& review) {
  return admission::is_workload(review) && (door == Door::Guard || review.kind == "DaemonSet");
}

Fault explained(const server::Cut& cut) {
  if (cut.status == 503) return {Unreadable::NoRoom, 503, cut.why, "Try again."};
  return {Unreadable::TooLarge, cut.status, cut.why,
          "Make the object smaller; each <, > and & in it counts six bytes."};
}

Fault explained(const Error& error) {
  return {Unreadable::Malformed, 400, error.text(), "Correct the object."};
}

// Whether the door answers by HTTP alone, and leaves the decision to failurePolicy. Where there is
// no room at the mutating door, that is what its configuration says, and the guard decides anyway.
bool leaves_open(Door door, const std::string& uid, const Fault& fault) {
  return uid.empty() || (door == Door::Place && fault.cause == Unreadable::NoRoom);
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

std::optional<ReviewService::Unknown> ReviewService::unknown_to(Door door,
                                                                const admission::Request& review,
                                                                const Policies& policies) const {
  const auto name = review.namespace_name;
  const bool is_unknown = policies->needs_labels_of(name) && !cluster_.namespace_labels(name);
  if (is_unknown && admission::is_judged(door, review)) return Unknown{std::string(name), {}};
  if (door == Door::Place) return std::nullopt;
  auto exit = admission::NamespaceExit::of(review, *policies);
  if (!exit) return std::nullopt;
  auto leaving = exit->name;
  return Unknown{std::move(leaving), kept_by(std::move(*exit), policies)};
}

server::Reply ReviewService::refuse(const Asked& asked, const Fault& fault) {
  metrics_.count_unreadable(asked.door, fault.cause);
  if (leaves_open(asked.door, asked.uid, fault)) {
    return server::Reply::sentence(
        fault.status, "This request cannot be read: " + fault.why + ". " + fault.remedy);
  }
  spdlog::warn("review uid={} door={} verdict=denied reason=Malformed unreadable={}", asked.uid,
               name_of(asked.door), printable(fault.why));
  const auto verdict = admission::refuse(
      admission::Reason::Malformed, "this request cannot be read (" + fault.why +
                                        "), and what cannot be read is refused. " + fault.remedy);
  metrics_.count(asked.door, verdict, Clock::now() - asked.began);
  return server::Reply::json(admission::encode(asked.uid, verdict));
}

server::Reply ReviewService::refuse_internally(const Asked& asked, std::string_view what) {
  spdlog::error("review uid={} door={} verdict=denied reason=Internal what={}", asked.uid,
                name_of(asked.door), printable(what));
  const auto verdict = admission::refuse_internally("", what);
  metrics_.count(asked.door, verdict, Clock::now() - asked.began);
  return server::Reply::json(admission::encode(asked.uid, verdict));
}

ReviewService::Judged ReviewService::judge(const Asked& asked, std::string body,
                                           const admission::Cluster& cluster) {
  const auto size = body.size();
  const auto no_room = [&] { return refuse(asked, explained(server::Cut::no_room(size))); };
  const auto charged = size > limits::kSmallBytes ? size : 0;
  server::Share memory(documents_);
  if (!memory.grow(charged * limits::kDocumentBytesPerByte)) return no_room();
  const auto document = json::Document::parse(std::move(body));
  if (!document) return refuse(asked, explained(document.error()));
  const auto review = admission::decode(*document);
  if (!review) return refuse(asked, explained(review.error()));
  const auto snapshot = policies_.current();
  // Entries from before somebody was trusted ask about them until their notice is over.
  const bool trusts = trusted_ && is_trusted(*review, *trusted_);
  if (asked.may_ask && !trusts) {
    if (auto unknown = unknown_to(asked.door, *review, snapshot)) {
      return std::unexpected(std::move(*unknown));
    }
  }
  const bool rehearsed = is_rehearsed(asked.door, *review);
  if (rehearsed && !memory.grow(charged * limits::kRehearsalBytesPerByte)) return no_room();
  const auto verdict =
      trusts ? admission::Verdict{} : admission::decide(asked.door, *review, *snapshot, cluster);
  auto reply = server::Reply::json(admission::encode(review->uid, verdict));
  const auto duration = Clock::now() - asked.began;
  metrics_.count(asked.door, verdict, duration);
  log(asked.door, *review, verdict, duration);
  return reply;
}

// Where it cannot be answered it stays unknown, and is refused.
boost::asio::awaitable<ReviewService::LookedUp> ReviewService::look_up(
    Unknown unknown, std::optional<std::chrono::milliseconds> timeout) {
  std::string name = unknown.name_space;
  if (unknown.pod) {
    const auto patience = search_time(timeout);
    auto kept = co_await api_.pods->find(std::move(name), std::move(unknown.pod), patience);
    std::optional<std::string> pod;
    if (kept) {
      pod = std::move(*kept);
    } else {
      spdlog::warn("Pods of namespace {}: {}", unknown.name_space, kept.error().text());
    }
    co_return std::make_unique<OneNamespace>(std::move(unknown.name_space), nullptr,
                                             std::move(pod));
  }
  const auto patience = lookup_time(timeout);
  auto labels = co_await api_.namespaces->look_up(std::move(name), patience);
  co_return std::make_unique<OneNamespace>(std::move(unknown.name_space),
                                           std::move(labels).value_or(nullptr), std::nullopt);
}

// Nothing that goes wrong inside is an allow.
boost::asio::awaitable<server::Reply> ReviewService::answer(Door door, server::Request request) {
  const Asked asked{door, uid_at_the_front(request.body), Clock::now(), api_.namespaces != nullptr};
  try {
    auto work = answer_asking(asked, std::move(request));
    co_return co_await std::move(work);
  } catch (const std::exception& error) {
    if (asked.uid.empty()) throw;  // the server counts it and answers by HTTP
    co_return refuse_internally(asked, error.what());
  }
}

boost::asio::awaitable<server::Reply> ReviewService::answer_asking(Asked asked,
                                                                   server::Request request) {
  const auto timeout = request.timeout();
  if (request.cut) co_return refuse(asked, explained(*request.cut));
  // Parsing writes into the text. What is parsed costs many times that text, so that after a wait
  // it is parsed once more, from a copy.
  std::string again = asked.may_ask ? request.body : std::string();
  auto judged = judge(asked, std::move(request.body), cluster_);
  if (!judged) {
    auto unknown = std::move(judged.error());
    const LookedUp told = co_await look_up(std::move(unknown), timeout);
    asked.may_ask = false;
    judged = judge(asked, std::move(again), *told);
  }
  co_return std::move(*judged);
}

}  // namespace cpods::commands
