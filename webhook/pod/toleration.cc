#include "pod/toleration.h"

#include <algorithm>

#include "json/writer.h"

namespace cpods::pod {
Toleration Toleration::read(json::Node node) {
  Toleration toleration;
  toleration.key = node["key"].text();
  if (const auto op = node["operator"].text(); !op.empty()) toleration.op = op;
  toleration.value = node["value"].text();
  toleration.effect = node["effect"].text();
  toleration.seconds = node["tolerationSeconds"].integer();
  return toleration;
}

std::string Toleration::json() const {
  json::Writer out;
  out.object();
  if (!key.empty()) out.field("key", key);
  out.field("operator", op);
  if (!value.empty()) out.field("value", value);
  if (!effect.empty()) out.field("effect", effect);
  if (seconds) out.key("tolerationSeconds").number(*seconds);
  return out.end().take();
}

// core/v1 Toleration.ToleratesTaint, for every taint the other one could be about.
bool Toleration::covers(const Toleration& other) const {
  if (seconds && (!other.seconds || *seconds < *other.seconds)) return false;
  if (!effect.empty() && effect != other.effect) return false;
  if (op == "Exists") return key.empty() || key == other.key;
  return op == "Equal" && other.op == "Equal" && key == other.key && value == other.value;
}

bool Toleration::overlaps(const Toleration& other) const {
  const auto may_be = [](const auto& one, const auto& another) {
    return one.empty() || another.empty() || one == another;
  };
  const bool same_value = op == "Exists" || other.op == "Exists" || value == other.value;
  return may_be(key, other.key) && may_be(effect, other.effect) && same_value;
}

namespace {

std::vector<Toleration> tolerations_of(json::Node spec) {
  std::vector<Toleration> out;
  for (const json::Node each : spec["tolerations"].elements()) {
    out.push_back(Toleration::read(each));
  }
  return out;
}

bool ends_sooner(const Toleration& present, const Toleration& added) {
  return present.seconds && (!added.seconds || *present.seconds < *added.seconds) &&
         present.overlaps(added);
}

}  // namespace

std::vector<Toleration> missing_tolerations(json::Node spec,
                                            const std::vector<Toleration>& wanted) {
  if (wanted.empty()) return {};
  const auto present = tolerations_of(spec);
  std::vector<Toleration> missing;
  for (const auto& toleration : wanted) {
    const auto covers = [&](const auto& other) { return other.covers(toleration); };
    if (!std::ranges::any_of(present, covers) && !std::ranges::any_of(missing, covers)) {
      missing.push_back(toleration);
    }
  }
  return missing;
}

void tolerate(json::Node spec, std::string_view spec_path, const std::vector<Toleration>& missing,
              json::Patch& patch) {
  if (missing.empty()) return;
  const auto present = tolerations_of(spec);
  std::vector<std::string> last;
  for (const auto& added : missing) {
    const bool goes_first =
        std::ranges::any_of(present, [&](const auto& each) { return ends_sooner(each, added); });
    if (goes_first) {
      patch.prepend(spec, spec_path, "tolerations", added.json());
    } else {
      last.push_back(added.json());
    }
  }
  patch.append(spec, spec_path, "tolerations", last);
}

}  // namespace cpods::pod
