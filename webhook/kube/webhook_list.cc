#include "kube/webhook_list.h"

#include <algorithm>

#include "json/writer.h"

namespace cpods::kube {
namespace {

using configuration::Entry;

const Entry* find(const std::vector<Entry>& wanted, std::string_view name) {
  const auto found = std::ranges::find(wanted, name, &Entry::name);
  return found == wanted.end() ? nullptr : &*found;
}

bool has(json::Node configuration, std::string_view name) {
  for (const auto entry : configuration["webhooks"].elements()) {
    if (entry["name"].text() == name) return true;
  }
  return false;
}

}  // namespace

std::set<std::string> unneeded(json::Node configuration, const std::vector<Entry>& wanted) {
  std::set<std::string> names;
  for (const auto entry : configuration["webhooks"].elements()) {
    const auto name = entry["name"].text();
    if (configuration::is_named_after_content(name) && !find(wanted, name)) names.emplace(name);
  }
  return names;
}

std::optional<std::string> list_patch(json::Node configuration, const std::vector<Entry>& wanted,
                                      const std::set<std::string>& gone, json::Node client_config) {
  bool differs = false;
  json::Writer patch;
  patch.array().object().field("op", "test").field("path", "/metadata/resourceVersion");
  patch.field("value", configuration["metadata"]["resourceVersion"].text()).end();
  patch.object().field("op", "add").field("path", "/webhooks").key("value").array();
  for (const auto entry : configuration["webhooks"].elements()) {
    const auto name = std::string(entry["name"].text());
    const auto* same = find(wanted, name);
    if (gone.contains(name)) {
      differs = true;
    } else if (same && !configuration::agrees(entry, *same)) {
      differs = true;
      patch.raw(configuration::with_client_config(*same, entry["clientConfig"]));
    } else {
      patch.node(entry);
    }
  }
  for (const auto& entry : wanted) {
    if (has(configuration, entry.name)) continue;
    differs = true;
    patch.raw(configuration::with_client_config(entry, client_config));
  }
  patch.end().end().end();
  return differs ? std::optional(patch.take()) : std::nullopt;
}

}  // namespace cpods::kube
