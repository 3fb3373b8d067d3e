#include "commands/webhooks.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"
#include "commands/exit_codes.h"
#include "commands/policy_output.h"
#include "configuration/webhooks.h"
#include "json/document.h"
#include "json/writer.h"

namespace cpods::commands {
namespace {

constexpr int kHighestPort = 65535;

struct Service {
  std::string_view name_space;
  std::string_view name;
  int port = 443;
};

// NAMESPACE/NAME[:PORT]
std::optional<Service> read_service(std::string_view text) {
  Service service;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const auto digits = text.substr(colon + 1);
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, service.port);
    const bool is_port = service.port > 0 && service.port <= kHighestPort;
    if (error != std::errc{} || stop != end || !is_port) return std::nullopt;
    text = text.substr(0, colon);
  }
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  service.name_space = text.substr(0, slash);
  service.name = text.substr(slash + 1);
  if (!is_dns_label(service.name_space) || !is_dns_label(service.name)) return std::nullopt;
  return service;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) return std::nullopt;
  return text;
}

// A WebhookClientConfig without the path; nothing, and a sentence, where an option cannot be used.
std::optional<std::string> client_config(const WebhooksOptions& options, std::ostream& err) {
  json::Writer out;
  out.object();
  if (!options.url.empty()) {
    if (!options.url.starts_with("https://")) {
      err << "--url: \"" << options.url << "\" must begin with https://\n";
      return std::nullopt;
    }
    out.field("url", options.url);
  } else {
    const auto service = read_service(options.service);
    if (!service) {
      err << "--service: \"" << options.service << "\" is not NAMESPACE/NAME:PORT\n";
      return std::nullopt;
    }
    out.key("service").object().field("namespace", service->name_space);
    out.field("name", service->name).key("port").number(service->port).end();
  }
  if (!options.ca_file.empty()) {
    const auto bundle = read_file(options.ca_file);
    if (!bundle || !bundle->contains("-----BEGIN CERTIFICATE-----")) {
      err << "--ca-file: " << options.ca_file << " holds no PEM certificate\n";
      return std::nullopt;
    }
    out.field("caBundle", base64_encode(as_bytes(*bundle)));
  }
  return out.end().take();
}

}  // namespace

int webhooks(const WebhooksOptions& options, std::ostream& out, std::ostream& err) {
  const auto reached_as = client_config(options, err);
  if (!reached_as) return kUnusable;
  const auto address = json::Document::parse(*reached_as);
  const auto make = [&](const policy::Snapshot& snapshot) {
    return configuration::webhook_configurations(snapshot, options.trusted, address->root());
  };
  return print_objects_of(options.policies, options.output, make, out, err);
}

}  // namespace cpods::commands
