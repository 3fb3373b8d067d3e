#include "kube/loop.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace cpods::kube {

namespace asio = boost::asio;

namespace {
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}
}  // namespace

class Loop::Impl {
 public:
  // Entered by each pause, so that stopping can cut it short.
  class Pause {
   public:
    Pause(Impl& impl, std::chrono::milliseconds duration) : impl_(impl), timer(impl.context) {
      timer.expires_after(duration);
      impl_.pauses.insert(this);
    }
    ~Pause() { impl_.pauses.erase(this); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Impl& impl_;

   public:
    asio::steady_timer timer;
  };

  void begin_stop() {
    stopping = true;
    for (Pause* pause : pauses) pause->timer.cancel();
    for (const auto& action : std::exchange(actions, {})) action();
    work.reset();
  }

  void run() {
    context.run();
    const std::lock_guard lock(mutex);
    ended = true;
    ended_changed.notify_all();
  }

  // Pauses end with the context's coroutines, so they are declared before it.
  std::set<Pause*> pauses;
  std::vector<std::function<void()>> actions;
  bool stopping = false;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};

  std::mutex mutex;
  std::condition_variable ended_changed;
  bool ended = false;
  std::thread thread;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() {
  stop();
}

void Loop::start() {
  impl_->thread = std::thread(&Impl::run, impl_.get());
}

void Loop::stop(std::chrono::milliseconds patience) {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->context, [impl = impl_.get()] { impl->begin_stop(); });
  {
    std::unique_lock lock(impl_->mutex);
    if (!impl_->ended_changed.wait_for(lock, patience, [this] { return impl_->ended; })) {
      impl_->context.stop();
    }
  }
  impl_->thread.join();
}

asio::any_io_executor Loop::executor() {
  return impl_->context.get_executor();
}

void Loop::spawn(asio::awaitable<void> work) {
  asio::co_spawn(impl_->context, std::move(work), rethrow);
}

asio::awaitable<void> Loop::pause(std::chrono::milliseconds duration) {
  if (impl_->stopping) co_return;
  Impl::Pause pause(*impl_, duration);
  co_await pause.timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool Loop::stopping() const {
  return impl_->stopping;
}

void Loop::on_stop(std::function<void()> action) {
  impl_->actions.push_back(std::move(action));
}

}  // namespace cpods::kube
