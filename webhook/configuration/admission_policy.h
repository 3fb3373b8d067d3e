#pragma once
// A ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1) and the binding that puts it in
// force, as objects ready to be applied.
//
// The API server bounds names and expressions, and kubectl the object. What is beyond is told
// before anything is printed: of many objects, those that fit would be applied and the others not.
// Plain values; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/condition.h"

namespace cpods::configuration {

struct Variable {
  std::string name;
  std::string expression;  // CEL
};

struct Validation {
  std::string expression;  // CEL
  std::string message;
};

struct AdmissionPolicy {
  std::string name;
  std::string_view rules;  // of configuration/resource_rules.h
  std::string namespace_selector;
  std::vector<Condition> conditions;
  std::vector<Variable> variables;
  std::vector<Validation> validations;
};

// payments.pods.backstop.confidential.pods. The subject's name is cut where the whole would be
// longer than an object's name can be, and then told from its like by eight digits of it.
[[nodiscard]] std::string backstop_name(std::string_view subject, std::string_view kind);

// The policy and its binding, as JSON.
[[nodiscard]] std::vector<std::string> objects_of(const AdmissionPolicy& policy);

// Why neither kubectl nor the API server would take it; nothing where they do.
[[nodiscard]] std::optional<std::string> fault_of(const AdmissionPolicy& policy);

}  // namespace cpods::configuration
