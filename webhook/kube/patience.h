#pragma once
// How long each notice has stood, by the clock of whoever looks: the clocks of replicas are not
// compared. A notice with another text is another notice, however soon it came after the one that
// was struck, or after its entry was taken away and added again. Where nobody could look for long,
// because the API server was away, all begin anew: those who need an entry could not look either.
// A value; one owner, one thread.

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "kube/webhook_list.h"

namespace cpods::kube {

class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Patience(Clock::duration patience) : patience_(patience) {}

  // Of the notices that a look at `now` saw: names of the entries whose notice all looks have seen
  // for as long as patience lasts, none of them half of it after the one before.
  [[nodiscard]] std::set<std::string, std::less<>> over(const Notices& given,
                                                        Clock::time_point now) {
    if (now - last_look_ > patience_ / 2) known_.clear();
    last_look_ = now;
    std::erase_if(known_, [&](const auto& each) { return !given.contains(each.first); });
    std::set<std::string, std::less<>> names;
    for (const auto& [name, notice] : given) {
      auto& known = known_.try_emplace(name, Known{notice, now}).first->second;
      if (known.notice != notice) known = {notice, now};
      if (now - known.since >= patience_) names.insert(name);
    }
    return names;
  }

 private:
  struct Known {
    std::string notice;
    Clock::time_point since;
  };

  Clock::duration patience_;
  Clock::time_point last_look_;
  std::map<std::string, Known> known_;
};

}  // namespace cpods::kube
