#pragma once
// A request's body while it arrives. Its room is doubled as it fills, and what goes beyond
// limits::kSmallBytes is taken from the budget as it grows: a claimed length alone costs nothing
// and keeps nobody out. A body that is over the limit, or for which nothing is left, is counted to
// its end and kept by its front.
// Private to server. Belongs to one request, on its thread; its room is given back when it ends.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/budget.h"
#include "server/http.h"

namespace cpods::server {

class IncomingBody {
 public:
  // `size`: the claimed length. One above `limit` is not held.
  IncomingBody(std::size_t size, std::size_t limit, Budget& budget);

  [[nodiscard]] std::size_t missing() const { return size_ - arrived_; }
  // Where the next bytes belong; empty when they are to be thrown away.
  [[nodiscard]] std::span<char> room();
  // So many have been written into room(), or thrown away.
  void arrived(std::size_t bytes) { arrived_ += bytes; }
  // Takes what it still misses from the front of `bytes`; how many that were.
  std::size_t take(std::string_view bytes);

  // Once nothing is missing: into the request, whole or cut.
  void hand_over(Request& request);
  // The request is answered: its room is free again.
  void give_back() { share_.give_back(); }

 private:
  void grow();
  void resize(std::size_t bytes);
  void cut(Cut why);

  std::size_t size_;
  std::size_t arrived_ = 0;
  std::string text_;  // as long as there is room
  std::optional<Cut> cut_;
  Share share_;
};

}  // namespace cpods::server
