#include "commands/attest_collect.h"

#include <filesystem>

#include "commands/attest_exit.h"
#include "json/writer.h"
#include "node/output_folder.h"

namespace cpods::commands {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::refuse;

// What Azure's vTPM quotes.
constexpr std::size_t kLongestNonce = 48;

Result<node::Demand> demand_of(const AttestCollect& options) {
  json::Writer out;
  out.object().field("evidence", options.evidence);
  if (!options.device.empty()) out.field("device", options.device);
  out.key("verifier").object().key("local").object().end().end().end();
  return node::parse_demand(out.take());
}

Proven<Bytes> nonce_of(const AttestCollect& options) {
  if (options.nonce.empty()) return fresh_nonce();
  auto nonce = hex_decode(options.nonce);
  if (!nonce || nonce->size() > kLongestNonce) {
    return refuse(Doubt::NotVerifiable, "--nonce: must be at most 48 bytes in hexadecimal");
  }
  return *std::move(nonce);
}

// Whole or not at all, as the step leaves it.
Proven<void> write(const std::string& path, const std::string& text) {
  const std::filesystem::path file(path);
  const auto folder = file.has_parent_path() ? file.parent_path().string() : std::string(".");
  const auto written = node::write_output(folder, file.filename().string(), text + "\n");
  if (!written) return refuse(Doubt::Transport, written.error().text());
  return {};
}

Proven<void> collect(const node::Demand& demand, const AttestCollect& options, ByteView nonce,
                     std::ostream& out, std::ostream& err) {
  const auto report = options.fresh_report ? ReportAge::Fresh : ReportAge::Any;
  const auto gathered = gather(demand, options.sources, nonce, report);
  if (!gathered) return std::unexpected(gathered.error());
  const auto text = std::visit([](const auto& each) { return evidence::to_json(each); }, *gathered);
  if (options.nonce.empty()) err << "nonce " << hex_encode(nonce) << "\n";
  if (!options.output.empty()) return write(options.output, text);
  out << text << "\n";
  return {};
}

}  // namespace

int collect_evidence(const AttestCollect& options, std::ostream& out, std::ostream& err) {
  const auto demand = demand_of(options);
  if (!demand) {
    err << demand.error().text() << "\n";
    return static_cast<int>(AttestExit::Usage);
  }
  const auto nonce = nonce_of(options);
  if (!nonce) {
    err << nonce.error().sentence << "\n";
    return static_cast<int>(AttestExit::Usage);
  }
  const auto collected = collect(*demand, options, *nonce, out, err);
  if (collected) return static_cast<int>(AttestExit::Attested);
  err << collected.error().sentence << "\n";
  return static_cast<int>(exit_of(collected.error().doubt));
}

}  // namespace cpods::commands
