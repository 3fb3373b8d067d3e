// The webhook's own listener with a handler that answers every review with the same bytes: the
// webhook without reading, deciding and logging. The listener is leaner than the plain Beast of
// floor.cc, so this is the stricter of the two measures.

#include <signal.h>

#include "fixed_reply.h"
#include "server/certificates.h"
#include "server/listener.h"
#include "server/metrics.h"

namespace {

using cpods::server::Reply;
using cpods::server::Request;

boost::asio::awaitable<Reply> answer(const std::string& reply, Request) {
  co_return Reply::json(reply);
}

void serve(const cpods::bench::Settings& settings) {
  // Blocked before the listener's threads begin, so that only this thread hears them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  cpods::server::Metrics metrics;
  cpods::server::Certificates certificates(metrics);
  const auto installed = certificates.install(settings.identity);
  if (!installed) throw std::runtime_error(installed.error().text());
  cpods::server::Routes routes;
  routes.post["/mutate"] = [&settings](Request request) {
    return answer(settings.reply, std::move(request));
  };
  cpods::server::ListenerOptions options;
  options.threads = 1;
  const auto listener = cpods::bench::value_of(cpods::server::Listener::start(
      settings.listen, std::move(routes), options, metrics, &certificates));
  int received = 0;
  sigwait(&signals, &received);
}

}  // namespace

int main(int argc, char** argv) {
  return cpods::bench::run_server(argc, argv, serve);
}
