#include "policy/label_rules.h"

#include <doctest/doctest.h>

using namespace cpods::policy;

TEST_CASE("label_rules: keys and values follow Kubernetes' rules, with the reason told") {
  struct Row {
    std::string text;
    std::string key_flaw;    // "" where it is a good key
    std::string value_flaw;  // "" where it is a good value
  };
  const std::string characters = "may hold letters, digits, '-', '_' and '.' only";
  const std::string ends = "must begin and end with a letter or digit";
  const std::string prefix = "has a prefix that is not a lower-case DNS name";
  const Row rows[] = {
      {"a", "", ""},
      {"A_b.c-9", "", ""},
      {"example.com/a", "", characters},
      {"", "has no name", ""},
      {"example.com/", "has no name", characters},
      {"/a", prefix, characters},
      {"Example.com/a", prefix, characters},
      {"a..b/c", prefix, characters},
      {"-a", ends, ends},
      {"a.", ends, ends},
      {"a b", characters, characters},
      {"a/b/c", prefix, characters},
      {std::string(63, 'a'), "", ""},
      {std::string(64, 'a'), "has a name of 64 characters; at most 63 are allowed",
       "has a length of 64 characters; at most 63 are allowed"},
      {std::string(254, 'a') + "/b", prefix,
       "has a length of 256 characters; at most 63 are allowed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(flaw_of_label_key(row.text).value_or("") == row.key_flaw);
    CHECK(flaw_of_label_value(row.text).value_or("") == row.value_flaw);
  }
}

TEST_CASE("label_rules: a kubelet may set every label but the reserved ones") {
  for (const char* key :
       {"agentpool", "kubernetes.azure.com/security-type", "example.com/x",
        "kubernetes.io/hostname", "topology.kubernetes.io/zone", "node.kubernetes.io/anything",
        "x.kubelet.kubernetes.io/y", "notkubernetes.io/x"}) {
    CAPTURE(key);
    CHECK(kubelet_may_set(key));
  }
  for (const char* key :
       {"node-restriction.kubernetes.io/confidential", "a.node-restriction.kubernetes.io/b",
        "kubernetes.io/unknown", "foo.kubernetes.io/x", "k8s.io/x", "x.k8s.io/y"}) {
    CAPTURE(key);
    CHECK_FALSE(kubelet_may_set(key));
  }
}
