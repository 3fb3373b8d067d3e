#include "kube/webhook_list.h"

#include <algorithm>

#include "json/document.h"
#include "json/writer.h"
#include "pod/names.h"

namespace cpods::kube {
namespace {

using configuration::Address;
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

json::Node annotation_of(json::Node configuration) {
  return configuration["metadata"]["annotations"][names::kUnneededAnnotation];
}

// {"payments-1c9f03ab.guard.confidential.pods":"2026-11-28T06:29:52Z"}
std::string text_of(const Notices& notices) {
  json::Writer out;
  out.object();
  for (const auto& [name, since] : notices) out.field(name, since);
  return out.end().take();
}

// Whether there is anything to write.
bool write_notices(json::Writer& patch, json::Node configuration, const Notices& notices) {
  const auto stands = annotation_of(configuration);
  if (notices.empty() && !stands) return false;
  if (!notices.empty() && stands && notices == notices_in(configuration)) return false;
  if (!configuration["metadata"]["annotations"]) {
    patch.object().field("op", "add").field("path", "/metadata/annotations");
    patch.key("value").object().end().end();
  }
  // RFC 6901: a slash within a key is ~1.
  std::string path = "/metadata/annotations/";
  for (const char c : names::kUnneededAnnotation) path += c == '/' ? "~1" : std::string(1, c);
  patch.object().field("op", notices.empty() ? "remove" : "add").field("path", path);
  if (!notices.empty()) patch.field("value", text_of(notices));
  patch.end();
  return true;
}

// A list of operations, of which the first fails where somebody was faster.
json::Writer begun(json::Node configuration) {
  json::Writer patch;
  patch.array().object().field("op", "test").field("path", "/metadata/resourceVersion");
  patch.field("value", configuration["metadata"]["resourceVersion"].text()).end();
  return patch;
}

bool same_json(json::Node stored, const std::string& text) {
  const auto document = json::Document::parse(text);
  return document && document->root().equals(stored);
}

// What becomes of an entry that is there. One that nobody here needs moves, too: it may be needed
// by others, and refuses where nobody answers.
std::string kept(json::Node entry, const Entry* wanted, const Address& address) {
  if (wanted && !configuration::agrees(entry, *wanted, address)) {
    return configuration::with_address(*wanted, address);
  }
  const bool is_ours = configuration::is_named_after_content(entry["name"].text());
  if (!wanted && is_ours && address.client_config) return configuration::moved_to(entry, address);
  return json::to_text(entry);
}

// Whether there is anything to write.
bool write_entries(json::Writer& patch, json::Node configuration, const Wish& wish,
                   json::Node client_config, Bundles bundles) {
  bool differs = false;
  const Address fresh{client_config, client_config["caBundle"]};
  json::Writer list;
  list.array();
  for (const auto entry : configuration["webhooks"].elements()) {
    if (wish.gone.contains(entry["name"].text())) {
      differs = true;
      continue;
    }
    const bool keeps = bundles == Bundles::Keep;
    const Address address{client_config, keeps ? entry["clientConfig"]["caBundle"] : fresh.bundle};
    const auto text = kept(entry, find(wish.entries, entry["name"].text()), address);
    differs |= !same_json(entry, text);
    list.raw(text);
  }
  for (const auto& entry : wish.entries) {
    if (has(configuration, entry.name)) continue;
    differs = true;
    list.raw(configuration::with_address(entry, fresh));
  }
  if (!differs) return false;
  patch.object().field("op", "add").field("path", "/webhooks");
  patch.key("value").raw(list.end().take()).end();
  return true;
}

}  // namespace

Notices notices_in(json::Node configuration) {
  const auto document = json::Document::parse(std::string(annotation_of(configuration).text()));
  if (!document || document->root().kind() != json::Kind::Object) return {};
  Notices notices;
  for (const auto [name, since] : document->root().members()) {
    if (since.kind() == json::Kind::String) notices.emplace(name, since.text());
  }
  return notices;
}

Notices notices_for(json::Node configuration, const std::vector<Entry>& wanted,
                    std::string_view now) {
  const auto given = notices_in(configuration);
  Notices notices;
  for (const auto entry : configuration["webhooks"].elements()) {
    const auto name = entry["name"].text();
    if (!configuration::is_named_after_content(name) || find(wanted, name)) continue;
    const auto before = given.find(name);
    notices.emplace(name, before == given.end() ? now : before->second);
  }
  return notices;
}

json::Node address_in(json::Node configuration) {
  json::Node of_ours;
  for (const auto entry : configuration["webhooks"].elements()) {
    const auto client_config = entry["clientConfig"];
    if (!client_config["url"] && !client_config["service"]) continue;
    if (!configuration::is_named_after_content(entry["name"].text())) return client_config;
    if (!of_ours) of_ours = client_config;
  }
  return of_ours;
}

std::optional<std::string> list_patch(json::Node configuration, const Wish& wish,
                                      json::Node address, Bundles bundles) {
  auto patch = begun(configuration);
  const bool notices = write_notices(patch, configuration, wish.notices);
  const bool entries = write_entries(patch, configuration, wish, address, bundles);
  patch.end();
  return notices || entries ? std::optional(patch.take()) : std::nullopt;
}

std::optional<std::string> notices_patch(json::Node configuration, const Notices& notices) {
  auto patch = begun(configuration);
  const bool differs = write_notices(patch, configuration, notices);
  patch.end();
  return differs ? std::optional(patch.take()) : std::nullopt;
}

}  // namespace cpods::kube
