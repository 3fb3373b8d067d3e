#include "server/incoming_body.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"

namespace cpods::server {

IncomingBody::IncomingBody(std::size_t size, std::size_t limit, Budget& budget)
    : size_(size), share_(budget) {
  if (size > limit) {
    cut(Cut::over_limit(size, limit));
  } else {
    resize(std::min(size, limits::kSmallBytes));
  }
}

// The memory is not touched before bytes arrive.
void IncomingBody::resize(std::size_t bytes) {
  text_.reserve(bytes + limits::kReadAhead);
  text_.resize_and_overwrite(bytes, [](char*, std::size_t whole) { return whole; });
}

void IncomingBody::cut(Cut why) {
  cut_ = std::move(why);
  resize(std::min(size_, limits::kFrontBytes));
  text_.shrink_to_fit();
  share_.give_back();
}

void IncomingBody::grow() {
  const auto wanted = std::min(size_, text_.size() * 2);
  if (share_.grow(wanted - text_.size())) {
    resize(wanted);
  } else {
    cut(Cut::no_room(size_));
  }
}

std::span<char> IncomingBody::room() {
  if (!cut_ && arrived_ == text_.size() && missing() > 0) grow();
  if (arrived_ >= text_.size()) return {};
  return std::span(text_).subspan(arrived_);
}

std::size_t IncomingBody::take(std::string_view bytes) {
  const auto taken = std::min(missing(), bytes.size());
  for (std::size_t done = 0; done < taken;) {
    const auto to = room();
    const auto part = to.empty() ? taken - done : std::min(taken - done, to.size());
    if (!to.empty()) std::memcpy(to.data(), bytes.data() + done, part);
    arrived(part);
    done += part;
  }
  return taken;
}

void IncomingBody::hand_over(Request& request) {
  request.body = std::move(text_);
  request.cut = std::move(cut_);
}

}  // namespace cpods::server
