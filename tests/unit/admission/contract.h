#pragma once
// What holds for every answer, whatever was asked: the contract of AdmissionReview v1 and the
// product's own bounds. The unit tests and the fuzzers ask for it alike.

#include <algorithm>
#include <string>
#include "base/text.h"

#include "admission/decide.h"
#include "base/limits.h"
#include "json/document.h"

namespace cpods::admission {

// The first promise that this answer breaks, or "".
inline std::string broken_promise(Door door, std::string_view uid, const Verdict& verdict) {
  const auto is_plain = [](const std::string& text, std::size_t limit) {
    return text.size() <= limit && one_line(text, limit) == text;
  };
  const auto fits = [&](const auto& text) { return is_plain(text, limits::kWarningBytes); };
  if (verdict.allowed == !verdict.message.empty()) return "a refusal says why, nothing else does";
  if (!is_plain(verdict.message, limits::kMessageBytes)) return "messages are one bounded line";
  if (!verdict.allowed && verdict.message.find(": ") == std::string::npos) return "it says who";
  if (!std::ranges::all_of(verdict.warnings, fits)) return "warnings are bounded lines";
  if (verdict.warnings.size() > limits::kWarnings) return "warnings are few";
  if (!verdict.patch.empty() && (door == Door::Guard || !verdict.allowed)) {
    return "only the mutating door patches, and only what it allows";
  }
  const auto answer = json::Document::parse(encode(uid, verdict));
  if (!answer) return "the answer is JSON: " + answer.error().text();
  const auto root = answer->root();
  const auto response = root["response"];
  const auto status = response["status"];
  if (root["apiVersion"].text() != "admission.k8s.io/v1" ||
      root["kind"].text() != "AdmissionReview") {
    return "the answer is an AdmissionReview";
  }
  if (response["uid"].text() != uid) return "the answer has the request's uid";
  if (response["allowed"].flag() != verdict.allowed) return "the answer says yes or no";
  if (response["patch"].present() == verdict.patch.empty() ||
      response["patchType"].present() == verdict.patch.empty()) {
    return "the patch is in the answer, with its type";
  }
  if (status.present() == verdict.allowed) return "a refusal has a status, nothing else has";
  if (!verdict.allowed &&
      (status["code"].integer() != 403 || status["reason"].text() != "Forbidden" ||
       status["message"].text() != verdict.message)) {
    return "a refusal is 403 Forbidden with its message";
  }
  return "";
}

}  // namespace cpods::admission
