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

std::vector<Toleration> missing_tolerations(json::Node spec,
                                            const std::vector<Toleration>& wanted) {
  if (wanted.empty()) return {};
  std::vector<Toleration> present;
  for (const json::Node each : spec["tolerations"].elements()) {
    present.push_back(Toleration::read(each));
  }
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
  std::vector<std::string> values;
  for (const auto& toleration : missing) values.push_back(toleration.json());
  patch.append(spec, spec_path, "tolerations", values);
}

}  // namespace cpods::pod
