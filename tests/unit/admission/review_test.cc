#include "admission/review.h"

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

TEST_CASE("review: a recorded shape is read whole") {
  const auto review = parsed(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",
      "request":{"uid":"u-1","kind":{"group":"","version":"v1","kind":"Pod"},
      "resource":{"group":"","version":"v1","resource":"pods"},"subResource":"ephemeralcontainers",
      "requestKind":{"group":"","version":"v1","kind":"Pod"},"name":"web","namespace":"payments",
      "operation":"UPDATE","userInfo":{"username":"u","uid":"x","groups":["a","b"],"extra":{}},
      "object":{"spec":{"nodeName":"n"}},"oldObject":{"spec":{}},"dryRun":true,"options":null}})");
  const auto request = decode(review);
  REQUIRE(request);
  CHECK(request->uid == "u-1");
  CHECK(request->operation == "UPDATE");
  CHECK(request->kind == "Pod");
  CHECK(request->resource.group == "");
  CHECK(request->resource.name == "pods");
  CHECK(request->resource.subresource == "ephemeralcontainers");
  CHECK(request->name == "web");
  CHECK(request->namespace_name == "payments");
  CHECK(request->username == "u");
  CHECK(request->groups == std::vector<std::string_view>{"a", "b"});
  CHECK(request->dry_run);
  CHECK(request->object["spec"]["nodeName"].field_path() == "spec.nodeName");
  CHECK(request->old_object["spec"].present());
}

TEST_CASE("review: what is absent or null on a creation or deletion is missing") {
  const auto review = parsed(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",
      "request":{"uid":"u","operation":"DELETE","object":null,"userInfo":{"groups":null}}})");
  const auto request = decode(review);
  REQUIRE(request);
  CHECK_FALSE(request->object);
  CHECK_FALSE(request->old_object);
  CHECK(request->groups.empty());
  CHECK_FALSE(request->dry_run);
}

TEST_CASE("review: the longest uid is read") {
  const auto review = parsed(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",
      "request":{"operation":"DELETE","uid":")" +
                             std::string(64, 'u') + "\"}}");
  CHECK(decode(review).has_value());
}

TEST_CASE("review: what is no AdmissionReview v1 is told apart") {
  const std::string kHead = R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1")";
  const std::pair<std::string, std::string> rows[] = {
      {"{}", "this is not an AdmissionReview of admission.k8s.io/v1"},
      {"null", "this is not an AdmissionReview of admission.k8s.io/v1"},
      {"[]", "must be an object, but is an array"},
      {"\"x\"", "must be an object, but is a string"},
      {R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}})",
       "this is not an AdmissionReview of admission.k8s.io/v1"},
      {R"({"kind":"Pod","apiVersion":"admission.k8s.io/v1"})",
       "this is not an AdmissionReview of admission.k8s.io/v1"},
      {kHead + "}", "/request: the AdmissionReview has no request"},
      {kHead + R"(,"request":null})", "/request: the AdmissionReview has no request"},
      {kHead + R"(,"request":[]})", "/request: must be an object, but is an array"},
      {kHead + R"(,"request":{}})", "/request/uid: the request has no uid"},
      {kHead + R"(,"request":{"uid":1}})", "/request/uid: must be a string, but is a number"},
      {kHead + R"(,"request":{"uid":"u","userInfo":{"groups":"system:nodes"}}})",
       "/request/userInfo/groups: must be an array, but is a string"},
      {kHead + R"(,"request":{"uid":"u","dryRun":"yes"}})",
       "/request/dryRun: must be a boolean, but is a string"},
      {kHead + R"(,"request":{"uid":"u","kind":"Pod"}})",
       "/request/kind: must be an object, but is a string"},
      {kHead + R"(,"request":{"uid":")" + std::string(65, 'u') + R"(","operation":"DELETE"}})",
       "/request/uid: the uid is too long"},
      {kHead + R"(,"request":{"uid":"u","operation":"PATCH"}})",
       "/request/operation: must be CREATE, UPDATE, DELETE or CONNECT"},
      {kHead + R"(,"request":{"uid":"u","operation":"CREATE","namespace":"a",
                   "resource":{"resource":"pods"},"kind":{"kind":"Binding"}}})",
       "/request/kind/kind: must be Pod for the resource pods"},
      {kHead + R"(,"request":{"uid":"u","operation":"CREATE",
                   "resource":{"resource":"pods"},"kind":{"kind":"Pod"}}})",
       "/request/namespace: a Pod is in a namespace"},
  };
  for (const auto& [text, sentence] : rows) {
    CAPTURE(text);
    const auto review = parsed(text);
    const auto request = decode(review);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::Malformed);
    CHECK(request.error().text() == sentence);
  }
}

TEST_CASE("review: an answer without anything to say is as short as it can be") {
  CHECK(encode("u\"1", {}) == R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",)"
                              R"("response":{"uid":"u\"1","allowed":true}})");
}

TEST_CASE("review: a refusal carries 403 Forbidden and its sentence, and nothing to apply") {
  auto verdict = refuse(Reason::NotGuaranteed, "a/b: \"no\"");
  verdict.warnings = {"w1", "w2"};
  verdict.complaints = {{Reason::NotGuaranteed, policy::Action::Audit, "p"}};
  CHECK(encode("u", verdict) ==
        R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u",)"
        R"("allowed":false,"status":{"status":"Failure","message":"a/b: \"no\"",)"
        R"("reason":"Forbidden","code":403},"warnings":["w1","w2"],)"
        R"x("auditAnnotations":{"findings":"NotGuaranteed(p)"}}})x");
}

TEST_CASE("review: a patch is base64 of its operations, with its type") {
  Verdict verdict;
  verdict.patch.add("/a", "1");
  const auto answer = parsed(encode("u", verdict));
  const auto response = answer.root()["response"];
  CHECK(response["patchType"].text() == "JSONPatch");
  const auto bytes = base64_decode(response["patch"].text());
  REQUIRE(bytes);
  CHECK(as_text(*bytes) == R"([{"op":"add","path":"/a","value":1}])");
}

TEST_CASE("review: only Pods with what is written of them by itself, and workloads are looked at") {
  const auto is = [](std::string_view kind, std::string_view resource, std::string_view sub) {
    Request request;
    request.kind = kind;
    request.resource.name = resource;
    request.resource.subresource = sub;
    return is_looked_at(request);
  };
  CHECK(is("Pod", "pods", ""));
  CHECK(is("Pod", "pods", "ephemeralcontainers"));
  CHECK(is("Deployment", "deployments", ""));
  CHECK(is("CronJob", "cronjobs", ""));
  CHECK(is("Pod", "pods", "status"));
  CHECK(is("Binding", "pods", "binding"));
  CHECK(is("Binding", "bindings", ""));
  CHECK_FALSE(is("Pod", "pods", "resize"));
  CHECK_FALSE(is("Scale", "deployments", "scale"));
  CHECK_FALSE(is("Deployment", "deployments", "status"));
  CHECK_FALSE(is("Secret", "secrets", ""));
}

}  // namespace
}  // namespace cpods::admission
