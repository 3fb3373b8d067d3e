#include "policy/loader.h"

#include <doctest/doctest.h>

#include "base/limits.h"

#include "policy/texts.h"

using namespace cpods;
using namespace cpods::policy;
using Lines = std::vector<std::string>;

TEST_CASE("loader: ten differently broken files yield ten exact positions in one go") {
  const auto policy = [](std::string_view name, std::string_view spec) {
    return "apiVersion: confidential.pods/v1\nkind: ConfidentialPolicy\nmetadata:\n  name: " +
           std::string(name) + "\nspec:\n" + std::string(spec);
  };
  const auto loaded = load_texts({
      {"01.yaml", std::string(kPoolText)},
      {"02.yaml", policy("a", "  pool: pool\n  namespaces: [a]\n  podSelector: {}\n  pood: {}\n")},
      {"03.yaml", policy("b", "  pool: pol\n  namespaces: [a]\n  podSelector: {}\n")},
      {"04.yaml",
       policy("c", "  pool: pool\n  namespaces: [a]\n  podSelector: {}\n  pool: pool\n")},
      {"05.yaml", policy("d", "  pool: pool\n  namespaces: a\n  podSelector: {}\n")},
      {"06.yaml", policy("e",
                         "  pool: pool\n  namespaces: [a]\n  podSelector: {}\n"
                         "  action: enforce\n")},
      {"07.yaml", policy("f", "  pool: pool\n  namespaceSelector: {}\n  podSelector: {}\n")},
      {"08.yaml", policy("g", "  pool: pool\n  namespaces: [a]\n  secrets:\n    onUse: Deny\n")},
      {"09.yaml", policy("h", "  pool: pool\n  namespaces: [Big]\n  podSelector: {}\n")},
      {"10.json", "{\"apiVersion\": \"confidential.pods/v1\",\n \"kind\": \"ConfidentialPolcy\"}"},
      {"11.yaml", policy("a", "  pool: pool\n  namespaces: [a]\n  podSelector: {}\n")},
  });
  CHECK(loaded.snapshot == nullptr);
  Lines lines;
  for (const auto& each : loaded.diagnostics) lines.push_back(each.text());
  CHECK(joined(lines) ==
        joined({
            "02.yaml:9:3: unknown field \"pood\"; did you mean \"pool\"?",
            "03.yaml:6:9: unknown pool \"pol\"; did you mean \"pool\"?",
            "04.yaml:9:3: duplicate key \"pool\"; it stands on line 6 already",
            "05.yaml:7:15: must be a list, but is a string",
            "06.yaml:9:11: must be Enforce, Warn or Audit, not \"enforce\"; did you mean "
            "\"Enforce\"?",
            "07.yaml:7:22: an empty namespaceSelector would select every namespace; write "
            "namespaces: [\"*\"] if every namespace is meant",
            "08.yaml:9:5: guards nothing: add names, providerClasses, serviceAccounts or "
            "volumeClaims",
            "09.yaml:7:16: must be a name of lower-case letters, digits, '-' and '.', in which * "
            "stands for any run of characters, not \"Big\"",
            "10.json:2:10: unknown kind \"ConfidentialPolcy\"; did you mean "
            "\"ConfidentialPolicy\"?",
            "11.yaml:4:9: a second ConfidentialPolicy \"a\"; the first one is at 02.yaml:4:9",
        }));
}

