#include "configuration/entry.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.h"
#include "json/document.h"
#include "json/writer.h"
#include "pod/names.h"

namespace cpods::configuration {
namespace {

constexpr std::string_view kDomain = ".confidential.pods";
constexpr std::size_t kDigits = 8;
// A webhook's name is a DNS subdomain, of at most 253 characters in all.
constexpr std::size_t kSubjectBytes = 128;

std::string shortened(std::string_view subject) {
  auto out = subject.substr(0, kSubjectBytes);
  while (!out.empty() && std::isalnum(static_cast<unsigned char>(out.back())) == 0) {
    out.remove_suffix(1);
  }
  return std::string(out);
}

constexpr std::size_t kSchemeEnd = 3;  // "://"

// Where the path of a URL begins, or its end.
std::size_t path_at(std::string_view url) {
  const auto host = url.find("://");
  return host == url.npos ? url.size() : std::min(url.find('/', host + kSchemeEnd), url.size());
}

std::string_view path_of(json::Node client_config) {
  if (const auto service = client_config["service"]) return service["path"].text();
  const auto url = client_config["url"].text();
  return url.substr(path_at(url));
}

void write_client_config(json::Writer& out, const Address& address, std::string_view path) {
  const auto like = address.client_config;
  out.object();
  if (const auto url = like["url"].text(); !url.empty()) {
    out.field("url", std::string(url.substr(0, path_at(url))) + std::string(path));
  }
  if (const auto service = like["service"]) {
    out.key("service").object();
    for (const auto [key, value] : service.members()) {
      if (key != "path") out.key(key).node(value);
    }
    out.field("path", path).end();
  }
  if (address.bundle) out.key("caBundle").node(address.bundle);
  out.end();
}

// Azure/AKS: what its admissions enforcer adds, so that webhooks leave its own namespaces alone.
// One that asks for the label would leave out all others.
bool is_of_the_enforcer(json::Node expression) {
  const auto label = std::ranges::find(names::kExemptingLabels, expression["key"].text(),
                                       &names::ExemptingLabel::key);
  if (label == names::kExemptingLabels.end()) return false;
  if (expression["operator"].text() == "DoesNotExist") return true;
  const auto value = label->value.empty() ? "true" : label->value;
  return expression["operator"].text() == "NotIn" && expression["values"].size() == 1 &&
         expression["values"].at(0).text() == value;
}

// A list of expressions that has none left is left out: where there was none, the enforcer adds it.
void write_selector_without_enforcer(json::Writer& out, json::Node selector) {
  out.object();
  for (const auto [key, value] : selector.members()) {
    if (key != "matchExpressions") {
      out.key(key).node(value);
      continue;
    }
    std::vector<json::Node> expressions;
    for (const auto expression : value.elements()) {
      if (!is_of_the_enforcer(expression)) expressions.push_back(expression);
    }
    if (expressions.empty()) continue;
    out.key(key).array();
    for (const auto expression : expressions) out.node(expression);
    out.end();
  }
  out.end();
}

std::string without_enforcer(json::Node stored) {
  json::Writer out;
  out.object();
  for (const auto [key, value] : stored.members()) {
    out.key(key);
    if (key == "namespaceSelector") {
      write_selector_without_enforcer(out, value);
    } else {
      out.node(value);
    }
  }
  return out.end().take();
}

}  // namespace

Entry named_entry(std::string_view subject, std::string_view kind, std::string path,
                  std::string body) {
  const auto digits = hex_encode(sha256(as_bytes(body))).substr(0, kDigits);
  return {
      .name = shortened(subject) + "-" + digits + "." + std::string(kind) + std::string(kDomain),
      .path = std::move(path),
      .body = std::move(body)};
}

bool is_named_after_content(std::string_view name) {
  if (!name.ends_with(kDomain)) return false;
  name.remove_suffix(kDomain.size());
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const auto lead = name.substr(0, dot);
  if (lead.size() <= kDigits + 1 || lead[lead.size() - kDigits - 1] != '-') return false;
  return std::ranges::all_of(lead.substr(lead.size() - kDigits), [](unsigned char c) {
    return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
  });
}

std::string with_address(const Entry& entry, const Address& address) {
  json::Writer out;
  out.object().field("name", entry.name).key("clientConfig");
  write_client_config(out, address, entry.path);
  const auto body = json::Document::parse(entry.body);
  for (const auto [key, value] : body->root().members()) out.key(key).node(value);
  return out.end().take();
}

bool agrees(json::Node stored, const Entry& entry, const Address& address) {
  const auto wanted = json::Document::parse(with_address(entry, address));
  const auto is = json::Document::parse(without_enforcer(stored));
  const auto should = json::Document::parse(without_enforcer(wanted->root()));
  return is && should && is->root().equals(should->root());
}

std::string moved_to(json::Node stored, const Address& address) {
  json::Writer out;
  out.object();
  for (const auto [key, value] : stored.members()) {
    out.key(key);
    if (key == "clientConfig") {
      write_client_config(out, address, path_of(value));
    } else {
      out.node(value);
    }
  }
  return out.end().take();
}

bool is_narrowed(json::Node stored) {
  for (const auto each : stored["namespaceSelector"]["matchExpressions"].elements()) {
    if (is_of_the_enforcer(each)) return true;
  }
  return false;
}

}  // namespace cpods::configuration
