#pragma once
// Collects what is to be said about one document, by place.
// Belongs to one load; one owner, one thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/located.h"
#include "json/node.h"
#include "policy/loader.h"

namespace cpods::policy {

class Report {
 public:
  Report(const std::string& file, const json::LocatedDocument& document,
         std::vector<Diagnostic>& diagnostics)
      : file_(file), document_(document), diagnostics_(diagnostics) {}

  void error(json::Node at, std::string message) { error_at(at.pointer(), std::move(message)); }
  void warning(json::Node at, std::string message);
  void error_at(std::string_view pointer, std::string message);
  // At the name of a member, not at its value.
  void error_at_key(std::string_view pointer, std::string message);

  [[nodiscard]] Position position(json::Node at) const;
  [[nodiscard]] bool has_errors() const { return has_errors_; }

 private:
  void add(Severity severity, json::Place place, std::string message);

  const std::string& file_;
  const json::LocatedDocument& document_;
  std::vector<Diagnostic>& diagnostics_;
  bool has_errors_ = false;
};

}  // namespace cpods::policy
