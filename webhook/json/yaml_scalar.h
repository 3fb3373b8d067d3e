#pragma once
// What a plain (unquoted) YAML scalar means, by the two tables this product needs.
// Pure functions; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace cpods::json {

struct YamlText {};      // a string: the scalar's own characters
struct YamlTooLarge {};  // a number that no 64-bit type holds

using YamlScalar = std::variant<std::monostate,  // null
                                bool, std::int64_t, std::uint64_t,
                                double,  // may be infinite or not a number, which JSON cannot say
                                YamlText, YamlTooLarge>;

// The core schema of YAML 1.2 (§10.3.2): on, no and y are strings.
[[nodiscard]] YamlScalar resolve_core(std::string_view plain);

// As kubectl types a manifest: the resolve table of go-yaml v2, which sigs.k8s.io/yaml uses. Mostly
// YAML 1.1: y, on and no are booleans, 010 is eight, 1_000 a thousand; timestamps stay strings.
[[nodiscard]] YamlScalar resolve_kubectl(std::string_view plain);

// A mapping key of this value, as sigs.k8s.io/yaml turns it into a string: true, 8, 1.5; "" for
// what it refuses (null and integers beyond 63 bits).
[[nodiscard]] std::string kubectl_key(const YamlScalar& value);

// Go prints a whole float without a fraction, and Kubernetes then reads an integer: 1e3 is 1000.
[[nodiscard]] YamlScalar as_kubectl_sends(YamlScalar value);

[[nodiscard]] inline bool is_text(const YamlScalar& value) {
  return std::holds_alternative<YamlText>(value);
}

}  // namespace cpods::json
