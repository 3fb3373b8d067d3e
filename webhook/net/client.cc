#include "net/client.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <future>
#include <list>
#include <mutex>

#include "base/limits.h"
#include "net/connection.h"
#include "net/sink.h"

namespace cpods::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

using Parser = http::response_parser<SinkBody>;

bool is_head_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// The request as bytes, or Invalid when a header or the target would start a line of its own.
Result<std::string> serialize(const Request& request, const Endpoint& endpoint, bool tls) {
  std::string text = request.method + ' ' + request.target +
                     " HTTP/1.1\r\nHost: " + endpoint.authority(tls) +
                     "\r\nUser-Agent: confidential-pods\r\n";
  bool clean = is_head_text(request.method) && is_head_text(request.target) &&
               request.target.starts_with('/') && request.target.find(' ') == std::string::npos;
  for (const auto& header : request.headers) {
    clean = clean && is_head_text(header.name) && is_head_text(header.value);
    text += header.name + ": " + header.value + "\r\n";
  }
  if (!clean) {
    return failure(ErrorCode::Invalid, "", "the request's target or headers hold a line break");
  }
  if (!request.body.empty() || request.method != "GET") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

std::string place_of(const Request& request, const Endpoint& endpoint, bool tls) {
  const auto path = std::string_view(request.target).substr(0, request.target.find('?'));
  return (tls ? "https://" : "http://") + endpoint.text() + std::string(path);
}

Response response_of(Parser& parser) {
  Response response;
  auto& message = parser.get();
  response.status = message.result_int();
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    response.headers.push_back({std::string(name), std::string(value)});
  }
  response.body = std::move(message.body().text);
  return response;
}

}  // namespace

Request& Request::header(std::string name, std::string value) {
  headers.push_back({std::move(name), std::move(value)});
  return *this;
}

Request& Request::content(std::string content_type, std::string bytes) {
  body = std::move(bytes);
  return header("Content-Type", std::move(content_type));
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& field : headers) {
    if (beast::iequals(field.name, name)) return field.value;
  }
  return {};
}

class Client::Impl {
 public:
  Impl(asio::any_io_executor executor, Endpoint peer, TlsContext tls)
      : endpoint(std::move(peer)), executor_(std::move(executor)), tls_(std::move(tls)) {}

  asio::awaitable<Result<Response>> run(Request request, LineHandler on_line, StreamLimits limits);
  void set_tls(TlsContext tls);
  void cancel();

  const Endpoint endpoint;

 private:
  using Kept = std::unique_ptr<Connection>;

  // What one exchange needs at hand; lives in run()'s frame.
  struct Exchange {
    std::string bytes;
    std::size_t longest_answer;
    LineHandler on_line;
    StreamLimits limits;
    std::shared_ptr<Guard> guard;
    bool answered = false;  // a byte of the answer has come
  };

  asio::awaitable<Result<Response>> attempt(Exchange& exchange, Kept& connection);
  asio::awaitable<Result<void>> receive(Exchange& exchange, Connection& connection, Parser& parser);
  Kept take_idle();
  void keep(Kept connection);

  asio::any_io_executor executor_;
  TlsContext tls_;
  std::vector<Kept> idle_;
  std::list<std::shared_ptr<Guard>> running_;
};

Client::Impl::Kept Client::Impl::take_idle() {
  if (idle_.empty()) return nullptr;
  Kept connection = std::move(idle_.back());
  idle_.pop_back();
  connection->reused = true;
  return connection;
}

void Client::Impl::keep(Kept connection) {
  if (idle_.size() < limits::kIdleClientConnections) idle_.push_back(std::move(connection));
}

void Client::Impl::set_tls(TlsContext tls) {
  tls_ = std::move(tls);
  idle_.clear();
}

void Client::Impl::cancel() {
  idle_.clear();
  // An operation that ends removes its guard, so the list is walked as a copy.
  const auto guards = running_;
  for (const auto& guard : guards) guard->cancel();
}

// Feeds the parser until the answer is whole, or says why it never will be.
asio::awaitable<Result<void>> Client::Impl::receive(Exchange& exchange, Connection& connection,
                                                    Parser& parser) {
  auto& buffer = connection.buffer;
  LineSplitter lines(exchange.on_line, limits::kLineBytes);
  while (!parser.is_done()) {
    error_code ec = make_error_code(http::error::need_more);
    if (buffer.size() > 0) buffer.consume(parser.put(buffer.data(), ec));
    Sink& sink = parser.get().body();
    if (parser.is_header_done() && !parser.eager()) {
      // Only a success is a stream; a refusal is read whole so that its sentence can be told.
      const unsigned status = parser.get().result_int();
      if (exchange.on_line && status >= 200 && status < 300) {
        sink.lines = &lines;
        if (!exchange.on_line({})) co_return Result<void>();
      }
      parser.eager(true);
    }
    if (sink.stopped) co_return Result<void>();
    if (sink.too_large) {
      co_return failure(ErrorCode::TooLarge, "", "the answer is larger than this program reads");
    }
    if (ec && ec != http::error::need_more) {
      co_return failure(ErrorCode::Malformed, "", "the answer is not HTTP: " + ec.message());
    }
    if (!ec && buffer.size() > 0) continue;
    if (parser.is_done()) break;
    const bool in_stream = parser.is_header_done() && sink.lines != nullptr;
    if (in_stream) exchange.guard->limit(exchange.limits.quiet);
    ec = co_await connection.read();
    if (exchange.guard->ended()) {
      co_return failure(ErrorCode::Unavailable, "", exchange.guard->reason(""));
    }
    if (buffer.size() > 0) exchange.answered = true;
    const bool closed = ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
    if (closed && parser.got_some()) {
      error_code incomplete;
      parser.put_eof(incomplete);
      if (!incomplete && ec == asio::error::eof) continue;
    }
    if (ec) {
      co_return failure(ErrorCode::Unavailable, "",
                        exchange.guard->reason(closed ? "it closed the connection" : ec.message()));
    }
  }
  co_return Result<void>();
}

