#include "admission/review.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "json/writer.h"
#include "pod/names.h"

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

// What the API server never sends cannot be judged by what it means.
Result<void> check_shape(const Request& request) {
  const auto refused = [](std::string_view where, std::string_view message) {
    return failure(ErrorCode::Malformed, "/request/" + std::string(where), std::string(message));
  };
  if (request.uid.empty()) return refused("uid", "the request has no uid");
  if (request.uid.size() > limits::kUidBytes) return refused("uid", "the uid is too long");
  constexpr std::array<std::string_view, 4> kOperations = {"CREATE", "UPDATE", "DELETE", "CONNECT"};
  if (std::ranges::find(kOperations, request.operation) == kOperations.end()) {
    return refused("operation", "must be CREATE, UPDATE, DELETE or CONNECT");
  }
  if (!is_whole_pod(request.resource)) return {};
  if (request.kind != "Pod") return refused("kind/kind", "must be Pod for the resource pods");
  if (request.namespace_name.empty()) return refused("namespace", "a Pod is in a namespace");
  return {};
}

void write_status(json::Writer& out, std::string_view message) {
  out.key("status").object();
  out.field("status", "Failure").field("message", message);
  out.field("reason", "Forbidden").key("code").number(403).end();
}

}  // namespace

bool is_whole_pod(const Resource& resource) {
  return resource.group.empty() && resource.name == "pods" &&
         (resource.subresource.empty() || resource.subresource == names::kEphemeralSubresource ||
          resource.subresource == names::kStatusSubresource);
}

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
    if (const auto shape = check_shape(request); !shape) return std::unexpected(shape.error());
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
  if (!verdict.complaints.empty()) {
    out.key("auditAnnotations").object().field("findings", listed(verdict.complaints)).end();
  }
  return out.end().end().take();
}

bool is_binding(const Request& request) {
  const auto& resource = request.resource;
  return resource.group.empty() &&
         ((resource.name == "pods" && resource.subresource == names::kBindingSubresource) ||
          (resource.name == "bindings" && resource.subresource.empty()));
}

bool is_namespace_update(const Request& request) {
  return request.operation == "UPDATE" && request.resource.group.empty() &&
         request.resource.name == "namespaces";
}

}  // namespace cpods::admission
