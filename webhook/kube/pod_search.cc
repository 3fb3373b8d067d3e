#include "kube/pod_search.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "json/document.h"

namespace cpods::kube {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

namespace {

net::Request request_for(const std::string& name_space, std::size_t pods, const std::string& next) {
  net::Request request("GET", "/api/v1/namespaces/" + name_space +
                                  "/pods?limit=" + std::to_string(pods) + "&fieldSelector=" +
                                  percent_encoded("status.phase!=Succeeded,status.phase!=Failed") +
                                  (next.empty() ? "" : "&continue=" + percent_encoded(next)));
  request.longest_answer = limits::kPodsPageBytes;
  return request;
}

// Counts one search for as long as it lives.
class UnderWay {
 public:
  explicit UnderWay(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
  ~UnderWay() { --*count_; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::shared_ptr<std::size_t> count_;
};

}  // namespace

asio::awaitable<Result<std::string>> PodSearch::find(std::string name_space, Matches matches,
                                                     Milliseconds limit) {
  if (!is_dns_label(name_space)) {
    co_return failure(ErrorCode::NotFound, "", "\"" + name_space + "\" is not a namespace's name");
  }
  auto work = search(std::move(name_space), std::move(matches), limit);
  auto executor = api_.loop().executor();
  co_return co_await asio::co_spawn(executor, std::move(work), asio::use_awaitable);
}

asio::awaitable<Result<std::string>> PodSearch::search(std::string name_space, Matches matches,
                                                       Milliseconds limit) {
  if (api_.loop().stopping() || *under_way_ >= limits::kPodSearches) {
    co_return failure(ErrorCode::Unavailable, "", "other searches are under way");
  }
  const UnderWay counted(under_way_);
  const auto end = steady_clock::now() + limit;
  std::size_t pods = limits::kPodsFirst;
  std::string next;
  while (true) {
    net::Request request = request_for(name_space, pods, next);
    const auto left = std::chrono::duration_cast<Milliseconds>(end - steady_clock::now());
    if (left.count() <= 0) co_return failure(ErrorCode::Unavailable, "", "not all read in time");
    auto body = co_await api_.call(std::move(request), left);
    if (!body && body.error().too_large && pods > 1) {
      pods = std::max<std::size_t>(1, pods / 8);
      continue;
    }
    if (!body) co_return failure(ErrorCode::Unavailable, "", body.error().message);
    pods = std::min(pods * 2, limits::kPodsMost);
    auto page = read_page(std::move(*body), matches);
    if (!page) co_return std::unexpected(std::move(page.error()));
    if (!page->found.empty()) co_return std::move(page->found);
    next = std::move(page->next);
    if (next.empty()) co_return std::string();
  }
}

Result<PodSearch::Page> PodSearch::read_page(std::string body, const Matches& matches) {
  const auto document = json::Document::parse(std::move(body));
  if (!document) return std::unexpected(document.error());
  try {
    const auto list = document->root();
    if (list["items"].kind() != json::Kind::Array && list["items"].kind() != json::Kind::Null) {
      return failure(ErrorCode::Malformed, "items", "must be a list of Pods");
    }
    for (const auto item : list["items"].elements()) {
      const auto pod = item.rooted();
      if (!matches(pod)) continue;
      const auto name = pod["metadata"]["name"].text();
      if (!name.empty()) return Page{.found = std::string(name)};
      return failure(ErrorCode::Malformed, "metadata.name", "the Pod that was found has no name");
    }
    return Page{.next = std::string(list["metadata"]["continue"].text())};
  } catch (const json::Malformed& malformed) {
    return failure(ErrorCode::Malformed, malformed.where(), malformed.what());
  }
}

}  // namespace cpods::kube
