#pragma once
// The patterns of names that a policy lists, as variables of its ValidatingAdmissionPolicy: each
// pattern is written once, however many paths of a Pod are held against it.
//
//   secrets           ["db", "db-replica"]      names
//   secrets_begin     ["pay-"]                  what stands before the only star
//   secrets_end       ["-prod"]                 what stands behind it
//   secrets_match     ["^a.*z$"]                any other, as RE2
//
// A list with nothing in it is left out. The first three are there because they cost the API server
// a third of a regular expression, and it gives up, which is a refusal, on what costs too much.
// Plain values; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "configuration/admission_policy.h"
#include "policy/model.h"

namespace cpods::configuration {

class PatternLists {
 public:
  // `name`: of the variables, as above.
  PatternLists(std::string_view name, const std::vector<policy::NamePattern>& patterns);

  // True where the string `value`, which is no call, matches one of the patterns.
  [[nodiscard]] std::string hold(std::string_view value) const;
  void append_variables(std::vector<Variable>& out) const;

 private:
  struct List {
    std::string variable;
    std::vector<std::string> texts;
  };

  List names_;
  List begin_;
  List end_;
  List match_;
};

}  // namespace cpods::configuration