asio::awaitable<Result<Response>> Client::Impl::attempt(Exchange& exchange, Kept& connection) {
  Guard& guard = *exchange.guard;
  if (!connection) {
    connection = std::make_unique<Connection>(executor_, tls_);
    const auto opened = co_await connection->open(endpoint, exchange.guard);
    if (!opened) co_return std::unexpected(opened.error());
  }
  Connection* const raw = connection.get();
  guard.enter("sending the request", [raw] { raw->close(); });
  const auto ec = co_await connection->write(exchange.bytes);
  if (ec || guard.ended()) {
    co_return failure(ErrorCode::Unavailable, "", guard.reason(ec.message()));
  }
  guard.enter("waiting for the answer", [raw] { raw->close(); });
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::kResponseHeadBytes));
  parser.body_limit(boost::none);  // the sink counts
  parser.get().body().longest = exchange.longest_answer;
  const auto received = co_await receive(exchange, *connection, parser);
  if (!received) co_return std::unexpected(received.error());
  if (parser.is_done() && parser.keep_alive() && connection->buffer.size() == 0) {
    guard.release();
    keep(std::move(connection));
  }
  co_return response_of(parser);
}

asio::awaitable<Result<Response>> Client::Impl::run(Request request, LineHandler on_line,
                                                    StreamLimits limits) {
  const std::string place = place_of(request, endpoint, tls_ != nullptr);
  auto bytes = serialize(request, endpoint, tls_ != nullptr);
  if (!bytes) co_return failure(bytes.error().code, place, bytes.error().message);
  Exchange exchange{std::move(*bytes), request.longest_answer, std::move(on_line), limits,
                    std::make_shared<Guard>(executor_)};
  exchange.guard->limit(limits.head);
  const auto registered = running_.insert(running_.end(), exchange.guard);

  Kept connection = take_idle();
  auto answer = co_await attempt(exchange, connection);
  // The peer may close a kept connection at the moment it is used; asking again changes nothing.
  const bool stale = !answer && connection && connection->reused && !exchange.answered;
  if (stale && request.method == "GET" && !exchange.guard->ended()) {
    connection.reset();
    answer = co_await attempt(exchange, connection);
  }
  exchange.guard->release();
  running_.erase(registered);
  if (!answer) co_return failure(answer.error().code, place, answer.error().message);
  co_return answer;
}

Client::Client(asio::any_io_executor executor, Endpoint endpoint, TlsContext tls)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(endpoint), std::move(tls))) {}
Client::~Client() = default;

asio::awaitable<Result<Response>> Client::send(Request request, std::chrono::milliseconds limit) {
  const StreamLimits limits(limit, limit);
  return impl_->run(std::move(request), nullptr, limits);
}

asio::awaitable<Result<Response>> Client::stream(Request request, LineHandler on_line,
                                                 StreamLimits limits) {
  return impl_->run(std::move(request), std::move(on_line), limits);
}

void Client::set_tls(TlsContext tls) {
  impl_->set_tls(std::move(tls));
}
void Client::cancel() {
  impl_->cancel();
}
const Endpoint& Client::endpoint() const {
  return impl_->endpoint;
}

namespace {

// A name that is still being looked up cannot be given up: its thread is left to itself, and with
// it what it will touch, for as long as the program runs.
void abandon(std::unique_ptr<asio::io_context> context) {
  static std::mutex guard;
  static auto* const abandoned = new std::vector<std::unique_ptr<asio::io_context>>;
  const std::lock_guard lock(guard);
  abandoned->push_back(std::move(context));
}

}  // namespace

Result<Response> fetch(const Endpoint& endpoint, TlsContext tls, Request request,
                       std::chrono::milliseconds limit) {
  auto context = std::make_unique<asio::io_context>(1);
  auto client = std::make_unique<Client>(context->get_executor(), endpoint, std::move(tls));
  auto answer = asio::co_spawn(*context, client->send(std::move(request), limit), asio::use_future);
  while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) context->run_one();
  client.reset();
  context->poll();
  if (!context->stopped()) abandon(std::move(context));
  return answer.get();
}

}  // namespace cpods::net
