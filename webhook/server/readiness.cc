#include "server/readiness.h"

namespace cpods::server {

std::optional<std::string> Readiness::reason_against() const {
  if (draining_) return "Not ready: stopping, and answering what is under way.";
  for (const auto& check : checks_) {
    if (auto reason = check()) return "Not ready: " + *reason;
  }
  return std::nullopt;
}

void Readiness::add_routes(Routes& routes) const {
  routes.get["/healthz"] = [] { return Reply::sentence(200, "ok"); };
  routes.get["/readyz"] = [this] {
    auto reason = reason_against();
    return reason ? Reply::sentence(503, std::move(*reason)) : Reply::sentence(200, "ok");
  };
}

}  // namespace cpods::server
