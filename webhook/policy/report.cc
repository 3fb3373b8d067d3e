#include "policy/report.h"

namespace cpods::policy {

void Report::add(Severity severity, json::Place place, std::string message) {
  diagnostics_.push_back({severity, {file_, place.line, place.column}, std::move(message)});
  has_errors_ = has_errors_ || severity == Severity::Error;
}

void Report::warning(json::Node at, std::string message) {
  add(Severity::Warning, document_.place_of(at.pointer()), std::move(message));
}

void Report::error_at(std::string_view pointer, std::string message) {
  add(Severity::Error, document_.place_of(pointer), std::move(message));
}

void Report::error_at_key(std::string_view pointer, std::string message) {
  add(Severity::Error, document_.key_place_of(pointer), std::move(message));
}

Position Report::position(json::Node at) const {
  const auto place = document_.place_of(at.pointer());
  return {file_, place.line, place.column};
}

}  // namespace cpods::policy
