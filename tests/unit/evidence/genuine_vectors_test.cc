// Evidence recorded on real Azure machines, and 39 tamperings of one of them. The recordings are
// not part of this repository: CONFIDENTIAL_PODS_SHARED names the folder that holds them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "evidence/vtpm_evidence.h"

namespace cpods::evidence {
namespace {

namespace fs = std::filesystem;

fs::path vectors() {
  const char* shared = std::getenv("CONFIDENTIAL_PODS_SHARED");
  return (shared != nullptr ? fs::path(shared) : fs::path(CPODS_SOURCE_DIR) / "../shared") /
         "vectors";
}

bool recorded() {
  if (fs::is_directory(vectors())) return true;
  MESSAGE("SKIPPED: no recorded evidence in ", vectors().string());
  return false;
}

Bytes content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

PcrBank pcr_bank(const Bytes& bytes) {
  PcrBank bank;
  REQUIRE(bytes.size() == sizeof bank);
  for (std::size_t i = 0; i < bank.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * 32), 32, bank[i].begin());
  }
  return bank;
}

// `overlay`: a folder whose files stand in for those of the recording.
VtpmEvidence load(const std::string& name, const fs::path& overlay = {}) {
  const auto part = [&](const std::string& suffix) {
    const auto changed = overlay / suffix;
    if (!overlay.empty() && fs::exists(changed)) return content(changed);
    return content(vectors() / "derived" / (name + "." + suffix));
  };
  return {part("hcl.bin"), part("quote.msg"), part("quote.sig"), pcr_bank(part("pcrs.bin"))};
}

TEST_CASE("genuine: evidence of Milan and Genoa machines holds") {
  if (!recorded()) return;
  const std::string challenge = "challenge";
  for (const auto* name : {"evidence-v0", "evidence-v1", "evidence-v2", "evidence-genoa",
                           "rs-evidence-v1", "rs-live-evidence", "rs-milan-v3-attestation"}) {
    CAPTURE(name);
    const auto evidence = load(name);
    const auto quote = parse_quote(evidence.quote);
    REQUIRE(quote);
    const auto report = appraise(evidence, quote->nonce);
    if (!report) {
      FAIL_CHECK(report.error().sentence);
      continue;
    }
    CHECK(report->secure_boot);
    CHECK(report->report.vmpl == 0);
    const Bytes other_nonce(48, 1);
    const auto stale = appraise(evidence, other_nonce);
    REQUIRE_FALSE(stale);
    CHECK(stale.error().doubt == Doubt::Freshness);
  }
  CHECK(appraise(load("evidence-v1"), as_bytes(challenge)));
}

// What this room sees of each tampering; nothing: only AMD's signature over the SNP report tells.
const std::map<std::string, std::optional<Doubt>> kTampered = {
    {"00", {}},
    {"c01", {}},
    {"c02", {}},
    {"c03", {}},
    {"h01", Doubt::Malformed},
    {"h02", Doubt::NotATee},
    {"h03", Doubt::Malformed},
    {"h04", Doubt::Malformed},
    {"h05", Doubt::Malformed},
    {"h06", Doubt::Signature},
    {"h07", Doubt::Signature},
    {"h08", {}},
    {"h09", Doubt::Signature},
    {"h10", Doubt::Malformed},
    {"h11", Doubt::Signature},
    {"q01", Doubt::Freshness},
    {"q02", Doubt::Freshness},
    {"q03", Doubt::Signature},
    {"q04", Doubt::Signature},
    {"q05", Doubt::Signature},
    {"q06", Doubt::Signature},
    {"q07", Doubt::Signature},
    {"q08", Doubt::Signature},
    {"r01", Doubt::Malformed},
    {"r02", Doubt::Policy},
    {"r03", {}},
    {"r04", Doubt::Signature},
    {"r05", {}},
    {"r06", {}},
    {"r07", {}},
    {"r08", {}},
    {"r09", {}},
    {"r10", Doubt::Malformed},
    {"r11", Doubt::Malformed},
    {"r12", {}},
    {"r13", {}},
    {"r14", Doubt::Signature},
    {"r15", Doubt::Policy},
    {"r16", {}},
};

TEST_CASE("genuine: every tampering is refused as what it is, or left to AMD's signature") {
  if (!recorded()) return;
  const auto genuine_quote = parse_quote(load("evidence-v2").quote);
  REQUIRE(genuine_quote);
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(vectors() / "tampered")) {
    if (!entry.is_directory()) continue;
    const auto name = entry.path().filename().string();
    CAPTURE(name);
    const auto id = name.substr(0, name.find('-'));
    REQUIRE(kTampered.contains(id));
    seen.insert(id);
    const auto nonce_file = entry.path() / "nonce.bin";
    const auto nonce = fs::exists(nonce_file) ? content(nonce_file) : genuine_quote->nonce;
    const auto report = appraise(load("evidence-v2", entry.path()), nonce);
    const auto& expected = kTampered.at(id);
    CHECK(report.has_value() == !expected.has_value());
    if (!report && expected) {
      CHECK_MESSAGE(report.error().doubt == *expected, report.error().sentence);
    }
  }
  CHECK(seen.size() == kTampered.size());
}

}  // namespace
}  // namespace cpods::evidence
