#include "pod/placement.h"

#include <doctest/doctest.h>

#include "base/limits.h"
#include "unit/parsed.h"

namespace cpods::pod {
namespace {

const std::vector<Requirement> kPool = {{"agentpool", {"confidentialpool"}}};
const std::vector<Requirement> kTwoKeys = {{"agentpool", {"confidentialpool"}},
                                           {"security-type", {"ConfidentialVM", "SNP"}}};

// A PodSpec whose required node affinity has these terms.
std::string terms(const std::string& list) {
  return R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":)"
         R"({"nodeSelectorTerms":[)" +
         list + "]}}}}";
}

// One term with these matchExpressions.
std::string term(const std::string& expressions) {
  return R"({"matchExpressions":[)" + expressions + "]}";
}

std::string says(const std::string& key, const std::string& op, const std::string& values = "") {
  return R"({"key":")" + key + R"(","operator":")" + op + "\"" +
         (values.empty() ? "" : R"(,"values":[)" + values + "]") + "}";
}

const std::string kOnPool = says("agentpool", "In", R"("confidentialpool")");

// "guaranteed", or "possible: why", or "impossible: why".
std::string judged(const std::string& spec, const std::vector<Requirement>& pool) {
  const auto pod = parsed(R"({"spec":)" + spec + "}");
  const auto placement = prove_placement(pod.root()["spec"], pool);
  switch (placement.certainty) {
    case Certainty::Guaranteed:
      return "guaranteed";
    case Certainty::Possible:
      return "possible: " + placement.why();
    case Certainty::Impossible:
      return "impossible: " + placement.why();
  }
  return "";
}

struct Row {
  std::string spec;
  std::string judgement;
};

void check(const std::vector<Row>& rows, const std::vector<Requirement>& pool) {
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(judged(row.spec, pool) == row.judgement);
  }
}

const std::string kNothing = "possible: nothing in it requires agentpool in [confidentialpool]";
const std::string kTerm0 =
    "possible: nodeSelectorTerms[0] does not require agentpool in [confidentialpool]";
const std::string kTerm1 =
    "possible: nodeSelectorTerms[1] does not require agentpool in [confidentialpool]";
const std::string kNoNode = "impossible: no node at all can satisfy its nodeSelector and affinity";
const std::string kExpressions =
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
    "nodeSelectorTerms[0].matchExpressions";
const std::string kRulesOut = ", which rules out agentpool in [confidentialpool]";

TEST_CASE("placement: nothing that constrains the Pod leaves it possible") {
  check(
      {{"{}", kNothing},
       {R"({"nodeSelector":{}})", kNothing},
       {R"({"nodeSelector":null,"affinity":null})", kNothing},
       {R"({"affinity":{}})", kNothing},
       {R"({"affinity":{"nodeAffinity":null}})", kNothing},
       {R"({"affinity":{"nodeAffinity":{}}})", kNothing},
       {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":null}}})",
        kNothing},
       {R"({"nodeSelector":{"zone":"a"}})", kNothing}},
      kPool);
}

TEST_CASE("placement: what guarantees the pool") {
  check({{R"({"nodeSelector":{"agentpool":"confidentialpool","zone":"a"}})", "guaranteed"},
         {terms(term(kOnPool)), "guaranteed"},
         {terms(term(kOnPool) + "," + term(kOnPool + "," + says("zone", "Exists"))), "guaranteed"},
         {terms(term(says("agentpool", "In", R"("confidentialpool","other")") + "," +
                     says("agentpool", "NotIn", R"("other")"))),
          "guaranteed"},
         {terms(term(says("agentpool", "In", R"("confidentialpool","a")") + "," +
                     says("agentpool", "In", R"("confidentialpool","b")"))),
          "guaranteed"},
         // The nodeSelector holds for every term.
         {R"({"nodeSelector":{"agentpool":"confidentialpool"},"affinity":{"nodeAffinity":
             {"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
             {"matchExpressions":[{"key":"zone","operator":"Exists"}]},
             {"matchExpressions":[{"key":"zone","operator":"DoesNotExist"}]}]}}}})",
          "guaranteed"},
         // Terms that match nothing do not open a way round: empty, broken, contradictory.
         {terms(term(kOnPool) + ",{}"), "guaranteed"},
         {terms(term(kOnPool) + ",null"), "guaranteed"},
         {terms(term(kOnPool) + R"(,{"matchExpressions":[],"matchFields":null})"), "guaranteed"},
         {terms(term(kOnPool) + "," + term(says("zone", "In"))), "guaranteed"},
         {terms(term(kOnPool) + "," + term(says("zone", "Gt", R"("x")"))), "guaranteed"},
         {terms(term(kOnPool) + "," + term(says("zone", "Gt", R"("1","2")"))), "guaranteed"},
         {terms(term(kOnPool) + "," + term(says("zone", "Exists", R"("x")"))), "guaranteed"},
         {terms(term(kOnPool) + "," +
                term(says("zone", "Exists") + "," + says("zone", "DoesNotExist"))),
          "guaranteed"},
         {terms(term(kOnPool) + "," +
                term(says("n", "Gt", R"("4")") + "," + says("n", "Lt", R"("5")"))),
          "guaranteed"},
         {terms(term(kOnPool) + "," + term(says("n", "Gt", R"("9223372036854775807")"))),
          "guaranteed"},
         {terms(term(kOnPool) + R"(,{"matchFields":[{"key":"metadata.name","operator":"In",
                                    "values":["a"]},{"key":"metadata.name","operator":"In",
                                    "values":["b"]}]})"),
          "guaranteed"}},
        kPool);
}

