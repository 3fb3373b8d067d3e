#include "configuration/admission_policy.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "configuration/cel.h"
#include "json/writer.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

constexpr std::string_view kApiVersion = "admissionregistration.k8s.io/v1";
constexpr std::string_view kDomain = ".backstop.confidential.pods";
constexpr std::size_t kDigits = 8;

// kubectl apply keeps what it applied in an annotation, and the API server holds all annotations of
// an object to 256 KiB. 1 KiB is for the annotation's name and what else there is.
constexpr std::size_t kAppliedBytes = std::size_t{255} * 1024;
// Go's JSON has \u0026 for &.
constexpr std::string_view kEscaped = "&<>";
constexpr std::size_t kEscapeBytes = 6;

void write_head(json::Writer& out, std::string_view kind, std::string_view name) {
  out.object().field("apiVersion", kApiVersion).field("kind", kind);
  out.key("metadata").object().field("name", name).key("labels").object();
  out.field("app.kubernetes.io/name", names::kInstallation).end().end();
}

void write_variables(json::Writer& out, const std::vector<Variable>& variables) {
  if (variables.empty()) return;
  out.key("variables").array();
  for (const auto& [name, expression] : variables) {
    out.object().field("name", name).field("expression", expression).end();
  }
  out.end();
}

std::string policy_object(const AdmissionPolicy& policy) {
  json::Writer out;
  write_head(out, "ValidatingAdmissionPolicy", policy.name);
  out.key("spec").object().field("failurePolicy", "Fail").key("matchConstraints").object();
  out.field("matchPolicy", "Equivalent").key("resourceRules").raw(policy.rules);
  out.key("namespaceSelector").raw(policy.namespace_selector).end();
  write_conditions(out, policy.conditions);
  write_variables(out, policy.variables);
  out.key("validations").array();
  for (const auto& [expression, message] : policy.validations) {
    out.object().field("expression", expression).field("message", message);
    out.field("reason", "Forbidden").end();
  }
  return out.end().end().end().take();
}

std::string binding_object(const AdmissionPolicy& policy) {
  json::Writer out;
  write_head(out, "ValidatingAdmissionPolicyBinding", policy.name);
  out.key("spec").object().field("policyName", policy.name);
  return out.key("validationActions").array().text("Deny").end().end().end().take();
}

std::size_t bytes_when_applied(const std::string& object) {
  const auto escaped = std::ranges::count_if(object, [](char c) { return kEscaped.contains(c); });
  return object.size() + static_cast<std::size_t>(escaped) * (kEscapeBytes - 1);
}

struct Longest {
  std::string what;
  std::size_t bytes = 0;

  void see(std::string_view kind, std::string_view name, const std::string& expression) {
    if (expression.size() <= bytes) return;
    what = std::string(kind) + " " + std::string(name);
    bytes = expression.size();
  }
};

Longest longest_of(const AdmissionPolicy& policy) {
  Longest longest;
  for (const auto& each : policy.conditions) longest.see("condition", each.name, each.expression);
  for (const auto& each : policy.variables) longest.see("variable", each.name, each.expression);
  for (const auto& each : policy.validations) longest.see("a", "validation", each.expression);
  return longest;
}

std::string too_long(const std::string& what, std::size_t is, std::string_view who,
                     std::size_t most) {
  return what + " would have " + std::to_string(is) + " characters, and " + std::string(who) +
         " takes " + std::to_string(most);
}

}  // namespace

std::string backstop_name(std::string_view subject, std::string_view kind) {
  const auto end = "." + std::string(kind) + std::string(kDomain);
  if (subject.size() + end.size() <= limits::kNameBytes) return std::string(subject) + end;
  const auto digits = hex_encode(sha256(as_bytes(subject))).substr(0, kDigits);
  auto begin = subject.substr(0, limits::kNameBytes - end.size() - kDigits - 1);
  if (begin.ends_with('.')) begin.remove_suffix(1);  // no part of a name begins with -
  return std::string(begin) + "-" + digits + end;
}

std::vector<std::string> objects_of(const AdmissionPolicy& policy) {
  return {policy_object(policy), binding_object(policy)};
}

std::optional<std::string> fault_of(const AdmissionPolicy& policy) {
  if (const auto longest = longest_of(policy); longest.bytes > cel::kExpressionBytes) {
    return too_long(longest.what + " of " + policy.name, longest.bytes, "the API server",
                    cel::kExpressionBytes);
  }
  const auto bytes = bytes_when_applied(policy_object(policy));
  if (bytes <= kAppliedBytes) return std::nullopt;
  return too_long(policy.name, bytes, "kubectl apply", kAppliedBytes);
}

}  // namespace cpods::configuration
