// The prover against brute force: hundreds of thousands of generated Pods, each judged by the proof
// and by looking at every node of a complete small world. CPODS_ORACLE_PODS sets how many,
// CPODS_ORACLE_SEED another sequence.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "pod/placement.h"
#include "unit/parsed.h"
#include "unit/pod/node_world.h"

namespace cpods::pod {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

#ifdef NDEBUG
constexpr std::uint64_t kPods = 200'000;
#else
constexpr std::uint64_t kPods = 100'000;  // an unoptimised parser needs its time
#endif

// Writes PodSpecs, right and wrong ones, that only name what the world knows.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance(std::size_t percent) { return below(100) < percent; }

  std::string spec() {
    std::string out = R"({"containers":[])";
    if (chance(35)) out += R"(,"nodeSelector":)" + selector();
    if (chance(80)) out += R"(,"affinity":)" + affinity();
    return out + "}";
  }

  std::vector<Requirement> pool() {
    std::vector<Requirement> out = {{"agentpool", {"a"}}};
    if (chance(50)) out[0].values.push_back(chance(50) ? "b" : "4");
    if (chance(40)) out.push_back({"type", {chance(50) ? "a" : "5"}});
    return out;
  }

 private:
  std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
  std::string value() {
    // Mostly what pools ask for, so that all three answers are frequent.
    return quoted(chance(60) ? world::kValues[below(2)] : world::kValues[below(world::kFresh)]);
  }
  std::string bound() {
    static constexpr std::array<std::string_view, 14> kBounds = {"2",
                                                                 "3",
                                                                 "4",
                                                                 "5",
                                                                 "6",
                                                                 "05",
                                                                 "+4",
                                                                 "+-4",
                                                                 "-1",
                                                                 "x",
                                                                 "",
                                                                 "9223372036854775806",
                                                                 "9223372036854775807",
                                                                 "-9223372036854775808"};
    return quoted(kBounds[below(kBounds.size())]);
  }

  std::string selector() {
    if (chance(5)) return "null";
    std::string out = "{";
    if (chance(60)) out += R"("agentpool":)" + value();
    if (chance(40)) out += (out.size() > 1 ? "," : "") + std::string(R"("type":)") + value();
    return out + "}";
  }

  std::string list(std::size_t count, const auto& element) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + element();
    return out + "]";
  }

  std::string expression() {
    static constexpr std::array<std::string_view, 10> kOps = {
        "In", "In", "In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
    const auto op = kOps[below(kOps.size())];
    const auto key = world::kKeys[below(3) == 0 ? 1 : 0];
    std::string out = R"({"key":)" + quoted(key) + R"(,"operator":)" + quoted(op);
    const bool well_formed = chance(96);
    if (op == "Gt" || op == "Lt") {
      out += R"(,"values":)" + list(well_formed ? 1 : below(3), [&] { return bound(); });
    } else if ((op == "In" || op == "NotIn") == well_formed) {
      out += R"(,"values":)" + list(1 + below(3), [&] { return value(); });
    } else if (chance(30)) {
      out += R"(,"values":)" + std::string(chance(50) ? "[]" : "null");
    }
    return out + "}";
  }

  std::string field() {
    const std::string op = chance(60) ? "In" : chance(90) ? "NotIn" : "Exists";
    const auto values =
        list(chance(95) ? 1 : below(3), [&] { return quoted(world::kNames[below(2)]); });
    return R"({"key":"metadata.name","operator":")" + op + R"(","values":)" + values + "}";
  }

  std::string term() {
    if (chance(3)) return "null";
    std::string out = "{";
    if (chance(92)) {
      out += R"("matchExpressions":)" +
             (chance(3) ? "null" : list(below(4), [&] { return expression(); }));
    }
    if (chance(12)) {
      out += (out.size() > 1 ? "," : "") + std::string(R"("matchFields":)") +
             (chance(5) ? "null" : list(below(3), [&] { return field(); }));
    }
    return out + "}";
  }

  std::string affinity() {
    if (chance(3)) return chance(50) ? "null" : "{}";
    if (chance(3)) return R"({"nodeAffinity":)" + std::string(chance(50) ? "null}" : "{}}");
    std::string required = "null";
    if (chance(97)) {
      required = chance(3)
                     ? "{}"
                     : R"({"nodeSelectorTerms":)" +
                           list(below(10) == 0 ? 0 : 1 + below(3), [&] { return term(); }) + "}";
    }
    return R"({"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":)" + required +
           "}}";
  }

  std::mt19937_64 random_;
};

