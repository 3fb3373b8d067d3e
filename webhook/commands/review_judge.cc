#include "commands/review_judge.h"

#include "admission/decide.h"
#include "admission/subject.h"
#include "admission/template_check.h"
#include "base/bytes.h"
#include "pod/templates.h"

namespace cpods::commands {
namespace {

using admission::Door;
using admission::Request;
using admission::Verdict;

// A request as `kubectl apply` of this object would cause it.
Request make_request(json::Node object, std::string_view kind, const std::string& namespace_name) {
  Request request;
  request.uid = "offline";
  request.operation = "CREATE";
  request.kind = kind;
  if (kind == "Pod") request.resource.name = "pods";
  request.name = object["metadata"]["name"].text();
  request.namespace_name = namespace_name;
  request.object = object;
  return request;
}

// The mutating door, its patch, then the validating door on the result.
Verdict through_both_doors(const Request& request, const policy::Snapshot& snapshot,
                           const admission::Cluster& cluster, Outcome& outcome) {
  auto place = admission::decide(Door::Place, request, snapshot, cluster);
  if (!place.allowed) return place;
  if (!place.patch.empty()) {
    auto patched = json::apply(request.object, place.patch.text());
    if (!patched) {
      return admission::refuse(admission::Reason::Internal,
                               "own patch does not apply: " + patched.error().text());
    }
    outcome.after = std::move(*patched);
  }
  Request final_request = request;
  if (request.object) final_request.object = outcome.after.root();
  auto guard = admission::decide(Door::Guard, final_request, snapshot, cluster);
  if (!guard.allowed) return guard;
  guard.patch = place.patch;
  if (!place.patch.empty()) guard.reason = place.reason;
  if (guard.policies.empty()) guard.policies = place.policies;
  return guard;
}

void take(Outcome& outcome, const Verdict& verdict) {
  outcome.allowed = verdict.allowed;
  outcome.reason = verdict.reason;
  outcome.message = verdict.message;
  outcome.warnings = verdict.warnings;
  outcome.policies = verdict.policies;
  outcome.patch = verdict.patch.text();
  if (!verdict.allowed) outcome.after = json::Document::copy_of(outcome.before.root());
}

void judge_pods_of(const Request& request, const policy::Snapshot& snapshot,
                   const admission::Cluster& cluster, Outcome& outcome) {
  const auto found = pod::find_template(request.kind, request.object);
  if (!found || !found->node || !outcome.allowed) return;
  const auto labels = cluster.namespace_labels(request.namespace_name);
  if (!labels) return;
  const auto reaching = snapshot.reaching(request.namespace_name, *labels);
  if (reaching.empty()) return;
  const auto rehearsal =
      admission::rehearse(request.namespace_name, request.name, found->node, reaching, snapshot);
  outcome.policies = rehearsal.policies;
  if (rehearsal.policies.empty()) return;
  std::vector<admission::Finding> refusals;
  for (const auto& finding : rehearsal.findings) {
    if (finding.policy->action == policy::Action::Enforce) refusals.push_back(finding);
  }
  PodsOutcome pods;
  pods.allowed = refusals.empty();
  pods.patch = rehearsal.place.patch.text();
  if (!pods.allowed) {
    pods.message = admission::tell(outcome.title + ": its Pods would be refused", refusals);
  }
  outcome.pods = std::move(pods);
}

std::string title_of(std::string_view kind, const std::string& namespace_name, json::Node object) {
  const auto who = admission::who_is(namespace_name, object);
  return std::string(kind) + " " + (namespace_name.empty() ? who.substr(1) : who);
}

Outcome start(const InputObject& input, json::Node object) {
  return {.title = {},
          .place = input.place,
          .message = {},
          .warnings = {},
          .policies = {},
          .pods = {},
          .before = json::Document::copy_of(object),
          .after = json::Document::copy_of(object),
          .review_answer = {},
          .namespace_name = {}};
}

Outcome judge_review(const InputObject& input, const policy::Snapshot& snapshot,
                     const admission::Cluster& cluster) {
  const auto review = json::Document::copy_of(input.node);
  const auto request = admission::decode(review);
  if (!request) {
    auto outcome = start(input, input.node);
    outcome.title = "AdmissionReview";
    take(outcome, admission::refuse(admission::Reason::Malformed, request.error().text()));
    outcome.review_answer =
        admission::encode("", admission::refuse(outcome.reason, outcome.message));
    return outcome;
  }
  auto outcome = start(input, request->object);
  outcome.title = title_of(request->kind, std::string(request->namespace_name), request->object);
  outcome.namespace_name = request->namespace_name;
  const auto verdict = through_both_doors(*request, snapshot, cluster, outcome);
  take(outcome, verdict);
  judge_pods_of(*request, snapshot, cluster, outcome);
  outcome.review_answer = admission::encode(request->uid, verdict);
  return outcome;
}

}  // namespace

Outcome judge(const InputObject& input, const policy::Snapshot& snapshot,
              const admission::Cluster& cluster, const std::string& default_namespace) {
  const auto kind = input.node["kind"].text();
  if (kind == "AdmissionReview") return judge_review(input, snapshot, cluster);
  auto outcome = start(input, input.node);
  const bool is_looked_at = kind == "Pod" || pod::find_template(kind, {}).has_value();
  auto namespace_name = std::string(input.node["metadata"]["namespace"].text());
  if (namespace_name.empty() && is_looked_at) namespace_name = default_namespace;
  outcome.namespace_name = namespace_name;
  outcome.title = title_of(kind, namespace_name, input.node);
  if (!is_looked_at) return outcome;
  const auto request = make_request(outcome.before.root(), kind, namespace_name);
  take(outcome, through_both_doors(request, snapshot, cluster, outcome));
  judge_pods_of(request, snapshot, cluster, outcome);
  return outcome;
}

}  // namespace cpods::commands
