#include "node/report_renewal.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "evidence/hcl_report.h"
#include "evidence/runtime_claims.h"
#include "node/device_lock.h"
#include "node/pause.h"
#include "node/tpm.h"
#include "node/vtpm.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Proven;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenReads{1000};
// Two seconds of the paravisor's, and the reads before and after.
constexpr std::chrono::milliseconds kOneTurn{5000};

Bytes user_data_of(ByteView hcl_report) {
  const auto hcl = evidence::read_hcl_report(hcl_report);
  if (!hcl) return {};
  evidence::Appraisal unheard;  // the verifier looks at the whole again, and tells
  auto claims = evidence::check_runtime_claims(hcl->runtime_claims, unheard);
  return claims ? std::move(claims->user_data) : Bytes{};
}

// Opened for each turn: a software TPM talks to one program at a time.
Proven<Bytes> report_after(const std::string& tcti, ByteView user_data) {
  auto tpm = Tpm::open(tcti);
  if (!tpm) return std::unexpected(tpm.error());
  // A TPM of another kind is left as it is.
  if (auto there = tpm->require_nv(kHclReportIndex); !there) {
    return std::unexpected(there.error());
  }
  if (auto put = tpm->put_nv(kUserDataIndex, user_data); !put) {
    return std::unexpected(put.error());
  }
  return tpm->read_nv(kHclReportIndex);
}

std::unexpected<evidence::Refusal> not_renewed(bool for_others) {
  return evidence::refuse(
      Doubt::Freshness,
      for_others ? "the vTPM's report was not renewed for this attestation's nonce in time: other "
                   "Pods of this node had it renewed for theirs"
                 : "the vTPM's report was not renewed: it does not carry this attestation's nonce");
}

}  // namespace

Proven<Bytes> renewed_report(const std::string& tcti, const std::string& device, ByteView nonce,
                             std::chrono::milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  const auto wanted = evidence::user_data_for(nonce);
  const DeviceLock turn(device, std::max(limit / 2, limit - kOneTurn));
  std::optional<Bytes> first;
  while (true) {
    auto report = report_after(tcti, wanted);
    if (!report) return report;
    const bool is_whole = is_of_one_piece(*report);
    const auto seen = user_data_of(*report);
    if (is_whole && seen == wanted) return report;
    if (is_whole && !first) first = seen;
    if (steady_clock::now() + kBetweenReads > end) {
      return not_renewed(is_whole && first && seen != *first);
    }
    std::this_thread::sleep_for(with_jitter(kBetweenReads));
  }
}

}  // namespace cpods::node
