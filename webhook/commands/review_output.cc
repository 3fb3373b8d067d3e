#include "commands/review_output.h"

#include "commands/line_diff.h"
#include "json/writer.h"
#include "json/yaml.h"

namespace cpods::commands {
namespace {

struct Style {
  std::string_view word;
  std::string_view colour;
};

Style style_of(const Outcome& outcome) {
  using admission::Reason;
  if (outcome.is_finding()) return {"refused  ", "\033[31m"};
  if (!outcome.warnings.empty()) return {"warned   ", "\033[33m"};
  const bool pods_placed = outcome.pods && outcome.pods->patch != "[]";
  if (outcome.reason == Reason::Placed || pods_placed) return {"placed   ", "\033[32m"};
  if (outcome.reason == Reason::Restored) return {"restored ", "\033[32m"};
  if (outcome.reason == Reason::Satisfied || outcome.pods) return {"accepted ", "\033[32m"};
  return {"untouched", ""};
}

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) out += (i == 0 ? "" : ", ") + texts[i];
  return out;
}

void print_operations(std::string_view patch, std::string_view lead, std::ostream& out) {
  const auto operations = json::Document::parse(std::string(patch));
  if (!operations) return;
  for (const json::Node operation : operations->root().elements()) {
    out << "           " << lead << operation["op"].text() << " " << operation["path"].text()
        << "\n";
  }
}

// The guard's warning about a template is the beginning of the refusal that its Pods would meet.
bool is_told(const Outcome& outcome, const std::string& warning) {
  return outcome.pods && !outcome.pods->allowed &&
         warning.find("\" will refuse its Pods: ") != std::string::npos;
}

void print_one(const Outcome& outcome, bool colour, std::ostream& out) {
  const auto style = style_of(outcome);
  if (colour) out << style.colour;
  out << style.word;
  if (colour && !style.colour.empty()) out << "\033[0m";
  out << "  " << outcome.title;
  if (!outcome.policies.empty()) out << "  (policy " << join(outcome.policies) << ")";
  out << "\n";
  const std::string indent(11, ' ');
  if (outcome.is_finding()) out << indent << outcome.place << ": " << outcome.refusal() << "\n";
  for (const auto& warning : outcome.warnings) {
    if (!is_told(outcome, warning)) out << indent << "Warning: " << warning << "\n";
  }
  for (const auto& each : outcome.findings) {
    if (each.action != policy::Action::Audit) continue;
    out << indent << "Audit: " << admission::name_of(each.reason) << " (policy " << each.policy
        << ")\n";
  }
  if (outcome.allowed) print_operations(outcome.patch, "", out);
  if (outcome.pods && outcome.pods->allowed)
    print_operations(outcome.pods->patch, "its Pods: ", out);
}

void print_one_diff(const std::string& title, const json::Document& before,
                    const json::Document& after, std::ostream& out) {
  out << unified_diff(json::to_yaml(before.root()), json::to_yaml(after.root()), title,
                      title + " (placed)");
}

void write_finding(const admission::Complaint& finding, json::Writer& json) {
  json.object().field("policy", finding.policy).field("action", policy::name_of(finding.action));
  json.field("reason", admission::name_of(finding.reason)).end();
}

void write_outcome(const Outcome& outcome, json::Writer& json) {
  json.object().key("object").node(outcome.after.root());
  json.key("allowed").flag(outcome.allowed).field("reason", name_of(outcome.reason));
  json.field("message", outcome.message).key("warnings").array();
  for (const auto& warning : outcome.warnings) json.text(warning);
  json.end().key("patch").raw(outcome.patch).key("policies").array();
  for (const auto& policy : outcome.policies) json.text(policy);
  json.end().key("findings").array();
  for (const auto& each : outcome.findings) write_finding(each, json);
  json.end();
  if (outcome.pods) {
    json.key("pods").object().key("allowed").flag(outcome.pods->allowed);
    json.field("message", outcome.pods->message).key("patch").raw(outcome.pods->patch).end();
  }
  json.end();
}

}  // namespace

void print_summary(const std::vector<Outcome>& outcomes, std::size_t unreadable, bool colour,
                   std::ostream& out) {
  std::size_t refused = 0;
  for (const auto& outcome : outcomes) {
    print_one(outcome, colour, out);
    refused += outcome.is_finding() ? 1 : 0;
  }
  out << outcomes.size() << (outcomes.size() == 1 ? " object, " : " objects, ") << refused
      << " refused";
  if (unreadable > 0) out << ", " << unreadable << (unreadable == 1 ? " error" : " errors");
  out << "\n";
}

void print_json(const std::vector<Outcome>& outcomes, std::ostream& out) {
  for (const auto& outcome : outcomes) {
    json::Writer json;
    write_outcome(outcome, json);
    out << json.take() << "\n";
  }
}

void print_yaml(const std::vector<Outcome>& outcomes, std::ostream& out) {
  std::string_view separator;
  for (const auto& outcome : outcomes) {
    if (outcome.is_finding() || !outcome.after.root()) continue;
    out << separator << json::to_yaml(outcome.after.root());
    separator = "---\n";
  }
}

void print_diff(const std::vector<Outcome>& outcomes, std::ostream& out) {
  for (const auto& outcome : outcomes) {
    if (outcome.is_finding()) continue;
    print_one_diff(outcome.title, outcome.before, outcome.after, out);
    if (!outcome.pods) continue;
    print_one_diff("a Pod of " + outcome.title, outcome.pods->before, outcome.pods->after, out);
  }
}

void print_answers(const std::vector<Outcome>& outcomes, std::ostream& out) {
  for (const auto& outcome : outcomes) {
    if (!outcome.review_answer.empty()) out << outcome.review_answer << "\n";
  }
}

}  // namespace cpods::commands
