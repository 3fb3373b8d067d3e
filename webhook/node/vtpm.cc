#include "node/vtpm.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "evidence/hcl_report.h"
#include "evidence/snp_report.h"
#include "node/tpm.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using evidence::VtpmEvidence;

// Something on the node may extend a PCR between reading and quoting; that it happens three times
// in a row is not an accident.
constexpr int kQuoteAttempts = 3;
// A renewal between two reads is over when the next begins.
constexpr int kReadAttempts = 4;

}  // namespace

Proven<void> require_device(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  const int error = errno;
  if (error == ENOENT || error == ENODEV || error == ENXIO || error == ENOTDIR) {
    return evidence::refuse(Doubt::NotATee, "there is no device " + path + " on this node");
  }
  const auto why = std::error_code(error, std::generic_category()).message();
  if (error == EACCES || error == EPERM) {
    return evidence::refuse(
        Doubt::Transport,
        path + " may not be opened (" + why +
            "): the container needs privileged with the hostPath, or the device plugin's resource "
            "(attestation.device.resource of the pool)");
  }
  return evidence::refuse(Doubt::Transport, path + " cannot be opened: " + why);
}

bool is_of_one_piece(ByteView hcl_report) {
  const auto hcl = evidence::read_hcl_report(hcl_report);
  if (!hcl) return false;
  const auto report = evidence::read_snp_report(hcl->hardware_report);
  const auto digest = sha256(hcl->runtime_claims);
  return std::ranges::equal(digest, ByteView(report.report_data).first(digest.size()));
}

Proven<Bytes> present_report(const std::string& tcti) {
  auto tpm = Tpm::open(tcti);
  if (!tpm) return std::unexpected(tpm.error());
  auto report = tpm->read_nv(kHclReportIndex);
  for (int attempt = 1; attempt < kReadAttempts; ++attempt) {
    if (!report || is_of_one_piece(*report)) break;
    report = tpm->read_nv(kHclReportIndex);
  }
  return report;  // the verifier says what is wrong with it
}

Proven<VtpmEvidence> quoted_evidence(const std::string& tcti, Bytes hcl_report, ByteView nonce) {
  auto tpm = Tpm::open(tcti);
  if (!tpm) return std::unexpected(tpm.error());
  for (int attempt = 0; attempt < kQuoteAttempts; ++attempt) {
    const auto before = tpm->read_pcrs();
    if (!before) return std::unexpected(before.error());
    auto quoted = tpm->quote(kAttestationKey, nonce);
    if (!quoted) return std::unexpected(quoted.error());
    const auto after = tpm->read_pcrs();
    if (!after) return std::unexpected(after.error());
    if (*before != *after) continue;
    return VtpmEvidence{.hcl_report = std::move(hcl_report),
                        .quote = std::move(quoted->attest),
                        .signature = std::move(quoted->signature),
                        .pcrs = *after};
  }
  return evidence::refuse(Doubt::Transport,
                          "the PCRs of the TPM changed during each of three quotes");
}

}  // namespace cpods::node
