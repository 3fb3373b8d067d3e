// Evidence recorded on real machines of AMD's three products, on Azure and elsewhere, and 39
// tamperings of one of them. The recordings are not part of this repository:
// CONFIDENTIAL_PODS_SHARED names the folder that holds them. Time stands still at sample::now(),
// when their certificates are valid, and the roots are AMD's.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "evidence/certificate_table.h"
#include "evidence/evidence_json.h"
#include "evidence/hcl_report.h"
#include "evidence/runtime_claims.h"
#include "json/document.h"
#include "unit/evidence/sample_evidence.h"
#include "unit/recorded_data.h"

namespace cpods::evidence {
namespace {

namespace fs = std::filesystem;

constexpr std::time_t kVlekTime = 1750000000;  // the recorded VLEK expired in December 2025

bool recorded() {
  return recorded::available("vectors");
}

std::string text_of(const fs::path& path) {
  const auto text = recorded::read("vectors" / path);
  REQUIRE_MESSAGE(!text.empty(), path.string());
  return text;
}
Bytes bytes_of(const fs::path& path) {
  const auto text = text_of(path);
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}
bool has(const fs::path& path) {
  return fs::exists(recorded::folder() / "vectors" / path);
}

CertificateChain chain_of(const fs::path& leaf, const std::vector<fs::path>& others = {}) {
  const auto read = [](const fs::path& path) {
    const auto certificates = read_certificates(bytes_of(path));
    REQUIRE_MESSAGE(certificates, path.string());
    return *certificates;
  };
  auto first = read(leaf);
  CertificateChain chain{.leaf = first.front(), .others = {}};
  chain.others.assign(std::next(first.begin()), first.end());
  for (const auto& path : others) {
    for (const auto& each : read(path)) chain.others.push_back(each);
  }
  return chain;
}

Expectations expecting(std::optional<Bytes> nonce, std::optional<std::time_t> time = {}) {
  auto expected = sample::expecting(std::move(nonce));
  expected.roots = amd_roots();
  if (time) expected.now = std::chrono::system_clock::from_time_t(*time);
  return expected;
}

// The nonce that the quote itself carries.
Bytes nonce_of(const VtpmEvidence& evidence) {
  Appraisal ignored;
  return check_quote(evidence.quote, ignored).nonce;
}

VtpmEvidence azure(const fs::path& path) {
  const auto read = read_evidence(text_of(path));
  REQUIRE_MESSAGE(read, path.string());
  REQUIRE(std::holds_alternative<VtpmEvidence>(*read));
  return std::get<VtpmEvidence>(*read);
}

const char* const kAzure[] = {
    "trustee/az-snp-vtpm/evidence-v0.json",           "trustee/az-snp-vtpm/evidence-v1.json",
    "trustee/az-snp-vtpm/evidence-v2.json",           "trustee/az-snp-vtpm/evidence-genoa.json",
    "attestation-rs/az_snp/live-evidence.json",       "attestation-rs/az_snp/evidence-v1.json",
    "attestation-rs/az_snp/milan-v3-attestation.json"};

TEST_CASE("genuine: evidence of Azure's Milan and Genoa machines is verified, to its last check") {
  if (!recorded()) return;
  for (const auto* path : kAzure) {
    CAPTURE(path);
    const auto evidence = azure(path);
    const auto appraisal = verify(evidence, expecting(nonce_of(evidence)));
    CHECK(appraisal.verified());
    CHECK(sample::failed(appraisal) == "");
    CHECK(sample::with(Status::Passed, appraisal).size() == 41);
    CHECK(sample::failed(verify(evidence, expecting(Bytes(48, 1)))) == "quote.nonce");
  }
  CHECK(nonce_of(azure(kAzure[1])) == Bytes{'c', 'h', 'a', 'l', 'l', 'e', 'n', 'g', 'e'});
}

TEST_CASE("genuine: what is read is written and read again, and still verified") {
  if (!recorded()) return;
  for (const auto* path : kAzure) {
    CAPTURE(path);
    const auto again = read_evidence(to_json(azure(path)));
    REQUIRE(again);
    CHECK(verify(std::get<VtpmEvidence>(*again), expecting(std::nullopt)).verified());
  }
}

TEST_CASE("genuine: bare evidence as JSON, raw and in fields") {
  if (!recorded()) return;
  for (const auto* path :
       {"attestation-rs/snp/live-evidence-genoa.json", "trustee/snp/e2e-evidence.json"}) {
    CAPTURE(path);
    const auto read = read_evidence(text_of(path));
    REQUIRE(read);
    REQUIRE(std::holds_alternative<SnpEvidence>(*read));
    const auto appraisal = verify(std::get<SnpEvidence>(*read), expecting(std::nullopt));
    CHECK(appraisal.verified());
    CHECK(sample::failed(appraisal) == "");
  }
}

TEST_CASE("genuine: a bare guest's evidence is written as Trustee recorded it") {
  if (!recorded()) return;
  const auto text = text_of("trustee/snp/e2e-evidence.json");
  const auto read = read_evidence(text);
  REQUIRE(read);
  const auto written = to_json(std::get<SnpEvidence>(*read));
  const auto ours = json::Document::parse(written);
  const auto theirs = json::Document::parse(text);
  REQUIRE(ours);
  REQUIRE(theirs);
  CHECK(ours->root()["attestation_report"].equals(theirs->root()["attestation_report"]));
  CHECK(ours->root()["cert_chain"].at(0).equals(theirs->root()["cert_chain"].at(0)));
}

struct Report {
  std::string report;
  std::string leaf;
  std::vector<fs::path> others;
  std::string failed;
  std::optional<std::time_t> time = {};
};

Bytes report_of(const std::string& path) {
  if (!path.ends_with(".hex")) return bytes_of(path);
  auto text = text_of(path);
  while (text.ends_with('\n')) text.pop_back();
  return hex_decode(text).value();
}

TEST_CASE("genuine: reports of Milan, Genoa and Turin of versions 2, 3 and 5") {
  if (!recorded()) return;
  const std::string ms = "ms-tee-attestation-verification/";
  const Report rows[] = {
      {ms + "milan_attestation_report.bin", ms + "milan_vcek.pem", {}, ""},
      {ms + "genoa_attestation_report.bin", ms + "genoa_vcek.pem", {}, ""},
      {ms + "turin_attestation_report.bin", ms + "turin_vcek.pem", {}, ""},
      {ms + "milan_attestation_report.bin",
       ms + "milan_vcek.pem",
       {ms + "milan_ask.pem", ms + "milan_ark.pem"},
       ""},
      {ms + "turin_attestation_report.bin",
       ms + "turin_vcek.pem",
       {ms + "turin_ask.pem", ms + "turin_ark.pem"},
       ""},
      {ms + "turin_attestation_report.bin",
       ms + "turin_vcek.pem",
       {"trustee/snp/turin_ask_ark_asvk.pem"},
       ""},
      {"virtee-sev/certs_data/report_milan.hex", "virtee-sev/certs_data/vcek_milan.der", {}, ""},
      {"trustee/snp/test-report.bin", "trustee/snp/test-vcek.der", {}, ""},
      {"attestation-rs/snp/live-report-v5-genoa.bin",
       "attestation-rs/snp/live-vcek-genoa.der",
       {},
       ""},
      {"trustee/snp/test-vlek-report.bin", "trustee/snp/test-vlek.der", {}, "", kVlekTime},
      {"trustee/snp/test-vlek-report.bin",
       "trustee/snp/test-vlek.der",
       {"trustee/snp/milan_ask_ark_asvk.pem"},
       "",
       kVlekTime},
      {"trustee/snp/test-vlek-report.bin", "trustee/snp/test-vlek.der", {}, "x509.chain"},
      {"google-go-sev-guest/verify-testdata/attestation.bin",
       "google-go-sev-guest/verify-testdata/vcek.testcer",
       {},
       "policy.debug"},
      {"trustee/snp/test-report.bin",
       "trustee/snp/test-vcek-invalid-legacy.der",
       {},
       "x509.chain vcek.tcb vcek.hwid snp.ecdsa"},
      {"trustee/snp/test-report.bin",
       "trustee/snp/test-vcek-invalid-new.der",
       {},
       "x509.chain vcek.tcb vcek.hwid snp.ecdsa"},
      {ms + "turin_attestation_report.bin",
       ms + "turin_vcek.pem",
       {ms + "genoa_ark.pem"},
       "x509.root_pin"},
      {ms + "milan_attestation_report.bin",
       ms + "genoa_vcek.pem",
       {},
       "x509.chain vcek.product vcek.tcb vcek.hwid snp.ecdsa"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.report);
    CAPTURE(row.leaf);
    const SnpEvidence evidence{report_of(row.report), chain_of(row.leaf, row.others)};
    const auto appraisal = verify(evidence, expecting(std::nullopt, row.time));
    CHECK(sample::failed(appraisal) == row.failed);
    CHECK(appraisal.verified() == row.failed.empty());
  }
}

TEST_CASE("genuine: an HCL report beside the certificate of another chip of the same firmware") {
  if (!recorded()) return;
  const std::string folder = "kinvolk-azure-cvm-tooling/";
  VtpmEvidence evidence;
  evidence.hcl_report = bytes_of(folder + "hcl-report-snp.bin");
  evidence.chain = chain_of(folder + "certs.pem");
  const auto appraisal = verify(evidence, expecting(std::nullopt));
  CHECK(sample::failed(appraisal).starts_with("vcek.hwid snp.ecdsa quote."));
  CHECK(appraisal.find("bind.sha256")->status == Status::Passed);
  CHECK(appraisal.find("vcek.tcb")->status == Status::Passed);
}

TEST_CASE("genuine: a quote by another machine's key") {
  if (!recorded()) return;
  auto evidence = azure(kAzure[1]);
  evidence.quote = bytes_of("trustee/az-snp-vtpm/tpm-quote.msg");
  evidence.signature = bytes_of("trustee/az-snp-vtpm/tpm-quote.sig");
  const auto appraisal = verify(evidence, expecting(std::nullopt));
  CHECK(appraisal.find("quote.rsa")->status == Status::Failed);
  CHECK(sample::failed(appraisal) == "quote.pcr_selection quote.rsa quote.pcr_digest");
}

TEST_CASE("genuine: an Intel TDX guest is told to be one") {
  if (!recorded()) return;
  for (const auto* path :
       {"trustee/az-tdx-vtpm/hcl-report.bin", "kinvolk-azure-cvm-tooling/hcl-report-tdx.bin",
        "azure-cvm-attestation-tools/snp_hcl_report.bin"}) {
    CAPTURE(path);
    auto evidence = azure(kAzure[2]);
    evidence.hcl_report = bytes_of(path);
    const auto appraisal = verify(evidence, expecting(std::nullopt));
    CHECK_FALSE(appraisal.verified());
    CHECK(appraisal.decisive()->name == "hcl.report_type");
    CHECK(appraisal.decisive()->doubt == Doubt::NotATee);
  }
  for (const auto* path :
       {"trustee/az-tdx-vtpm/evidence-v0.json", "trustee/az-tdx-vtpm/evidence-v1.json"}) {
    CHECK_FALSE(read_evidence(text_of(path)));  // it has no VCEK
  }
}

// ---- Tamperings -------------------------------------------------------------------------------

// The checks that MANIFEST.txt says fail, by the first word of the case's name.
std::map<std::string, std::set<std::string>> manifest() {
  std::map<std::string, std::set<std::string>> cases;
  std::istringstream lines(text_of("tampered/MANIFEST.txt"));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(" failed: ");
    if (colon == std::string::npos) continue;
    auto& names = cases[line.substr(0, line.find('-'))];
    std::istringstream words(line.substr(colon + 9));
    for (std::string word; words >> word;) {
      if (word.ends_with(',')) word.pop_back();
      if (word.contains('.')) names.insert(word);
    }
  }
  // A reported TCB above the committed one is out of order besides.
  cases.at("r13").insert("snp.tcb_order");
  return cases;
}

// What each amounts to; nothing: it is accepted.
const std::map<std::string, std::optional<Doubt>> kDoubts = {
    {"00", {}},
    {"c01", Doubt::Signature},
    {"c02", Doubt::Signature},
    {"c03", Doubt::Signature},
    {"h01", Doubt::Malformed},
    {"h02", Doubt::NotATee},
    {"h03", Doubt::Malformed},
    {"h04", Doubt::Malformed},
    {"h05", Doubt::Malformed},
    {"h06", Doubt::Signature},
    {"h07", Doubt::Signature},
    {"h08", Doubt::Signature},
    {"h09", Doubt::Malformed},
    {"h10", Doubt::Malformed},
    {"h11", Doubt::Signature},
    {"q01", Doubt::Freshness},
    {"q02", Doubt::Freshness},
    {"q03", Doubt::Malformed},
    {"q04", Doubt::Malformed},
    {"q05", Doubt::Signature},
    {"q06", Doubt::Malformed},
    {"q07", Doubt::Malformed},
    {"q08", Doubt::Signature},
    {"r01", Doubt::Malformed},
    {"r02", Doubt::Signature},
    {"r03", Doubt::Signature},
    {"r04", Doubt::Signature},
    {"r05", Doubt::Signature},
    {"r06", Doubt::Signature},
    {"r07", Doubt::Signature},
    {"r08", Doubt::Signature},
    {"r09", {}},  // S replaced by n - S is a signature, too
    {"r10", Doubt::Malformed},
    {"r11", Doubt::Malformed},
    {"r12", Doubt::Signature},
    {"r13", Doubt::Signature},
    {"r14", Doubt::Signature},
    {"r15", Doubt::Signature},
    {"r16", Doubt::Signature},
};

// The recording, with the files of `overlay` in place of its own.
VtpmEvidence tampered(const fs::path& overlay) {
  const auto part = [&](const std::string& name) -> fs::path {
    if (has(overlay / name)) return overlay / name;
    return "derived/evidence-v2." + name;
  };
  VtpmEvidence evidence;
  evidence.hcl_report = bytes_of(part("hcl.bin"));
  evidence.quote = bytes_of(part("quote.msg"));
  evidence.signature = bytes_of(part("quote.sig"));
  evidence.pcrs = read_pcrs(bytes_of(part("pcrs.bin"))).value();
  const std::string ms = "ms-tee-attestation-verification/";
  std::vector<fs::path> others;
  const auto id = overlay.filename().string().substr(0, 3);
  if (id == "c02") others = {ms + "genoa_ask.pem", ms + "genoa_ark.pem"};
  if (id == "c03") others = {ms + "genoa_ask.pem", ms + "milan_ark.pem"};
  evidence.chain = chain_of(part("vcek.pem"), others);
  return evidence;
}

TEST_CASE("tampered: exactly the checks that must fail do, and the exit code follows") {
  if (!recorded()) return;
  const auto expected = manifest();
  const auto genuine_nonce = nonce_of(azure(kAzure[2]));
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(recorded::folder() / "vectors/tampered")) {
    if (!entry.is_directory()) continue;
    const auto name = entry.path().filename().string();
    CAPTURE(name);
    const auto id = name.substr(0, name.find('-'));
    seen.insert(id);
    const auto overlay = fs::path("tampered") / name;
    const auto nonce = has(overlay / "nonce.bin") ? bytes_of(overlay / "nonce.bin") : genuine_nonce;
    const auto appraisal = verify(tampered(overlay), expecting(nonce));
    const auto failed = sample::with(Status::Failed, appraisal);
    CHECK(std::set(failed.begin(), failed.end()) == expected.at(id));
    const auto& doubt = kDoubts.at(id);
    CHECK(appraisal.verified() == !doubt.has_value());
    if (doubt) CHECK(appraisal.decisive()->doubt == *doubt);
  }
  CHECK(seen.size() == 39);
  CHECK(kDoubts.size() == 39);
  CHECK(expected.size() == 39);
}

