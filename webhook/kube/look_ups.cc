#include "kube/look_ups.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>
#include <utility>

#include "kube/namespace_feed.h"

namespace cpods::kube {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kLongestName = 63;
constexpr unsigned kNotFound = 404;

// RFC 1123 label, which is what the API server admits as a namespace's name.
bool is_namespace_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

// The timer is what the askers wait on: cancelled when the answer is there, else it ends the wait.
struct LookUps::Question {
  Question(const asio::any_io_executor& executor, Milliseconds limit) : done(executor, limit) {}
  asio::steady_timer done;
  Result<Labels> answer =
      failure(ErrorCode::Unavailable, "", "the API server did not answer in time");
};

asio::awaitable<Result<LookUps::Labels>> LookUps::look_up(std::string name, Milliseconds limit) {
  if (!is_namespace_name(name)) {
    co_return failure(ErrorCode::NotFound, "", "\"" + name + "\" is not a namespace's name");
  }
  auto joined = join(std::move(name), limit);
  auto executor = api_.loop().executor();
  co_return co_await asio::co_spawn(executor, std::move(joined), asio::use_awaitable);
}

// The first who asks sends the question, the others wait for the same answer.
asio::awaitable<Result<LookUps::Labels>> LookUps::join(std::string name, Milliseconds limit) {
  if (Labels known = map_.find(name)) co_return known;
  auto asked = questions_.find(name);
  if (asked == questions_.end()) {
    if (api_.loop().stopping() || questions_.size() >= kMost) {
      co_return failure(ErrorCode::Unavailable, "",
                        "namespace \"" + name + "\" was not looked up: " +
                            std::to_string(questions_.size()) + " look-ups are under way");
    }
    auto question = std::make_shared<Question>(api_.loop().executor(), limit);
    asked = questions_.emplace(name, question).first;
    auto asking = ask(std::move(name), std::move(question), limit);
    api_.loop().spawn(std::move(asking));
  }
  const std::shared_ptr<Question> question = asked->second;
  co_await question->done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return question->answer;
}

asio::awaitable<void> LookUps::ask(std::string name, std::shared_ptr<Question> question,
                                   Milliseconds limit) {
  asked_.fetch_add(1, std::memory_order_relaxed);
  net::Request request("GET", std::string(kNamespaces) + "/" + name);
  request.header("Accept", kNamespaceType);
  auto body = co_await api_.call(std::move(request), limit);
  question->answer = keep(name, std::move(body));
  questions_.erase(name);
  question->done.cancel();
}

Result<LookUps::Labels> LookUps::keep(const std::string& name, ApiResult<std::string> body) {
  if (!body) {
    const bool absent = body.error().status == kNotFound;
    return failure(absent ? ErrorCode::NotFound : ErrorCode::Unavailable, "", body.error().message);
  }
  auto read = read_namespace(std::move(*body));
  if (!read) return std::unexpected(std::move(read.error()));
  map_.put_if_absent(name, read->labels);
  return map_.find(name);
}

}  // namespace cpods::kube