TEST_CASE("placement: what looks like the pool and is not") {
  check(
      {{terms(term(says("agentpool", "NotIn", R"("standardpool")"))), kTerm0},
       {terms(term(says("agentpool", "Exists"))), kTerm0},
       {terms(term(says("agentpool", "In", R"("confidentialpool","other")"))), kTerm0},
       {terms(term(kOnPool) + "," + term(says("zone", "In", R"("a")"))), kTerm1},
       {terms(term(says("zone", "Exists")) + "," + term(kOnPool)), kTerm0},
       {terms(R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["node1"]}]})"),
        kTerm0},
       {R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,
             "preference":{"matchExpressions":[{"key":"agentpool","operator":"In",
             "values":["confidentialpool"]}]}}]}}})",
        kNothing},
       {R"({"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{
             "labelSelector":{"matchExpressions":[{"key":"agentpool","operator":"In",
             "values":["confidentialpool"]}]},"topologyKey":"agentpool"}]}}})",
        kNothing},
       {R"({"tolerations":[{"key":"agentpool","value":"confidentialpool"}]})", kNothing},
       // The greatest integer is greater than its predecessor: this term matches nodes.
       {terms(term(kOnPool) + "," + term(says("n", "Gt", R"("9223372036854775806")"))), kTerm1},
       {terms(term(kOnPool) + "," + term(says("n", "Lt", R"("-9223372036854775807")"))), kTerm1},
       // Excluding 5 leaves 05, which is 5 too.
       {terms(term(kOnPool) + "," +
              term(says("n", "Gt", R"("4")") + "," + says("n", "Lt", R"("6")") + "," +
                   says("n", "NotIn", R"("5")"))),
        kTerm1},
       // A field of a later version excludes no node, whatever is said of it.
       {terms(term(kOnPool) +
              R"(,{"matchFields":[{"key":"metadata.uid","operator":"In","values":["x","y"]}]})"),
        kTerm1},
       {terms(term(kOnPool) +
              R"(,{"matchFields":[{"key":"metadata.uid","operator":"In","values":["x"]},
                                  {"key":"metadata.name","operator":"In","values":["a"]}]})"),
        kTerm1},
       // An operator of a later version proves nothing.
       {terms(term(says("agentpool", "Equals", R"("confidentialpool")"))), kTerm0},
       {terms(R"({"matchFields":[{"key":"metadata.uid","operator":"NotIn","values":["x"]}]})"),
        kTerm0}},
      kPool);
}

