#include "configuration/pattern_lists.h"

#include "configuration/cel.h"

namespace cpods::configuration {
namespace {

std::string some_of(const std::string& variable, std::string_view value, std::string_view method) {
  return "variables." + variable + ".exists(each, " + std::string(value) + "." +
         std::string(method) + "(each))";
}

}  // namespace

PatternLists::PatternLists(std::string_view name,
                           const std::vector<policy::NamePattern>& patterns) {
  const std::string stem(name);
  names_.variable = stem;
  begin_.variable = stem + "_begin";
  end_.variable = stem + "_end";
  match_.variable = stem + "_match";
  for (const auto& pattern : patterns) {
    const std::string& text = pattern.text();
    const auto star = text.find('*');
    if (pattern.is_literal()) {
      names_.texts.push_back(text);
    } else if (star + 1 == text.size()) {
      begin_.texts.push_back(text.substr(0, star));
    } else if (text.rfind('*') == 0) {
      end_.texts.push_back(text.substr(1));
    } else {
      match_.texts.push_back(cel::regular_expression(text));
    }
  }
}

std::string PatternLists::hold(std::string_view value) const {
  std::string out;
  const auto add = [&out](const std::string& way) { out += (out.empty() ? "" : " || ") + way; };
  if (!names_.texts.empty()) add(std::string(value) + " in variables." + names_.variable);
  if (!begin_.texts.empty()) add(some_of(begin_.variable, value, "startsWith"));
  if (!end_.texts.empty()) add(some_of(end_.variable, value, "endsWith"));
  if (!match_.texts.empty()) add(some_of(match_.variable, value, "matches"));
  return out.empty() ? "false" : out;
}

void PatternLists::append_variables(std::vector<Variable>& out) const {
  for (const auto* list : {&names_, &begin_, &end_, &match_}) {
    if (!list->texts.empty()) out.push_back({list->variable, cel::list(list->texts)});
  }
}

}  // namespace cpods::configuration
