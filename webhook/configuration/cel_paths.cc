#include "configuration/cel_paths.h"

namespace cpods::configuration::cel {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view by) {
  std::string out;
  for (const auto& each : parts) {
    if (!out.empty()) out += by;
    out += "(" + each + ")";
  }
  return out;
}

}  // namespace

std::string any_of(const std::vector<std::string>& alternatives) {
  return alternatives.empty() ? "false" : joined(alternatives, " || ");
}

std::string all_of(const std::vector<std::string>& conditions) {
  return conditions.empty() ? "true" : joined(conditions, " && ");
}

std::string has(std::string_view path) {
  std::string out;
  for (auto dot = path.find('.', path.find('.') + 1);; dot = path.find('.', dot + 1)) {
    if (!out.empty()) out += " && ";
    out += "has(" + std::string(path.substr(0, dot)) + ")";
    if (dot == std::string_view::npos) return out;
  }
}

std::string in_each(std::string_view path, std::string_view variable,
                    const std::string& condition) {
  return has(path) + " && " + std::string(path) + ".exists(" + std::string(variable) + ", " +
         condition + ")";
}

}  // namespace cpods::configuration::cel
