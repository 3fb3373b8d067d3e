#pragma once
// Where the bytes of an answer's body go, as Beast's parser wants to be told. Private to net.
// Owned by the parser of one answer; one thread.

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/lines.h"

namespace cpods::net {

// Takes the bytes: into a string, or line by line to a handler.
struct Sink {
  std::string text;
  std::size_t longest = limits::kResponseBytes;
  LineSplitter* lines = nullptr;
  bool too_large = false;
  bool stopped = false;

  void take(std::string_view bytes) {
    if (lines == nullptr) {
      too_large = text.size() + bytes.size() > longest;
      if (!too_large) text += bytes;
      return;
    }
    note(lines->feed(bytes));
  }

  void note(LineSplitter::State state) {
    too_large = state == LineSplitter::State::TooLong;
    stopped = state == LineSplitter::State::Stopped;
  }
};

// Beast's notion of a body (its Body concept), filling a Sink.
struct SinkBody {
  using value_type = Sink;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>&, Sink& sink) : sink_(sink) {}

    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& ec) { ec = {}; }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& ec) {
      std::size_t count = 0;
      for (const auto part : boost::beast::buffers_range(buffers)) {
        sink_.take({static_cast<const char*>(part.data()), part.size()});
        count += part.size();
      }
      ec = sink_.too_large || sink_.stopped ? make_error_code(boost::beast::http::error::body_limit)
                                            : boost::system::error_code();
      return count;
    }

    void finish(boost::system::error_code& ec) {
      ec = {};
      if (sink_.lines != nullptr) sink_.note(sink_.lines->finish());
    }

   private:
    Sink& sink_;
  };
};

}  // namespace cpods::net