// What brute force says of a Pod: some matching node is on the pool, some is off it.
struct Answer {
  bool on = false;
  bool off = false;
  [[nodiscard]] Certainty certainty() const {
    if (!on) return Certainty::Impossible;
    return off ? Certainty::Possible : Certainty::Guaranteed;
  }
};

Answer ask_all(const std::vector<world::WorldNode>& nodes, const world::PodConstraints& pod,
               const std::vector<bool>& on_pool) {
  // Without matchFields, nodes of one name stand for all.
  const auto count = asks_for_names(pod) ? nodes.size() : nodes.size() / world::kNames.size();
  Answer answer;
  for (std::size_t i = 0; i < count && !(answer.on && answer.off); ++i) {
    if (on_pool[i] ? answer.on : answer.off) continue;
    if (matches(pod, nodes[i])) (on_pool[i] ? answer.on : answer.off) = true;
  }
  return answer;
}

// Every term of `before` is still there, with its expressions as an unchanged prefix.
bool only_appended(json::Node before, json::Node after) {
  const std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  const auto old_terms = before["affinity"]["nodeAffinity"][kRequired]["nodeSelectorTerms"];
  const auto new_terms = after["affinity"]["nodeAffinity"][kRequired]["nodeSelectorTerms"];
  if (!old_terms) return true;
  if (old_terms.size() != new_terms.size()) return false;
  for (std::size_t i = 0; i < old_terms.size(); ++i) {
    const auto olds = old_terms.at(i)["matchExpressions"];
    const auto news = new_terms.at(i)["matchExpressions"];
    if (olds.size() > news.size()) return false;
    for (std::size_t j = 0; j < olds.size(); ++j) {
      if (!olds.at(j).equals(news.at(j))) return false;
    }
    if (!old_terms.at(i)["matchFields"].equals(new_terms.at(i)["matchFields"])) return false;
  }
  return true;
}

TEST_CASE(
    "placement: the proof says what looking at every node says, and placing keeps exactly the "
    "pool's nodes") {
  const auto count = from_environment("CPODS_ORACLE_PODS", kPods);
  Generator generate(from_environment("CPODS_ORACLE_SEED", 1));
  const auto nodes = world::all_nodes();
  std::array<std::size_t, 3> seen{};
  std::vector<Requirement> pool;
  std::vector<bool> on_pool;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % 100 == 0) {
      pool = generate.pool();
      on_pool.clear();
      for (const auto& node : nodes) on_pool.push_back(satisfies(pool, node));
    }
    const auto text = generate.spec();
    CAPTURE(text);
    CAPTURE(pool.size());
    CAPTURE(pool[0].text());
    const auto before = parsed(text);
    const auto before_constraints = world::read_constraints(before.root());
    const auto expected = ask_all(nodes, before_constraints, on_pool);
    const auto placement = prove_placement(before.root(), pool);
    REQUIRE(placement.certainty == expected.certainty());
    ++seen[static_cast<std::size_t>(placement.certainty)];
    if (placement.certainty != Certainty::Guaranteed) REQUIRE_FALSE(placement.why().empty());

    json::Patch patch;
    place(before.root(), "", pool, patch);
    if (patch.empty()) {
      REQUIRE(placement.certainty != Certainty::Possible);
      continue;
    }
    const auto after = json::apply(before.root(), patch.text());
    REQUIRE(after);
    REQUIRE(only_appended(before.root(), after->root()));
    const auto again = prove_placement(after->root(), pool).certainty;
    REQUIRE(again == (expected.on ? Certainty::Guaranteed : Certainty::Impossible));
    json::Patch second;
    place(after->root(), "", pool, second);
    REQUIRE(second.text() == "[]");
    // Brute force once more, for every sixteenth: exactly the nodes that matched and are on the
    // pool.
    if (i % 16 != 0) continue;
    const auto after_constraints = world::read_constraints(after->root());
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      const bool kept = matches(after_constraints, nodes[n]);
      const bool wanted = on_pool[n] && matches(before_constraints, nodes[n]);
      if (kept != wanted) FAIL("the patch changed more than the pool: " << patch.text());
    }
  }
  // The generator is no use if one of the answers is rare.
  for (const auto each : seen) CHECK(each > count / 40);
}

}  // namespace
}  // namespace cpods::pod