TEST_CASE("placement: what can never be on the pool, and which words say so") {
  check(
      {{R"({"nodeSelector":{"agentpool":"gpu"}})",
        "impossible: spec.nodeSelector.agentpool is gpu" + kRulesOut},
       {terms(term(says("agentpool", "In", R"("gpu")"))),
        "impossible: " + kExpressions + "[0] says agentpool In [gpu]" + kRulesOut},
       {terms(term(says("agentpool", "In", R"("gpu","cpu")") + "," + says("agentpool", "Exists"))),
        "impossible: " + kExpressions + "[0] says agentpool In [gpu, cpu]" + kRulesOut},
       {terms(term(says("agentpool", "NotIn", R"("confidentialpool")"))),
        "impossible: " + kExpressions + "[0] says agentpool NotIn [confidentialpool]" + kRulesOut},
       {terms(term(says("zone", "Exists") + "," + says("agentpool", "DoesNotExist"))),
        "impossible: " + kExpressions + "[1] says agentpool DoesNotExist" + kRulesOut},
       {terms(term(says("agentpool", "Gt", R"("5")"))),
        "impossible: " + kExpressions + "[0] says agentpool Gt [5]" + kRulesOut},
       {terms(term(says("agentpool", "In", R"("a","b","c","d","e")"))),
        "impossible: " + kExpressions + "[0] says agentpool In [a, b, c, d, e]" + kRulesOut},
       {terms(term(says("agentpool", "In", R"("a","b","c","d","e","f","g")"))),
        "impossible: " + kExpressions + "[0] says agentpool In [a, b, c, d, e, and 2 more]" +
            kRulesOut},
       {terms(term(says("agentpool", "In", R"("gpu")")) + "," +
              term(says("agentpool", "DoesNotExist"))),
        "impossible: " + kExpressions + "[0] says agentpool In [gpu]" + kRulesOut},
       // A node selector under a term.
       {R"({"nodeSelector":{"agentpool":"gpu"},"affinity":{"nodeAffinity":
             {"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
             {"matchExpressions":[{"key":"agentpool","operator":"Exists"}]}]}}}})",
        "impossible: spec.nodeSelector.agentpool is gpu" + kRulesOut},
       // No node at all.
       {terms(""), kNoNode},
       {terms("{},null"), kNoNode},
       {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{}}}})",
        kNoNode},
       {terms(term(kOnPool + "," + says("agentpool", "In", R"("gpu")"))), kNoNode},
       {R"({"nodeSelector":{"agentpool":"confidentialpool"},"affinity":{"nodeAffinity":
             {"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
             {"matchExpressions":[{"key":"agentpool","operator":"In","values":["gpu"]}]}]}}}})",
        kNoNode}},
      kPool);
}

TEST_CASE("placement: one term on the pool and one off it is possible, whichever comes first") {
  const auto off = term(says("agentpool", "In", R"("gpu")"));
  check({{terms(term(kOnPool) + "," + off), kTerm1}, {terms(off + "," + term(kOnPool)), kTerm0}},
        kPool);
}

TEST_CASE("placement: all requirements of a pool hold, and what lacks is told at once") {
  check({{"{}",
          "possible: nothing in it requires agentpool in [confidentialpool] and security-type in "
          "[ConfidentialVM, SNP]"},
         {terms(term(kOnPool)),
          "possible: nodeSelectorTerms[0] does not require security-type in [ConfidentialVM, SNP]"},
         {terms(term(kOnPool + "," + says("security-type", "In", R"("SNP")"))), "guaranteed"},
         {R"({"nodeSelector":{"agentpool":"confidentialpool","security-type":"TDX"}})",
          "impossible: spec.nodeSelector.security-type is TDX, which rules out security-type in "
          "[ConfidentialVM, SNP]"}},
        kTwoKeys);
}

TEST_CASE("placement: a pool without requirements is everywhere") {
  CHECK(judged("{}", {}) == "guaranteed");
}

TEST_CASE("placement: what cannot be read is malformed, never possible") {
  const std::string rows[] = {
      R"({"nodeSelector":[]})",
      R"({"nodeSelector":{"agentpool":["confidentialpool"]}})",
      R"({"nodeSelector":{"agentpool":{"key":"agentpool","operator":"In","values":["confidentialpool"]}}})",
      R"({"affinity":[]})",
      R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[]}}})",
      R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":{}}}}})",
      terms("[]"),
      terms(R"({"matchExpressions":{}})"),
      terms(R"({"matchExpressions":["agentpool"]})"),
      terms(R"({"matchExpressions":[{"key":1,"operator":"In","values":["x"]}]})"),
      terms(
          R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":"confidentialpool"}]})"),
      terms(R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":[1]}]})"),
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    CHECK_THROWS_AS(judged(row, kPool), json::Malformed);
  }
}

// ---- place() ----

std::string placed(const std::string& spec, const std::vector<Requirement>& pool) {
  const auto pod = parsed(R"({"spec":)" + spec + "}");
  json::Patch patch;
  place(pod.root()["spec"], "/spec", pool, patch);
  return patch.text();
}

const std::string kRequired =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

