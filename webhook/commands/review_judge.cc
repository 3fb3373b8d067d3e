#include "commands/review_judge.h"

#include <algorithm>

#include "admission/decide.h"
#include "admission/guard.h"
#include "admission/subject.h"
#include "admission/template_check.h"
#include "base/limits.h"
#include "base/text.h"
#include "commands/trust.h"
#include "pod/names.h"
#include "pod/templates.h"

namespace cpods::commands {
namespace {

using admission::Door;
using admission::Request;
using admission::Verdict;

// A request as `kubectl apply` of this object would cause it.
Request make_request(json::Node object) {
  Request request;
  request.uid = "offline";
  request.operation = "CREATE";
  request.kind = object["kind"].text();
  request.resource.group = group_of(object);
  if (request.kind == "Pod") request.resource.name = "pods";
  request.name = object["metadata"]["name"].text();
  request.namespace_name = object["metadata"]["namespace"].text();
  request.object = object;
  return request;
}

// The mutating door, its patch, then the validating door on the result.
Verdict through_both_doors(const Request& request, const policy::Snapshot& snapshot,
                           const admission::Cluster& cluster, Outcome& outcome) {
  if (is_trusted(request, configuration::Trusted{})) return {};  // as shipped, nobody is asked
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
  outcome.findings = verdict.complaints;
  outcome.patch = verdict.patch.text();
  if (!verdict.allowed) outcome.after = json::Document::copy_of(outcome.before.root());
}

PodsOutcome refused(const Outcome& outcome, std::span<const admission::Finding> refusals) {
  PodsOutcome pods;
  pods.allowed = refusals.empty();
  if (!pods.allowed) {
    pods.message = admission::tell(outcome.title + ": its Pods would be refused", refusals);
  }
  return pods;
}

PodsOutcome rehearse(const Request& request, const admission::Namespace& home,
                     const policy::Snapshot& snapshot, const Outcome& outcome) {
  const auto enforced = admission::of_action(policy::Action::Enforce);
  try {
    const auto found = pod::find_template(request.kind, request.object);
    auto rehearsal = admission::rehearse(home, request.name, *found, snapshot);
    auto pods = refused(outcome, admission::gather(rehearsal.findings, enforced));
    pods.patch = rehearsal.place.patch.text();
    pods.before = std::move(rehearsal.pod);
    pods.after = std::move(rehearsal.placed);
    return pods;
  } catch (const json::Malformed& malformed) {
    auto findings = admission::find_unreadable(home.reaching, malformed);
    return refused(outcome, admission::gather(findings, enforced));
  }
}

// Only where decide() named policies: a workload that concerns none, or whose template is as it
// was, has nothing to rehearse.
void judge_pods_of(const Request& request, const policy::Snapshot& snapshot,
                   const admission::Cluster& cluster, Outcome& outcome) {
  const auto labels = cluster.namespace_labels(request.namespace_name);
  const bool is_workload = pod::find_template(request.kind, {}).has_value();
  if (!is_workload || !labels || !outcome.allowed || outcome.policies.empty()) return;
  const admission::Namespace home{request.namespace_name, *labels,
                                  snapshot.reaching(request.namespace_name, *labels)};
  outcome.pods = rehearse(request, home, snapshot, outcome);
}

// Pod payments/web. A DELETE carries the object as it was, and where that has no name the request
// has.
std::string title_of(const Request& request) {
  const auto ns = request.namespace_name;
  auto who = admission::who_is(ns, request.object ? request.object : request.old_object);
  if (who.ends_with('/')) who += one_line(request.name, limits::kNameBytes);
  return std::string(request.kind) + " " + (ns.empty() ? who.substr(1) : who);
}

// The namespace counts only where its labels may decide something.
Outcome start(const InputObject& input, const Request& request) {
  const bool is_looked_at = admission::is_looked_at(request);
  return {.title = title_of(request),
          .place = input.place(),
          .message = {},
          .warnings = {},
          .policies = {},
          .findings = {},
          .pods = {},
          .before = json::Document::copy_of(request.object),
          .after = json::Document::copy_of(request.object),
          .review_answer = {},
          .namespace_name = is_looked_at ? std::string(request.namespace_name) : std::string()};
}

Result<Outcome> judge_review(const InputObject& input, const policy::Snapshot& snapshot,
                             const admission::Cluster& cluster) {
  const auto review = json::Document::copy_of(input.node);
  const auto request = admission::decode(review);
  if (!request) return std::unexpected(request.error());
  auto outcome = start(input, *request);
  const auto verdict = through_both_doors(*request, snapshot, cluster, outcome);
  take(outcome, verdict);
  judge_pods_of(*request, snapshot, cluster, outcome);
  outcome.review_answer = admission::encode(request->uid, verdict);
  return outcome;
}

Outcome judge_manifest(const InputObject& input, const policy::Snapshot& snapshot,
                       const admission::Cluster& cluster, const std::string& default_namespace) {
  auto request = make_request(input.node);
  const bool is_looked_at = admission::is_looked_at(request);
  if (is_looked_at && request.namespace_name.empty()) request.namespace_name = default_namespace;
  auto outcome = start(input, request);
  if (names::is_never_asked(request.namespace_name)) return outcome;
  take(outcome, through_both_doors(request, snapshot, cluster, outcome));
  judge_pods_of(request, snapshot, cluster, outcome);
  return outcome;
}

bool is_review(json::Node object) {
  return object["kind"].text() == "AdmissionReview" && group_of(object) == "admission.k8s.io";
}

}  // namespace

Result<Outcome> judge(const InputObject& input, const policy::Snapshot& snapshot,
                      const admission::Cluster& cluster, const std::string& default_namespace) {
  try {
    if (is_review(input.node)) return judge_review(input, snapshot, cluster);
    return judge_manifest(input, snapshot, cluster, default_namespace);
  } catch (const json::Malformed& malformed) {
    return failure(ErrorCode::Malformed, malformed.where(), malformed.what());
  }
}

}  // namespace cpods::commands