TEST_CASE("loader: what is wrong with a document as such") {
  struct Row {
    std::string text;
    Lines lines;
  };
  const Row rows[] = {
      {"", {"p.yaml:1:1: the policy files hold no ConfidentialPool and no ConfidentialPolicy"}},
      {"- a\n",
       {"p.yaml:1:1: a policy document is a mapping with apiVersion, kind, metadata and spec"}},
      {"a: 1\n", {"p.yaml:1:1: kind must be ConfidentialPool or ConfidentialPolicy"}},
      {"kind: 1\n", {"p.yaml:1:7: kind must be ConfidentialPool or ConfidentialPolicy"}},
      {"kind: ConfigMap\n", {"p.yaml:1:7: unknown kind \"ConfigMap\""}},
      {"kind: ConfidentialPool\nspec: {nodes: {}}\nmetadata: {}\n",
       {"p.yaml:1:1: the field \"apiVersion\" is missing",
        "p.yaml:3:11: the field \"name\" is missing"}},
      {"kind: \xff\n", {"p.yaml:1:7: not valid UTF-8; save the file as UTF-8"}},
      {std::string(1024 * 1024 + 1, ' '), {"p.yaml:1:1: larger than 1 MiB"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    CHECK(joined(diagnostics_of(row.text)) == joined(row.lines));
  }
}

TEST_CASE("loader: what is wrong with a pool") {
  struct Row {
    std::string text;
    Lines lines;
  };
  const auto pool = [](std::string_view spec) {
    return "apiVersion: confidential.pods/v1\nkind: ConfidentialPool\nmetadata: {name: pool}\n"
           "spec:\n" +
           std::string(spec);
  };
  const std::string unused = "p.yaml:1:1: warning: no policy uses the pool \"pool\"";
  const std::string step = "  attestation:\n    evidence: azure-vtpm\n";
  const Row rows[] = {
      {pool("  nodes: {}\n"),
       {"p.yaml:5:10: names no label, so every node would be in the pool; add matchLabels "
        "or matchExpressions"}},
      {pool("  nodes:\n    matchExpressions:\n    - {key: a, operator: NotIn, values: [b]}\n"),
       {"p.yaml:7:26: must be In, because a pool is made of labels that its nodes have, not "
        "\"NotIn\""}},
      {pool("  nodes: {matchLabels: {agentpool: confidential}}\n"),
       {unused,
        "p.yaml:5:10: warning: a kubelet may set all of these labels on its own node, so "
        "they steer Pods but prove nothing; add one below "
        "node-restriction.kubernetes.io/ that an administrator sets"}},
      {pool("  nodes:\n    matchLabels: {x.k8s.io/a: b}\n    matchExpressions:\n"
            "    - {key: x.k8s.io/a, operator: In, values: [b]}\n"),
       {"p.yaml:8:13: the label \"x.k8s.io/a\" is required already; write all of its "
        "values into one expression"}},
      {pool("  nodes: {matchLabels: {x.k8s.io/-a: \"b c\"}}\n"),
       {"p.yaml:5:25: the label key \"x.k8s.io/-a\" must begin and end with a letter or digit",
        "p.yaml:5:38: the label value \"b c\" may hold letters, digits, '-', '_' and '.' only"}},
      {pool_with("  tolerations: [{operator: Equal, value: x}]\n"),
       {"p.yaml:6:17: a toleration without a key needs operator: Exists"}},
      {pool_with("  tolerations: [{key: a, operator: Exists, value: x}]\n"),
       {"p.yaml:6:51: a toleration with operator: Exists takes no value"}},
      {pool_with(step + "    device: {}\n    verifier: {local: {}}\n"),
       {"p.yaml:8:13: must have exactly one of hostPath or resource"}},
      {pool_with(step + "    device: {hostPath: /dev/tpmrm0, resource: a/b}\n"
                        "    verifier: {local: {}, kbs: {url: https://kbs}}\n"),
       {"p.yaml:8:13: must have exactly one of hostPath or resource",
        "p.yaml:9:15: must have exactly one of local, maa or kbs"}},
      {pool_with(step + "    device: {hostPath: /etc/passwd}\n    verifier: {local: {}}\n"),
       {"p.yaml:8:24: must be a path below /dev, or /sys/kernel/config/tsm/report, not "
        "\"/etc/passwd\""}},
      {pool_with(step + "    device: {hostPath: /sys/kernel/config/tsm/report/}\n"
                        "    verifier: {local: {}}\n"),
       {"p.yaml:8:24: must be a path below /dev, or /sys/kernel/config/tsm/report, not "
        "\"/sys/kernel/config/tsm/report/\""}},
      {pool_with(step + "    device: {hostPath: /dev/a/sys/kernel/config/tsm/report b}\n"
                        "    verifier: {local: {}}\n"),
       {"p.yaml:8:24: must be a path below /dev, or /sys/kernel/config/tsm/report, not "
        "\"/dev/a/sys/kernel/config/tsm/report b\""}},
      {pool_with(step + "    device: {hostPath: /sys/kernel/config/tsm/report}\n"
                        "    verifier: {local: {}}\n"),
       {"p.yaml:8:24: /sys/kernel/config/tsm/report gives reports of bare SEV-SNP guests alone; "
        "write evidence: sev-snp, or the path of the vTPM"}},
      {pool_with(step + "    device: {hostPath: /dev/../etc}\n    verifier: {local: {}}\n"),
       {"p.yaml:8:24: must not contain .."}},
      {pool_with(step + "    device: {resource: tpm}\n    verifier: {local: {}}\n"),
       {"p.yaml:8:24: must be an extended resource such as example.com/tpm, not \"tpm\""}},
      {pool_with(step + "    device: {resource: a.b/tpm}\n    verifier: {maa: {}}\n"),
       {"p.yaml:9:21: the field \"issuer\" is missing"}},
      {pool_with(step + "    device: {resource: a.b/tpm}\n"
                        "    verifier: {maa: {issuer: \"http://maa\"}}\n"),
       {"p.yaml:9:30: must be an https:// address in lower case, without query and without a slash "
        "at the end, "
        "not \"http://maa\""}},
      {pool_with(step +
                 "    device: {resource: a.b/tpm}\n"
                 "    verifier: {local: {products: [Rome], measurements: [\"00\"], vmpl: 4}}\n"),
       {"p.yaml:9:35: must be Milan, Genoa or Turin, not \"Rome\"",
        "p.yaml:9:57: must be 96 hexadecimal digits, not \"00\"",
        "p.yaml:9:70: must be at most 3"}},
      {pool_with(step + "    device: {resource: a.b/tpm}\n"
                        "    verifier: {local: {minTcb: {milan: {snp: 1}}}}\n"),
       {"p.yaml:9:33: unknown field \"milan\"; did you mean \"Milan\"?"}},
      {pool_with(step +
                 "    device: {resource: a.b/tpm}\n    verifier: {local: {pcrs: {\"24\": []}}}\n"),
       {"p.yaml:9:31: unknown field \"24\"; known here: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
        "13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23"}},
      {pool_with(step + "    device: {resource: a.b/tpm}\n    verifier: {local: {}}\n"
                        "    resources: {limits: {cpu: 1, memory: 64MB}}\n"),
       {"p.yaml:10:16: the field \"requests\" is missing",
        "p.yaml:10:42: must be a quantity such as 100m, 1 or 64Mi, not \"64MB\""}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(joined(diagnostics_of(row.text)) == joined(row.lines));
  }
}

TEST_CASE("loader: what is wrong with a policy") {
  struct Row {
    std::string_view spec;
    Lines lines;
  };
  const Row rows[] = {
      {"  pool: pool\n  podSelector: {}\n",
       {"p.yaml:5:3: names no namespaces: add namespaceSelector or namespaces; write namespaces: "
        "[\"*\"] if every namespace is meant"}},
      {"  pool: pool\n  podSelector: {}\n  namespaces: []\n",
       {"p.yaml:7:15: an empty list reaches no namespace; write namespaces: [\"*\"] if every "
        "namespace is meant"}},
      // The API server refuses a selector with such a name, and with it the whole configuration.
      {"  pool: pool\n  podSelector: {}\n  namespaces: [payments-, team.a, -x, \"pay-*\"]\n",
       {"p.yaml:7:16: no namespace has such a name: \"payments-\" is no DNS label (a-z, 0-9 and - "
        "between them, at most 63 characters); write \"payments-*\" for all that begin so",
        "p.yaml:7:27: no namespace has such a name: \"team.a\" is no DNS label (a-z, 0-9 and - "
        "between them, at most 63 characters)",
        "p.yaml:7:35: no namespace has such a name: \"-x\" is no DNS label (a-z, 0-9 and - "
        "between them, at most 63 characters)"}},
      // Nothing would be guarded, and nobody would notice.
      {"  pool: pool\n  namespaces: [a]\n"
       "  secrets: {names: [db-, a.b], providerClasses: [kv-], serviceAccounts: [a..b], "
       "volumeClaims: [-c]}\n",
       {"p.yaml:7:21: no Secret has such a name: \"db-\" is no DNS subdomain (DNS labels with . "
        "between them); write \"db-*\" for all that begin so",
        "p.yaml:7:50: no SecretProviderClass has such a name: \"kv-\" is no DNS subdomain (DNS "
        "labels with . between them); write \"kv-*\" for all that begin so",
        "p.yaml:7:74: no ServiceAccount has such a name: \"a..b\" is no DNS subdomain (DNS labels "
        "with . between them)",
        "p.yaml:7:96: no PersistentVolumeClaim has such a name: \"-c\" is no DNS subdomain (DNS "
        "labels with . between them)"}},
      {"  pool: pool\n  podSelector: {}\n  namespaces: [\"a*b*\", \"*\", x-1]\n", {}},
      {"  pool: pool\n  namespaces: [a]\n",
       {"p.yaml:5:3: does nothing: add podSelector ({} selects every Pod) or secrets"}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector:\n",
       {"p.yaml:7:15: must be a mapping, but is null"}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector: {matchLabels: {a: yes}}\n", {}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector: {matchLabels: {a: true}}\n",
       {"p.yaml:7:34: must be a string, but is true; write \"true\""}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector:\n    matchExpressions:\n"
       "    - {key: a, operator: In}\n",
       {"p.yaml:9:26: the operator In needs at least one entry in values"}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector:\n    matchExpressions:\n"
       "    - {key: a, operator: Exists, values: [b]}\n",
       {"p.yaml:9:42: the operator Exists takes no values; leave them out"}},
      {"  pool: pool\n  namespaces: [a]\n  podSelector:\n    matchExpressions:\n"
       "    - {key: a, operator: DoesNotExist}\n",
       {"p.yaml:9:7: warning: whoever writes a Pod can leave this policy by setting the label "
        "\"a\"; operator DoesNotExist protects from nobody"}},
      {"  pool: pool\n  namespaces: [\"a?\"]\n  podSelector: {}\n",
       {"p.yaml:6:16: must be a name of lower-case letters, digits, '-' and '.', in which * stands "
        "for any run of characters, not \"a?\""}},
      {"  namespaces: [a]\n  podSelector: {}\n  x: 1\n",
       {"p.yaml:5:3: the field \"pool\" is missing",
        "p.yaml:7:3: unknown field \"x\"; known here: action, pool, namespaces, "
        "namespaceSelector, podSelector, secrets, templates"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(joined(diagnostics_of(policy_with(row.spec))) == joined(row.lines));
  }
}

TEST_CASE("loader: a step that the API server would refuse is an error") {
  const auto lines = [](const std::string& device, const std::string& resources) {
    std::string out;
    const auto text = pool_with(
        "  attestation:\n    evidence: azure-vtpm\n    verifier: {local: {}}\n"
        "    device: {resource: " +
        device + "}\n    resources: " + resources + "\n");
    const auto loaded = load_texts({{"p.yaml", text}});
    for (const auto& each : loaded.diagnostics) {
      if (each.severity == Severity::Error) out += each.text() + "\n";
    }
    return out;
  };
  const std::string fine = "{limits: {cpu: 1, memory: 64Mi}, requests: {cpu: 1000m, memory: 64Mi}}";
  CHECK(lines("example.com/tpm", fine) == "");
  CHECK(lines("example.com/tpm",
              "{limits: {cpu: \"0.1\", memory: 1G}, requests: {cpu: 100m, memory: 953Mi}}") == "");
  CHECK(
      lines("example.com/tpm",
            "{limits: {cpu: 100m, memory: 1G}, requests: {cpu: 1, memory: 1Gi}}") ==
      "p.yaml:10:66: the request of cpu is above its limit, and the API server would refuse every "
      "Pod with this step\n"
      "p.yaml:10:77: the request of memory is above its limit, and the API server would refuse "
      "every Pod with this step\n");
  for (const std::string device :
       {"kubernetes.io/tpm", "a.kubernetes.io/tpm", "requests.a.io/tpm"}) {
    CHECK(lines(device, fine) ==
          "p.yaml:9:24: \"" + device +
              "\" is not an extended resource, because names with kubernetes.io/ or requests. are "
              "Kubernetes' own; write the resource that the device plugin advertises\n");
  }
  CHECK(lines("example.com/" + std::string(64, 'x'), fine)
            .starts_with("p.yaml:9:24: the API server refuses this resource: with \"requests.\" "
                         "before it, as quotas write it, it "));
  const auto prefix =
      std::string(61, 'a') + "." + std::string(61, 'b') + "." + std::string(61, 'c');
  CHECK(lines(prefix + "." + std::string(58, 'd') + "/tpm", fine) == "");  // 244 and "requests."
  CHECK(lines(prefix + "." + std::string(59, 'd') + "/tpm", fine) != "");
}

TEST_CASE("loader: a namespace that nobody asks about gets a warning") {
  CHECK(
      joined(diagnostics_of(policy_with(
          "  pool: pool\n  namespaces: [a, kube-system, kube-*]\n  namespaceSelector:\n"
          "    matchLabels: {kubernetes.io/metadata.name: kube-public}\n    matchExpressions:\n"
          "    - {key: kubernetes.io/metadata.name, operator: In, values: [confidential-pods]}\n"
          "    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-node-lease]}\n"
          "  podSelector: {}\n"))) ==
      joined({"p.yaml:6:19: warning: nobody asks about the namespace \"kube-system\": the webhook "
              "configurations leave it out, so nothing is placed or guarded there",
              "p.yaml:8:48: warning: nobody asks about the namespace \"kube-public\": the webhook "
              "configurations leave it out, so nothing is placed or guarded there",
              "p.yaml:10:65: warning: nobody asks about the namespace \"confidential-pods\": the "
              "webhook configurations leave it out, so nothing is placed or guarded there"}));
}

TEST_CASE("loader: two policies that want every Pod of the same namespaces on two pools") {
  const auto policy = [](const std::string& name, const std::string& spec) {
    return "\n---\napiVersion: confidential.pods/v1\nkind: ConfidentialPolicy\nmetadata: {name: " +
           name + "}\nspec: {" + spec + "}\n";
  };
  auto other = std::string(kPoolText);
  other.replace(other.find("name: pool"), 10, "name: second");
  const auto warnings = [&](const std::string& a, const std::string& b) {
    return joined(
        diagnostics_of(std::string(kPoolText) + "---\n" + other + policy("a", a) + policy("b", b)));
  };
  const std::string every = ", namespaces: [x, y], podSelector: {}";
  CHECK(warnings("pool: pool" + every, "pool: second" + every) ==
        "p.yaml:23:14: warning: policy \"a\" places every Pod of the same namespaces on pool "
        "\"pool\", so each of them is refused; let both policies name one pool\n");
  for (const std::string harmless :
       {"pool: second, namespaces: [x], podSelector: {}",
        "pool: second, action: Warn, namespaces: [x, y], podSelector: {}",
        "pool: second, namespaces: [x, y], podSelector: {matchLabels: {a: b}}",
        "pool: second, namespaces: [x, y], secrets: {names: [s]}"}) {
    CAPTURE(harmless);
    CHECK(warnings("pool: pool" + every, harmless) == "");
  }
}

TEST_CASE("loader: an error that follows from another is not told") {
  CHECK(diagnostics_of("a: [\n---\n" + std::string(kPolicyText)).size() == 1);
  const auto faulty_pool =
      "apiVersion: confidential.pods/v1\nkind: ConfidentialPool\n"
      "metadata: {name: pool}\nspec: {nodes: 1}\n---\n" +
      std::string(kPolicyText);
  CHECK(diagnostics_of(faulty_pool) == Lines{"p.yaml:4:15: must be a mapping, but is 1"});
  CHECK(joined(diagnostics_of(
            policy_with("  pool: &a pool\n  namespaces: [*a]\n  podSelector: {}\n"))) ==
        joined(
            {"p.yaml:5:9: an anchor: policy files have no anchors and aliases; write the value out",
             "p.yaml:6:16: the alias *a: policy files have no anchors and aliases; write the value "
             "out"}));
}

TEST_CASE("loader: a pool of bare SEV-SNP guests may name the device or the folder") {
  for (const std::string path : {"/dev/sev-guest", "/sys/kernel/config/tsm/report"}) {
    const auto text =
        pool_with("  attestation: {image: a, evidence: sev-snp, device: {hostPath: " + path +
                  "}, verifier: {local: {}}}\n");
    CHECK(joined(diagnostics_of(text)) ==
          "p.yaml:1:1: warning: no policy uses the pool \"pool\"\n");
  }
}

TEST_CASE("loader: a pool without an image needs the program's own") {
  const auto text = pool_with(
      "  attestation: {evidence: sev-snp, device: {resource: a.b/c}, verifier: {local: {}}}\n");
  const auto loaded = load({{"p.yaml", text}}, {});
  REQUIRE(loaded.snapshot == nullptr);
  CHECK(loaded.diagnostics.back().text() ==
        "p.yaml:6:16: names no image, and the program was started without --step-image; add image: "
        "with the image of confidential-pods");
}

TEST_CASE("loader: good files become a snapshot with every field in its place") {
  const auto loaded = load_texts({{"pool.yaml", R"(apiVersion: confidential.pods/v1
kind: ConfidentialPool
metadata: {name: confidential, labels: {team: a}, annotations: {note: "any text"}}
spec:
  nodes:
    matchLabels: {node-restriction.kubernetes.io/snp: "true"}
    matchExpressions: [{key: agentpool, operator: In, values: [a, b]}]
  tolerations: [{key: dedicated, value: snp, effect: NoSchedule}, {operator: Exists}]
  attestation:
    evidence: azure-vtpm
    device: {resource: example.com/tpm}
    verifier: {local: {vmpl: 0}}
    resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m, memory: 64Mi}}
)"},
                                  {"policy.json", R"({
  "apiVersion": "confidential.pods/v1", "kind": "ConfidentialPolicy",
  "metadata": {"name": "guard"},
  "spec": {
    "action": "Audit", "pool": "confidential", "templates": "Deny",
    "namespaces": ["pay-*"], "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
    "podSelector": {"matchLabels": {"app": "x"}},
    "secrets": {"names": ["db-*", "key"], "providerClasses": ["p"], "serviceAccounts": ["s"],
                "volumeClaims": ["v"], "onUse": "Place"}
  }
})"}});
  REQUIRE(loaded.diagnostics.empty());
  const auto& pool = *loaded.snapshot->pools().at(0);
  CHECK(pool.name == "confidential");
  REQUIRE(pool.requirements.size() == 2);
  CHECK(pool.requirements[1].values == std::vector<std::string>{"a", "b"});
  CHECK(pool.tolerations.at(0).op == "Equal");
  CHECK(pool.tolerations.at(1).op == "Exists");
  REQUIRE(pool.step);
  const auto step = pool.step->container();
  CHECK(step["image"].text() == "confidential-pods:test");
  CHECK(step["args"].at(2).text() ==
        R"({"evidence":"azure-vtpm","verifier":{"local":{"vmpl":0}}})");
  CHECK(step["resources"]["limits"]["example.com/tpm"].text() == "1");
  CHECK(pool.position.file == "pool.yaml");
  const auto& policy = *loaded.snapshot->policies().at(0);
  CHECK(policy.pool == &pool);
  CHECK(policy.action == Action::Audit);
  CHECK(policy.templates == Templates::Deny);
  CHECK(policy.namespaces.at(0).text() == "pay-*");
  CHECK(policy.namespace_selector->requirements.at(0).op == pod::Operator::Exists);
  CHECK(policy.pod_selector->requirements.at(0).values == std::vector<std::string>{"x"});
  CHECK(policy.secrets->names.size() == 2);
  CHECK(policy.secrets->volume_claims.size() == 1);
  CHECK(policy.secrets->on_use == OnUse::Place);
  CHECK(policy.position.line == 1);
}

TEST_CASE("loader: what is left out has its default") {
  const auto loaded = load_texts({{"p.yaml", policy_with("  pool: pool\n  namespaces: [a]\n"
                                                         "  secrets: {names: [b]}\n")}});
  REQUIRE(loaded.snapshot);
  const auto& policy = *loaded.snapshot->policies().at(0);
  CHECK(policy.action == Action::Enforce);
  CHECK(policy.templates == Templates::Warn);
  CHECK(policy.secrets->on_use == OnUse::Deny);
  CHECK_FALSE(policy.pod_selector);
  CHECK_FALSE(policy.namespace_selector);
}

TEST_CASE("loader: the digest covers names and bytes") {
  const auto digest = [](const std::vector<SourceFile>& files) {
    return load_texts(files).snapshot->digest();
  };
  const std::string pool(kPoolText);
  CHECK(digest({{"a", pool}}) == digest({{"a", pool}}));
  CHECK(digest({{"a", pool}}) != digest({{"b", pool}}));
  CHECK(digest({{"a", pool}}) != digest({{"a", pool + "\n"}}));
  CHECK(digest({{"a", pool}}).size() == 64);
}

TEST_CASE("loader: a flood of errors is cut") {
  std::string text = "kind: ConfidentialPool\n";
  for (int i = 0; i < 3000; ++i) text += "x" + std::to_string(i) + ": 1\n";
  const auto told = diagnostics_of(text);
  CHECK(told.size() == limits::kDiagnostics + 1);
  CHECK(told.at(0) == "p.yaml:1:1: too many mistakes; some of them are not told");
}

// A ConfigMap of policies is loaded for whoever sends one, and 1 MiB of two-byte mistakes took half
// a gigabyte.
TEST_CASE("loader: documents and values are bounded") {
  std::string many;
  for (std::size_t i = 0; i <= limits::kPolicyDocuments; ++i) many += "---\na: 1\n";
  CHECK(joined(diagnostics_of(many)).find("more than 10000 documents") != std::string::npos);
  std::string wide = "kind: [";
  for (std::size_t i = 0; i < limits::kPolicyValues; ++i) wide += "1,";
  CHECK(joined(diagnostics_of(wide + "]")).find("more than 50000 values") != std::string::npos);
}
