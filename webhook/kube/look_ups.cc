#include "kube/look_ups.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "kube/namespace_feed.h"

namespace cpods::kube {

namespace asio = boost::asio;

// Each asker waits on a timer of its own, which the answer cuts short.
struct LookUps::Question {
  std::optional<Result<Labels>> answer;
  std::list<asio::steady_timer*> waiting;
};

asio::awaitable<Result<LookUps::Labels>> LookUps::look_up(std::string name, Milliseconds limit) {
  if (!is_dns_label(name)) {
    co_return failure(ErrorCode::NotFound, "", "\"" + name + "\" is not a namespace's name");
  }
  auto joined = join(std::move(name), limit);
  auto executor = api_.loop().executor();
  co_return co_await asio::co_spawn(executor, std::move(joined), asio::use_awaitable);
}

asio::awaitable<Result<LookUps::Labels>> LookUps::join(std::string name, Milliseconds limit) {
  const auto question = question_about(name);
  if (!question) {
    co_return failure(ErrorCode::Unavailable, "",
                      "namespace \"" + name + "\" was not looked up: " +
                          std::to_string(questions_.size()) + " look-ups are under way");
  }
  if (!question->answer) {
    asio::steady_timer timer(api_.loop().executor(), limit);
    const auto place = question->waiting.insert(question->waiting.end(), &timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    question->waiting.erase(place);
  }
  if (question->answer) co_return *question->answer;
  co_return failure(ErrorCode::Unavailable, "", "the API server did not answer in time");
}

// The one under way, or a new one; null where there is no room for it. Spawning may run ask() to
// its end at once, so nothing of `questions_` is looked at afterwards.
std::shared_ptr<LookUps::Question> LookUps::question_about(const std::string& name) {
  if (const auto asked = questions_.find(name); asked != questions_.end()) return asked->second;
  if (api_.loop().stopping() || questions_.size() >= limits::kNamespaceLookups) return nullptr;
  const auto question = std::make_shared<Question>();
  questions_.emplace(name, question);
  api_.loop().spawn(ask(name, question));
  return question;
}

asio::awaitable<void> LookUps::ask(std::string name, std::shared_ptr<Question> question) {
  asked_.fetch_add(1, std::memory_order_relaxed);
  try {
    question->answer = co_await answer(name);
  } catch (const std::exception& error) {
    question->answer = failure(ErrorCode::Internal, "", error.what());
  }
  questions_.erase(name);
  for (auto* timer : question->waiting) timer->cancel();
}

asio::awaitable<Result<LookUps::Labels>> LookUps::answer(std::string name) {
  net::Request request("GET", std::string(kNamespaces) + "/" + name);
  request.header("Accept", kNamespaceType);
  auto body = co_await api_.call(std::move(request), limits::kNamespaceLookup);
  if (!body) {
    const bool absent = body.error().is_absent();
    co_return failure(absent ? ErrorCode::NotFound : ErrorCode::Unavailable, "",
                      body.error().message);
  }
  auto read = read_namespace(std::move(*body));
  if (!read) co_return std::unexpected(std::move(read.error()));
  map_.put_if_absent(name, read->labels);
  co_return std::move(read->labels);
}

}  // namespace cpods::kube
