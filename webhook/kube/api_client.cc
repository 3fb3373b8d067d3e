#include "kube/api_client.h"

#include <spdlog/spdlog.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "json/document.h"
#include "kube/backoff.h"

namespace cpods::kube {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

// Kubelets rotate tokens well before they expire; client-go rereads as often.
constexpr std::chrono::seconds kAccessAge{60};
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kTooManyRequests = 429;

Result<net::TlsContext> tls_of(const Access& access) {
  if (access.client_certificate_pem.empty()) return net::client_context(access.ca_pem);
  const net::Identity identity(access.client_certificate_pem, access.client_key_pem);
  return net::client_context(access.ca_pem, &identity);
}

bool same_tls(const Access& left, const Access& right) {
  return left.ca_pem == right.ca_pem &&
         left.client_certificate_pem == right.client_certificate_pem &&
         left.client_key_pem == right.client_key_pem;
}

// metav1.Status.message, or the start of whatever a proxy in between wrote.
std::string words_of(const std::string& body) {
  constexpr std::size_t kStart = 120;
  if (const auto document = json::Document::parse(body)) {
    const json::Node root = document->root();
    if (root.kind() == json::Kind::Object && root["message"].kind() == json::Kind::String) {
      return std::string(root["message"].text());
    }
  }
  return body.substr(0, kStart);
}

// The form in seconds; the API server sends no dates.
std::optional<std::chrono::seconds> retry_after(const net::Response& response) {
  const std::string_view text = response.header("Retry-After");
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return std::chrono::seconds(seconds);
}

ApiFailure failure_of(const std::string& what, const net::Response& response) {
  ApiFailure failed(response.status, what + ": status " + std::to_string(response.status) + ", " +
                                         words_of(response.body));
  failed.retry_after = retry_after(response);
  return failed;
}

// The network's error names the whole address itself.
ApiFailure no_answer(const net::Request& request, const Error& error) {
  ApiFailure failed(0, request.method + " " + error.text());
  failed.too_large = error.code == ErrorCode::TooLarge;
  return failed;
}

bool may_succeed_later(const ApiFailure& failed) {
  const auto status = failed.status;
  return !failed.too_large && (status == 0 || status == kTooManyRequests || status >= 500);
}

std::string describe_request(const net::Request& request) {
  return request.method + " " + request.target.substr(0, request.target.find('?'));
}

}  // namespace

class ApiClient::Impl {
 public:
  Impl(Loop& loop, AccessSource source, Access access, net::TlsContext tls)
      : loop_(loop),
        source_(std::move(source)),
        access_(std::move(access)),
        read_at_(steady_clock::now()),
        client_(loop.executor(), access_.endpoint, std::move(tls)) {
    loop_.on_stop([this] { client_.cancel(); });
  }

  asio::awaitable<ApiResult<std::string>> call(net::Request request, Milliseconds limit);
  asio::awaitable<ApiResult<void>> watch(net::Request request, net::LineHandler on_line,
                                         net::StreamLimits limits);

  [[nodiscard]] Loop& loop() const { return loop_; }
  [[nodiscard]] std::string describe() const {
    return "https://" + access_.endpoint.text() + access_.base_path + " as " + access_.origin;
  }

 private:
  void read_access_again();
  Result<void> take(Result<Access> fresh);
  void read_access_when_old() {
    if (steady_clock::now() - read_at_ >= kAccessAge) read_access_again();
  }
  [[nodiscard]] net::Request authorized(const net::Request& request) const;

  Loop& loop_;
  AccessSource source_;
  Access access_;
  steady_clock::time_point read_at_;
  net::Client client_;
};

// A failure keeps what is in use: a half-written file is whole a minute later.
void ApiClient::Impl::read_access_again() {
  read_at_ = steady_clock::now();
  if (const auto taken = take(source_()); !taken) {
    spdlog::warn("API server: keeping the credentials in use: {}", taken.error().text());
  }
}

