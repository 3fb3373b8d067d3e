#include "policy/decode.h"
#include "policy/label_rules.h"

namespace cpods::policy {
namespace {

pod::Operator operator_of(std::string_view name) {
  if (name == "In") return pod::Operator::In;
  if (name == "NotIn") return pod::Operator::NotIn;
  return name == "Exists" ? pod::Operator::Exists : pod::Operator::DoesNotExist;
}

bool takes_values(pod::Operator op) {
  return op == pod::Operator::In || op == pod::Operator::NotIn;
}

pod::LabelRequirement decode_expression(json::Node expression, Report& report) {
  pod::LabelRequirement requirement;
  requirement.key = expression["key"].text();
  requirement.op = operator_of(expression["operator"].text());
  check_label_key(expression["key"], requirement.key, report);
  const json::Node values = expression["values"];
  if (takes_values(requirement.op) && values.size() == 0) {
    report.error(expression["operator"], "the operator " +
                                             std::string(expression["operator"].text()) +
                                             " needs at least one entry in values");
  }
  if (!takes_values(requirement.op) && values.size() > 0) {
    report.error(values, "the operator " + std::string(expression["operator"].text()) +
                             " takes no values; leave them out");
  }
  for (const json::Node value : values.elements()) {
    check_label_value(value, report);
    requirement.values.emplace_back(value.text());
  }
  return requirement;
}

void check_labels(json::Node labels, Report& report) {
  for (const auto [key, value] : labels.members()) {
    if (const auto flaw = flaw_of_label_key(key)) {
      report.error_at_key(value.pointer(), "the label key \"" + std::string(key) + "\" " + *flaw);
    }
    check_label_value(value, report);
  }
}

}  // namespace

void check_label_key(json::Node at, std::string_view key, Report& report) {
  if (const auto flaw = flaw_of_label_key(key)) {
    report.error(at, "the label key \"" + std::string(key) + "\" " + *flaw);
  }
}

void check_label_value(json::Node at, Report& report) {
  if (const auto flaw = flaw_of_label_value(at.text())) {
    report.error(at, "the label value \"" + std::string(at.text()) + "\" " + *flaw);
  }
}

void check_metadata(json::Node metadata, Report& report) {
  check_labels(metadata["labels"], report);
  for (const auto [key, value] : metadata["annotations"].members()) {
    if (const auto flaw = flaw_of_label_key(key)) {
      report.error_at_key(value.pointer(),
                          "the annotation key \"" + std::string(key) + "\" " + *flaw);
    }
  }
}

pod::LabelSelector decode_selector(json::Node selector, Report& report) {
  pod::LabelSelector out;
  check_labels(selector["matchLabels"], report);
  for (const auto [key, value] : selector["matchLabels"].members()) {
    out.requirements.push_back({std::string(key), pod::Operator::In, {std::string(value.text())}});
  }
  for (const json::Node expression : selector["matchExpressions"].elements()) {
    out.requirements.push_back(decode_expression(expression, report));
  }
  return out;
}

}  // namespace cpods::policy
