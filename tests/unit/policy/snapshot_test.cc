#include "policy/snapshot.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <ctime>

using namespace cpods;
using namespace cpods::policy;

namespace {

std::unique_ptr<Policy> make_policy(std::string name, std::vector<std::string> namespaces,
                                    std::optional<pod::LabelSelector> selector = std::nullopt) {
  auto out = std::make_unique<Policy>();
  out->name = std::move(name);
  for (auto& each : namespaces) out->namespaces.emplace_back(std::move(each));
  out->namespace_selector = std::move(selector);
  return out;
}

pod::LabelSelector requires_label(std::string key, std::string value) {
  return {{{std::move(key), pod::Operator::In, {std::move(value)}}}};
}

// Of a thousand calls.
template <typename Call>
double cpu_seconds(Call call) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const auto start = now();
  for (int i = 0; i < 1000; ++i) call();
  return now() - start;
}

std::vector<std::string> names(const std::vector<const Policy*>& policies) {
  std::vector<std::string> out;
  for (const auto* each : policies) out.push_back(each->name);
  return out;
}

// The definition itself.
std::vector<std::string> naive(const Snapshot& snapshot, std::string_view name,
                               const pod::Labels& labels) {
  std::vector<std::string> out;
  for (const auto& each : snapshot.policies()) {
    const bool by_name = each->namespaces.empty() || any_matches(each->namespaces, name);
    if (by_name && (!each->namespace_selector || each->namespace_selector->matches(labels))) {
      out.push_back(each->name);
    }
  }
  std::ranges::sort(out);
  return out;
}

std::string small_word() {
  return *rc::gen::element<std::string>("a", "b", "ab", "ba", "aba", "abb", "a-b");
}

std::string small_pattern() {
  return *rc::gen::element<std::string>("a", "b", "ab", "aba", "a*", "ab*", "*", "*b", "a*b", "b-*",
                                        "**");
}

pod::LabelSelector small_selector() {
  pod::LabelSelector out;
  const auto count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) {
    pod::LabelRequirement each{
        small_word(),
        *rc::gen::element(pod::Operator::In, pod::Operator::NotIn, pod::Operator::Exists,
                          pod::Operator::DoesNotExist),
        {}};
    if (each.op == pod::Operator::In || each.op == pod::Operator::NotIn) {
      each.values = {small_word(), small_word()};
    }
    out.requirements.push_back(std::move(each));
  }
  return out;
}

Snapshot small_snapshot() {
  std::vector<std::unique_ptr<Policy>> policies;
  const auto count = *rc::gen::inRange(0, 12);
  for (int i = 0; i < count; ++i) {
    std::vector<std::string> patterns;
    const auto size = *rc::gen::inRange(0, 3);
    for (int j = 0; j < size; ++j) patterns.push_back(small_pattern());
    auto selector = *rc::gen::arbitrary<bool>() ? std::optional(small_selector()) : std::nullopt;
    policies.push_back(
        make_policy("p" + std::to_string(i), std::move(patterns), std::move(selector)));
  }
  return {{}, std::move(policies), ""};
}

pod::Labels small_labels() {
  pod::Labels out;
  const auto count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) out.set(small_word(), small_word());
  return out;
}

}  // namespace

TEST_CASE("snapshot: reaching() says what a scan of all policies says") {
  CHECK(rc::check("reaching equals naive", [] {
    const auto snapshot = small_snapshot();
    const auto name = small_word();
    const auto labels = small_labels();
    RC_ASSERT(names(snapshot.reaching(name, labels)) == naive(snapshot, name, labels));
  }));
}

TEST_CASE("snapshot: labels are needed exactly where they could decide") {
  CHECK(rc::check("needs_labels_of equals naive", [] {
    const auto snapshot = small_snapshot();
    const auto name = small_word();
    const bool expected = std::ranges::any_of(snapshot.policies(), [&](const auto& each) {
      return each->namespace_selector &&
             (each->namespaces.empty() || any_matches(each->namespaces, name));
    });
    RC_ASSERT(snapshot.needs_labels_of(name) == expected);
  }));
}

TEST_CASE("snapshot: ten thousand policies cost what ten do") {
  const auto with = [](int count) {
    std::vector<std::unique_ptr<Policy>> policies;
    for (int i = 0; i < count; ++i) {
      const auto n = std::to_string(i);
      const auto id = [&](const char* what) { return std::string(what) + n; };
      policies.push_back(make_policy(id("name"), {id("team-"), id("other-")}));
      policies.push_back(make_policy(id("prefix"), {id("area-") + "-*"}));
      policies.push_back(make_policy(id("label"), {}, requires_label("team", n)));
      policies.push_back(make_policy(id("both"), {"*-prod"}, requires_label("owner", n)));
    }
    policies.push_back(make_policy("all", {"*"}));
    return Snapshot({}, std::move(policies), "");
  };
  const auto few = with(10);
  const auto many = with(2500);
  CHECK(many.policies().size() == 10'001);
  const pod::Labels labels({{"team", "7"}, {"owner", "3"}, {"irrelevant", "x"}});
  for (const std::string_view name : {"team-7", "area-7-x", "none", "x-prod"}) {
    CAPTURE(name);
    // A scan of all takes some hundred times as long.
    CHECK(cpu_seconds([&] { (void)many.reaching(name, labels); }) <
          20 * cpu_seconds([&] { (void)few.reaching(name, labels); }));
    CHECK(names(many.reaching(name, labels)) == naive(many, name, labels));
  }
}

TEST_CASE("snapshot: the answer is ordered by name and names each policy once") {
  std::vector<std::unique_ptr<Policy>> policies;
  policies.push_back(make_policy("z", {"a", "a*", "ab*"}));
  policies.push_back(make_policy("a", {"*"}));
  policies.push_back(make_policy("m", {"abc"}));
  const Snapshot snapshot({}, std::move(policies), "d");
  CHECK(names(snapshot.reaching("abc", {})) == std::vector<std::string>{"a", "m", "z"});
  CHECK(snapshot.digest() == "d");
}
