#pragma once
// Writes the node constraints of a PodSpec, right and wrong ones, out of a small vocabulary.
// `Source` decides: below(n) is any number less than n.

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace cpods::naive {

struct Vocabulary {
  std::vector<std::string_view> keys;    // mostly the first
  std::vector<std::string_view> values;  // mostly the first two, so that all answers are frequent
};

template <typename Source>
class ConstraintWriter {
 public:
  ConstraintWriter(Source& source, const Vocabulary& words) : source_(source), words_(words) {}

  // JSON values, as spec.nodeSelector and spec.affinity hold them.
  std::string selector() {
    if (chance(5)) return "null";
    std::string out = "{";
    if (chance(60)) out += quoted(words_.keys[0]) + ":" + value();
    if (chance(40)) out += (out.size() > 1 ? "," : "") + quoted(words_.keys[1]) + ":" + value();
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

 private:
  std::size_t below(std::size_t bound) { return source_.below(bound); }
  bool chance(std::size_t percent) { return below(100) < percent; }
  static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
  std::string value() {
    return quoted(words_.values[below(chance(60) ? 2 : words_.values.size())]);
  }
  std::string bound() {
    // clang-format off
    static constexpr std::array<std::string_view, 14> kBounds = {
        "2", "3", "4", "5", "6", "05", "+4", "+-4", "-1", "x", "", "9223372036854775806",
        "9223372036854775807", "-9223372036854775808"};
    // clang-format on
    return quoted(kBounds[below(kBounds.size())]);
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
    const auto key = words_.keys[below(3) == 0 ? 1 : 0];
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
        list(chance(95) ? 1 : below(3), [&] { return quoted(below(2) == 0 ? "node1" : "node2"); });
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

  Source& source_;
  const Vocabulary& words_;
};

}  // namespace cpods::naive
