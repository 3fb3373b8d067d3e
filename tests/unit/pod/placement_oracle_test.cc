// The prover against brute force: hundreds of thousands of generated Pods, each judged by the proof
// and by looking at every node of a complete small world. CPODS_ORACLE_PODS sets how many,
// CPODS_ORACLE_SEED another sequence.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "naive/constraint_writer.h"
#include "naive/nodes.h"
#include "pod/placement.h"
#include "unit/parsed.h"

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

const naive::Vocabulary kWords = {
    {"agentpool", "type"}, {"a", "b", "c", "", "3", "4", "5", "05", "+4", "9223372036854775807"}};

// Of the Pods, and of the pools that they are held against.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string spec() {
    std::string out = R"({"containers":[])";
    if (below(100) < 35) out += R"(,"nodeSelector":)" + writer_.selector();
    if (below(100) < 80) out += R"(,"affinity":)" + writer_.affinity();
    return out + "}";
  }

  std::vector<Requirement> pool() {
    std::vector<Requirement> out = {{"agentpool", {"a"}}};
    if (below(2) == 0) out[0].values.emplace_back(below(2) == 0 ? "b" : "4");
    if (below(5) < 2) out.push_back({"type", {below(2) == 0 ? "a" : "5"}});
    return out;
  }

 private:
  std::mt19937_64 random_;
  naive::ConstraintWriter<Generator> writer_{*this, kWords};
};

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
  std::array<std::size_t, 3> seen{};
  std::vector<Requirement> pool;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % 100 == 0) pool = generate.pool();
    const auto text = generate.spec();
    CAPTURE(text);
    CAPTURE(pool.size());
    CAPTURE(pool[0].text());
    const auto before = parsed(text);
    const auto constraints = naive::read_constraints(before.root());
    const naive::World world(constraints, pool);
    const auto expected = naive::certainty_of(constraints, pool, world);
    const auto placement = prove_placement(before.root(), pool);
    REQUIRE(placement.certainty == expected);
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
    const bool hopeless = expected == Certainty::Impossible;
    REQUIRE(again == (hopeless ? Certainty::Impossible : Certainty::Guaranteed));
    json::Patch second;
    place(after->root(), "", pool, second);
    REQUIRE(second.text() == "[]");
    // Brute force once more, for every sixteenth: exactly the nodes that matched and are on the
    // pool.
    if (i % 16 != 0) continue;
    const auto placed = naive::read_constraints(after->root());
    world.for_each_node([&](const auto& node) {
      const bool kept = matches(placed, world, node);
      const bool wanted = is_on(pool, world, node) && matches(constraints, world, node);
      if (kept != wanted) FAIL("the patch changed more than the pool: " << patch.text());
    });
  }
  // The generator is no use if one of the answers is rare.
  for (const auto each : seen) CHECK(each > count / 40);
}

}  // namespace
}  // namespace cpods::pod
