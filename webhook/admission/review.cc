#include "admission/review.h"

#include "base/bytes.h"
#include "json/writer.h"

namespace cpods::admission {
namespace {

constexpr std::string_view kApiVersion = "admission.k8s.io/v1";
constexpr std::string_view kKind = "AdmissionReview";

Request read_request(json::Node request) {
  Request out;
  out.uid = request["uid"].text();
  out.operation = request["operation"].text();
  out.kind = request["kind"]["kind"].text();
  out.resource = {request["resource"]["group"].text(), request["resource"]["resource"].text(),
                  request["subResource"].text()};
  out.name = request["name"].text();
  out.namespace_name = request["namespace"].text();
  out.username = request["userInfo"]["username"].text();
  for (const json::Node group : request["userInfo"]["groups"].elements()) {
    out.groups.push_back(group.text());
  }
  out.dry_run = request["dryRun"].flag();
  out.object = request["object"].rooted();
  out.old_object = request["oldObject"].rooted();
  return out;
}

void write_status(json::Writer& out, std::string_view message) {
  out.key("status").object();
  out.field("status", "Failure").field("message", message);
  out.field("reason", "Forbidden").key("code").number(403).end();
}

}  // namespace

Result<Request> decode(const json::Document& review) {
  try {
    const auto root = review.root();
    if (root["kind"].text() != kKind || root["apiVersion"].text() != kApiVersion) {
      return failure(ErrorCode::Malformed, "",
                     "this is not an AdmissionReview of admission.k8s.io/v1");
    }
    if (!root["request"]) {
      return failure(ErrorCode::Malformed, "/request", "the AdmissionReview has no request");
    }
    auto request = read_request(root["request"]);
    if (request.uid.empty()) {
      return failure(ErrorCode::Malformed, "/request/uid", "the request has no uid");
    }
    return request;
  } catch (const json::Malformed& malformed) {
    return failure(ErrorCode::Malformed, malformed.where(), malformed.what());
  }
}

std::string encode(std::string_view uid, const Verdict& verdict) {
  const auto patch =
      verdict.patch.empty() ? std::string() : base64_encode(as_bytes(verdict.patch.text()));
  json::Writer out(1024 + patch.size() + verdict.message.size());
  out.object().field("kind", kKind).field("apiVersion", kApiVersion);
  out.key("response").object().field("uid", uid).key("allowed").flag(verdict.allowed);
  if (!verdict.allowed) write_status(out, verdict.message);
  if (!patch.empty()) {
    out.key("patch").raw('"' + patch + '"');  // nothing in base64 needs escaping
    out.field("patchType", "JSONPatch");
  }
  if (!verdict.warnings.empty()) {
    out.key("warnings").array();
    for (const auto& warning : verdict.warnings) out.text(warning);
    out.end();
  }
  if (!verdict.audit_annotations.empty()) {
    out.key("auditAnnotations").object();
    for (const auto& [key, value] : verdict.audit_annotations) out.field(key, value);
    out.end();
  }
  return out.end().end().take();
}

}  // namespace cpods::admission
