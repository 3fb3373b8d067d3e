#include "policy/label_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cpods::policy {
namespace {

constexpr std::size_t kNameLength = 63;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

std::optional<std::string> flaw_of_name(std::string_view name, std::string_view what) {
  if (name.size() > kNameLength) {
    return "has a " + std::string(what) + " of " + std::to_string(name.size()) +
           " characters; at most " + std::to_string(kNameLength) + " are allowed";
  }
  if (!std::ranges::all_of(name, is_name_character)) {
    return "may hold letters, digits, '-', '_' and '.' only";
  }
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) {
    return "must begin and end with a letter or digit";
  }
  return std::nullopt;
}

// The domain itself, or one below it.
bool is_within(std::string_view prefix, std::string_view domain) {
  if (prefix == domain) return true;
  return prefix.size() > domain.size() && prefix.ends_with(domain) &&
         prefix[prefix.size() - domain.size() - 1] == '.';
}

}  // namespace

std::optional<std::string> flaw_of_label_key(std::string_view key) {
  const auto slash = key.rfind('/');
  const auto name = slash == key.npos ? key : key.substr(slash + 1);
  if (name.empty()) return "has no name";
  if (slash != key.npos && !is_dns_subdomain(key.substr(0, slash))) {
    return "has a prefix that is not a lower-case DNS name";
  }
  return flaw_of_name(name, "name");
}

std::optional<std::string> flaw_of_label_value(std::string_view value) {
  if (value.empty()) return std::nullopt;
  return flaw_of_name(value, "length");
}

// kubernetes/plugin/pkg/admission/noderestriction, getForbiddenLabels, and the labels that
// kubelet's IsKubeletLabel lists.
bool kubelet_may_set(std::string_view key) {
  constexpr std::array<std::string_view, 11> kKubeletLabels = {
      "kubernetes.io/hostname",
      "kubernetes.io/os",
      "kubernetes.io/arch",
      "beta.kubernetes.io/os",
      "beta.kubernetes.io/arch",
      "beta.kubernetes.io/instance-type",
      "node.kubernetes.io/instance-type",
      "failure-domain.beta.kubernetes.io/zone",
      "failure-domain.beta.kubernetes.io/region",
      "topology.kubernetes.io/zone",
      "topology.kubernetes.io/region"};
  const auto slash = key.find('/');
  if (slash == key.npos) return true;
  const auto prefix = key.substr(0, slash);
  if (is_within(prefix, "node-restriction.kubernetes.io")) return false;
  if (!is_within(prefix, "kubernetes.io") && !is_within(prefix, "k8s.io")) return true;
  return std::ranges::find(kKubeletLabels, key) != kKubeletLabels.end() ||
         is_within(prefix, "kubelet.kubernetes.io") || is_within(prefix, "node.kubernetes.io");
}

}  // namespace cpods::policy