// ---- Truncations ------------------------------------------------------------------------------

Bytes prefix(const Bytes& whole, std::size_t size) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST_CASE("genuine: no recorded JSON may end early") {
  if (!recorded()) return;
  std::vector<fs::path> paths(std::begin(kAzure), std::end(kAzure));
  paths.insert(paths.end(),
               {"trustee/snp/e2e-evidence.json", "attestation-rs/snp/live-evidence-genoa.json"});
  for (const auto& path : paths) {
    CAPTURE(path.string());
    auto text = text_of(path);
    while (text.ends_with('\n')) text.pop_back();
    for (std::size_t size = 0; size < text.size(); ++size) {
      if (!read_evidence(text.substr(0, size))) continue;
      CAPTURE(size);
      FAIL_CHECK("read");
    }
  }
}

TEST_CASE("genuine: no recorded HCL report, quote or signature may end early") {
  if (!recorded()) return;
  for (const auto* path : kAzure) {
    CAPTURE(path);
    const auto whole = azure(path);
    Appraisal good;
    const auto hcl = check_hcl_report(whole.hcl_report, good);
    REQUIRE(hcl);
    const auto end = kHclClaimsOffset + hcl->runtime_claims.size();
    for (std::size_t size = 0; size < end; ++size) {
      CAPTURE(size);
      const auto bytes = prefix(whole.hcl_report, size);
      Appraisal appraisal;
      (void)check_hcl_report(bytes, appraisal);
      CHECK_FALSE(appraisal.verified());
    }
    auto evidence = whole;
    for (const auto size : {std::size_t{0}, kHclClaimsOffset - 1, kHclClaimsOffset, end - 1}) {
      evidence.hcl_report = prefix(whole.hcl_report, size);
      CHECK_FALSE(verify(evidence, expecting(std::nullopt)).verified());
    }
    for (std::size_t size = 0; size < whole.quote.size(); ++size) {
      Appraisal appraisal;
      (void)check_quote(prefix(whole.quote, size), appraisal);
      CHECK_FALSE(appraisal.verified());
    }
    for (std::size_t size = 0; size < whole.chain.leaf.size(); ++size) {
      CHECK_FALSE(read_certificates(prefix(whole.chain.leaf, size)));
    }
    evidence = whole;
    for (std::size_t size = 0; size < whole.signature.size(); size += 17) {
      evidence.signature = prefix(whole.signature, size);
      CHECK_FALSE(verify(evidence, expecting(std::nullopt)).verified());
    }
  }
}

