#pragma once
// Bytes that arrive in pieces, handed on line by line. Owned by one reader; one thread.

#include <functional>
#include <string>
#include <string_view>

namespace cpods::net {

class LineSplitter {
 public:
  enum class State { Open, Stopped, TooLong };

  // `on_line` gets each line without its '\n' and returns false to stop; lines longer than `limit`
  // bytes are TooLong. Neither state is left again.
  LineSplitter(std::function<bool(std::string_view)> on_line, std::size_t limit)
      : on_line_(std::move(on_line)), limit_(limit) {}

  State feed(std::string_view bytes) {
    while (state_ == State::Open && !bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      if (rest_.size() + piece.size() > limit_) return state_ = State::TooLong;
      if (end == std::string_view::npos) {
        rest_ += piece;
        break;
      }
      hand_on(piece);
      bytes.remove_prefix(end + 1);
    }
    return state_;
  }

  // The body is over: what follows the last '\n' is a line too, unless it is empty.
  State finish() {
    if (state_ == State::Open && !rest_.empty()) hand_on({});
    return state_;
  }

 private:
  // A line that arrived in one piece is never copied.
  void hand_on(std::string_view last_piece) {
    bool more = true;
    if (rest_.empty()) {
      more = on_line_(last_piece);
    } else {
      rest_ += last_piece;
      more = on_line_(rest_);
      rest_.clear();
    }
    if (!more) state_ = State::Stopped;
  }

  std::function<bool(std::string_view)> on_line_;
  std::size_t limit_;
  std::string rest_;
  State state_ = State::Open;
};

}  // namespace cpods::net