TEST_CASE("place: a Pod without required affinity gets one term, whatever is there already") {
  const auto expression = R"({"key":"agentpool","operator":"In","values":["confidentialpool"]})";
  const auto required =
      std::string(R"({"nodeSelectorTerms":[{"matchExpressions":[)") + expression + "]}]}";
  const auto in_node = R"({"requiredDuringSchedulingIgnoredDuringExecution":)" + required + "}";
  const auto add = [](const std::string& path, const std::string& value) {
    return R"([{"op":"add","path":")" + path + R"(","value":)" + value + "}]";
  };
  const Row rows[] = {
      {"{}", add("/spec/affinity", R"({"nodeAffinity":)" + in_node + "}")},
      {R"({"affinity":null})", add("/spec/affinity", R"({"nodeAffinity":)" + in_node + "}")},
      {R"({"affinity":{"podAffinity":{}}})", add("/spec/affinity/nodeAffinity", in_node)},
      {R"({"affinity":{"nodeAffinity":null}})", add("/spec/affinity/nodeAffinity", in_node)},
      {R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[]}}})",
       add(kRequired, required)},
      {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":null}}})",
       add(kRequired, required)},
      {R"({"nodeSelector":{"zone":"a"}})",
       add("/spec/affinity", R"({"nodeAffinity":)" + in_node + "}")},
      {R"({"nodeSelector":{"agentpool":"confidentialpool"}})", "[]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(placed(row.spec, kPool) == row.judgement);
  }
}

TEST_CASE("place: every term that does not imply it gets the expression at its end") {
  const auto add = [](const std::string& path) {
    return R"({"op":"add","path":")" + kRequired + "/nodeSelectorTerms/" + path + R"(","value":)";
  };
  const std::string expression =
      R"({"key":"agentpool","operator":"In","values":["confidentialpool"]})";
  const std::string other =
      R"({"key":"security-type","operator":"In","values":["ConfidentialVM","SNP"]})";
  const auto zone = says("zone", "Exists");
  const Row rows[] = {
      {terms(term(zone) + "," + term(zone)), "[" + add("0/matchExpressions/-") + expression + "}," +
                                                 add("0/matchExpressions/-") + other + "}," +
                                                 add("1/matchExpressions/-") + expression + "}," +
                                                 add("1/matchExpressions/-") + other + "}]"},
      {terms(term(kOnPool) + "," + term(zone + "," + other)),
       "[" + add("0/matchExpressions/-") + other + "}," + add("1/matchExpressions/-") + expression +
           "}]"},
      // Empty terms match nothing; filling one would loosen the Pod.
      {terms("{}," + term(zone) + ",null," + term("")),
       "[" + add("1/matchExpressions/-") + expression + "}," + add("1/matchExpressions/-") + other +
           "}]"},
      // The DaemonSet controller's term.
      {terms(R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]})"),
       "[" + add("0/matchExpressions") + "[" + expression + "," + other + "]}]"},
      {terms(
           R"({"matchExpressions":null,"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]})"),
       "[" + add("0/matchExpressions") + "[" + expression + "," + other + "]}]"},
      {terms(""), "[]"},
      {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":null}}}})",
       "[]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    CHECK(placed(row.spec, kTwoKeys) == row.judgement);
  }
}

TEST_CASE("placement: a very large Pod is judged in time that grows with its size") {
  std::string selector;
  std::string list;
  std::string one_key;
  for (int i = 0; i < 2'000; ++i) {
    const auto n = std::to_string(i);
    selector += (i == 0 ? "\"k" : ",\"k") + n + "\":\"v\"";
    list += (i == 0 ? "" : ",") + term(says("t" + n, "In", "\"v\""));
    one_key += (i == 0 ? "" : ",") + says("agentpool", "NotIn", "\"" + n + "\"");
  }
  const auto many_terms = R"({"nodeSelector":{)" + selector + "}," + terms(list).substr(1);
  CHECK(judged(many_terms, kPool) == kTerm0);
  CHECK(judged(terms(term(one_key)), kPool) == kTerm0);
}

TEST_CASE("placement: what is too large to be proven is neither proven nor patched") {
  const auto selector = [](int count) {
    std::string entries;
    for (int i = 0; i < count; ++i) {
      entries += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":\"v\"";
    }
    return R"({"nodeSelector":{)" + entries + "}}";
  };
  const auto most = static_cast<int>(limits::kNodeConstraints);
  CHECK(placed(selector(most), kPool).starts_with("[{"));
  CHECK(judged(selector(most + 1), kPool) ==
        "possible: it chooses its nodes by 10001 entries, terms, expressions and values, and no "
        "more than 10000 are judged");
  CHECK(placed(selector(most + 1), kPool) == "[]");
}

// The mutating call comes before validation: one value of a megabyte, told once for each of some
// thousand secret references, took gigabytes.
TEST_CASE("placement: what a Pod says is cut where it is told") {
  const std::string endless(1'000'000, 'A');
  const auto judgement = judged(terms(term(says("agentpool", "In", "\"" + endless + "\""))), kPool);
  CHECK(judgement.size() < 400);
  CHECK(judgement.find(std::string(97, 'A') + "\u2026]") != std::string::npos);
}

}  // namespace
}  // namespace cpods::pod
