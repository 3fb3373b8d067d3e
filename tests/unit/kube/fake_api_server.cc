#include "unit/kube/fake_api_server.h"

#include <sys/socket.h>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "certs/authority.h"
#include "json/writer.h"
#include "net/tls.h"

namespace cpods::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stream = asio::ssl::stream<tcp::socket>;

namespace {

std::size_t content_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

std::string chunk(const std::string& piece) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + piece + "\r\n";
}

std::string head_of(const Reply& reply) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n" + reply.headers;
  if (reply.pieces.empty() && reply.then == Reply::Then::End) {
    return head + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
  }
  return head + "Transfer-Encoding: chunked\r\n\r\n";
}

}  // namespace

class FakeApiServer::Impl {
 public:
  explicit Impl(std::vector<Step> script) : script_(std::move(script)) {
    auto authority = certs::Authority::create(std::chrono::system_clock::now());
    if (!authority) throw std::runtime_error(authority.error().text());
    auto pair = authority->issue({"127.0.0.1"}, std::chrono::system_clock::now());
    if (!pair) throw std::runtime_error(pair.error().text());
    ca_pem_ = authority->pem().certificate;
    auto tls =
        net::server_context({pair->certificate, pair->key}, std::chrono::system_clock::now());
    if (!tls) throw std::runtime_error(tls.error().text());
    tls_ = std::move(*tls);
    accepting_ = std::thread([this] { accept(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& stream : streams_)
        ::shutdown(stream->next_layer().native_handle(), SHUT_RDWR);
    }
    changed_.notify_all();
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    accepting_.join();
    for (std::thread& serving : serving_) serving.join();
  }

  kube::Access access() const {
    kube::Access access;
    access.endpoint = net::Endpoint("127.0.0.1", acceptor_.local_endpoint().port());
    access.ca_pem = ca_pem_;
    access.token = "token";
    access.origin = "a test";
    return access;
  }

  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::vector<std::string> unexpected() const {
    const std::lock_guard lock(mutex_);
    return unexpected_;
  }
  void add(Step step) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(step));
  }

 private:
  void accept() {
    for (;;) {
      boost::system::error_code ec;
      tcp::socket socket(context_);
      acceptor_.accept(socket, ec);
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (ec) continue;
      auto stream = std::make_shared<Stream>(std::move(socket), *tls_);
      streams_.push_back(stream);
      serving_.emplace_back([this, stream] { serve(*stream); });
    }
  }

  void serve(Stream& stream) {
    try {
      stream.handshake(Stream::server);
      std::string bytes;
      while (answer(stream, bytes)) {
      }
    } catch (const std::exception&) {
      // The client went away, which is its right.
    }
    ::shutdown(stream.next_layer().native_handle(), SHUT_RDWR);
  }

  bool answer(Stream& stream, std::string& bytes) {
    const std::size_t head_size = asio::read_until(stream, asio::dynamic_buffer(bytes), "\r\n\r\n");
    Seen request;
    request.head = bytes.substr(0, head_size);
    request.line = request.head.substr(0, request.head.find(" HTTP/1.1"));
    bytes.erase(0, head_size);
    const std::size_t length = content_length(request.head);
    if (bytes.size() < length) {
      asio::read(stream, asio::dynamic_buffer(bytes),
                 asio::transfer_exactly(length - bytes.size()));
    }
    request.body = bytes.substr(0, length);
    bytes.erase(0, length);
    return send(stream, choose(std::move(request)));
  }

  Reply choose(Seen request) {
    const std::lock_guard lock(mutex_);
    const std::string line = request.line;
    seen_.push_back(std::move(request));
    for (auto step = script_.begin(); step != script_.end(); ++step) {
      if (line.find(step->expected) == std::string::npos) continue;
      Reply reply = std::move(step->reply);
      script_.erase(step);
      return reply;
    }
    unexpected_.push_back(line);
    return refusal(500, "the script expects no " + line);
  }

  // False when the connection is over.
  bool send(Stream& stream, const Reply& reply) {
    wait(reply.delay);
    asio::write(stream, asio::buffer(head_of(reply)));
    for (const std::string& piece : reply.pieces) {
      asio::write(stream, asio::buffer(chunk(piece)));
      wait(reply.delay);
    }
    if (reply.then == Reply::Then::Cut) return false;
    if (reply.then == Reply::Then::Hang) {
      wait(std::chrono::minutes(1));
      return false;
    }
    asio::write(stream, asio::buffer(reply.pieces.empty() ? reply.body : "0\r\n\r\n"));
    return true;
  }

  void wait(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, duration, [this] { return stopping_; });
  }

  std::string ca_pem_;
  net::TlsContext tls_;
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<Step> script_;
  std::vector<Seen> seen_;
  std::vector<std::string> unexpected_;
  std::list<std::shared_ptr<Stream>> streams_;
  std::list<std::thread> serving_;
  std::thread accepting_;
};

FakeApiServer::FakeApiServer(std::vector<Step> script)
    : impl_(std::make_unique<Impl>(std::move(script))) {}
FakeApiServer::~FakeApiServer() = default;

kube::Access FakeApiServer::access() const {
  return impl_->access();
}
std::vector<Seen> FakeApiServer::seen() const {
  return impl_->seen();
}
std::vector<std::string> FakeApiServer::unexpected() const {
  return impl_->unexpected();
}
void FakeApiServer::add(Step step) {
  impl_->add(std::move(step));
}

Reply refusal(unsigned status, const std::string& message, const std::string& headers) {
  json::Writer body;
  body.object().field("kind", "Status").field("message", message);
  body.key("code").number(status).end();
  return {.status = status, .body = body.take(), .headers = headers};
}

}  // namespace cpods::test