TEST_CASE("genuine: no recorded SNP report may have another length") {
  if (!recorded()) return;
  const auto whole = bytes_of("ms-tee-attestation-verification/turin_attestation_report.bin");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Appraisal appraisal;
    CHECK_FALSE(check_snp_report(prefix(whole, size), appraisal));
  }
}

// Every parser of bytes, whatever the file is meant for.
void parse_all(const Bytes& bytes) {
  Appraisal hcl;
  Appraisal snp;
  Appraisal quoted;
  Appraisal claimed;
  (void)check_hcl_report(bytes, hcl);
  (void)read_hcl_report(bytes);
  (void)check_snp_report(bytes, snp);
  (void)check_quote(bytes, quoted);
  (void)check_runtime_claims(bytes, claimed);
  (void)read_pcrs(bytes);
  (void)read_certificates(bytes);
  (void)read_certificate_table(bytes);
}

TEST_CASE("genuine: no recorded file, ended at any length, crashes any parser") {
  if (!recorded()) return;
  std::set<Bytes> seen;  // some were recorded by several
  for (const auto& entry : fs::recursive_directory_iterator(recorded::folder() / "vectors")) {
    const auto path = fs::relative(entry.path(), recorded::folder() / "vectors");
    if (!entry.is_regular_file() || path.begin()->string() == "tampered") continue;
    if (path.extension() == ".json") continue;  // above
    const auto whole = bytes_of(path);
    if (!seen.insert(whole).second) continue;
    CAPTURE(path.string());
    for (std::size_t size = 0; size <= whole.size(); ++size) parse_all(prefix(whole, size));
  }
  CHECK(seen.size() > 40);
}

TEST_CASE("genuine: no recorded runtime claims may end early") {
  if (!recorded()) return;
  for (const auto* name : {"v0", "v1", "v2", "genoa"}) {
    const auto whole = bytes_of("derived/evidence-" + std::string(name) + ".runtime.json");
    CAPTURE(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Appraisal appraisal;
      CHECK_FALSE(check_runtime_claims(prefix(whole, size), appraisal));
    }
    Appraisal appraisal;
    CHECK(check_runtime_claims(whole, appraisal));
  }
}

}  // namespace
}  // namespace cpods::evidence