Result<void> ApiClient::Impl::take(Result<Access> fresh) {
  if (!fresh) return std::unexpected(std::move(fresh.error()));
  if (fresh->endpoint != access_.endpoint || fresh->base_path != access_.base_path) {
    return failure(
        ErrorCode::Invalid, fresh->origin,
        "it now names another API server, " + fresh->endpoint.text() + "; restart to follow it");
  }
  if (!same_tls(access_, *fresh)) {
    auto tls = tls_of(*fresh);
    if (!tls) return std::unexpected(std::move(tls.error()));
    client_.set_tls(std::move(*tls));
  }
  access_ = std::move(*fresh);
  return {};
}

net::Request ApiClient::Impl::authorized(const net::Request& request) const {
  net::Request signed_request = request;
  signed_request.target = access_.base_path + request.target;
  if (!access_.token.empty()) signed_request.header("Authorization", "Bearer " + access_.token);
  return signed_request;
}

asio::awaitable<ApiResult<std::string>> ApiClient::Impl::call(net::Request request,
                                                              Milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  const std::string what = describe_request(request);
  bool read_again = false;
  std::optional<ApiFailure> told;  // the API server's own words outlive the end of the time
  Backoff backoff;
  for (;;) {
    read_access_when_old();
    const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_clock::now());
    net::Request attempt = authorized(request);
    auto answer = co_await client_.send(std::move(attempt), left);
    if (answer && answer->ok()) co_return std::move(answer->body);
    if (answer && answer->status == kUnauthorized && !read_again) {
      read_again = true;
      read_access_again();
      continue;
    }
    ApiFailure failed = answer ? failure_of(what, *answer) : no_answer(request, answer.error());
    if (!may_succeed_later(failed)) co_return std::unexpected(std::move(failed));
    if (failed.status != 0) told = failed;
    const auto wait = backoff.next(failed.retry_after);
    if (steady_clock::now() + wait >= deadline) {
      co_return std::unexpected(told ? std::move(*told) : std::move(failed));
    }
    co_await loop_.pause(wait);
    if (loop_.stopping()) co_return std::unexpected(std::move(failed));
  }
}

asio::awaitable<ApiResult<void>> ApiClient::Impl::watch(net::Request request,
                                                        net::LineHandler on_line,
                                                        net::StreamLimits limits) {
  const std::string what = describe_request(request) + " (watch)";
  for (bool read_again = false;; read_again = true) {
    read_access_when_old();
    net::Request attempt = authorized(request);
    auto answer = co_await client_.stream(std::move(attempt), on_line, limits);
    if (!answer) co_return std::unexpected(no_answer(request, answer.error()));
    if (answer->ok()) co_return ApiResult<void>();
    if (answer->status != kUnauthorized || read_again) {
      co_return std::unexpected(failure_of(what, *answer));
    }
    read_access_again();
  }
}

Result<std::unique_ptr<ApiClient>> ApiClient::create(Loop& loop, AccessSource source) {
  auto access = source();
  if (!access) return std::unexpected(access.error());
  auto tls = tls_of(*access);
  if (!tls) return failure(tls.error().code, access->origin, tls.error().text());
  auto impl = std::make_unique<Impl>(loop, std::move(source), std::move(*access), std::move(*tls));
  return std::unique_ptr<ApiClient>(new ApiClient(std::move(impl)));
}

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiClient::~ApiClient() = default;

asio::awaitable<ApiResult<std::string>> ApiClient::call(net::Request request, Milliseconds limit) {
  return impl_->call(std::move(request), limit);
}

asio::awaitable<ApiResult<void>> ApiClient::watch(net::Request request, net::LineHandler on_line,
                                                  net::StreamLimits limits) {
  return impl_->watch(std::move(request), std::move(on_line), limits);
}

Loop& ApiClient::loop() const {
  return impl_->loop();
}
std::string ApiClient::describe() const {
  return impl_->describe();
}

}  // namespace cpods::kube
