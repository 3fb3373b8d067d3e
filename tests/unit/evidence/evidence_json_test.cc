#include "evidence/evidence_json.h"

#include <doctest/doctest.h>

#include "json/document.h"
#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const Bytes kNonce(32, 0x5A);
const std::string kNoShape = "has none of hcl_report, report and attestation_report";

std::string list(ByteView bytes) {
  std::string text;
  for (const auto byte : bytes) text += (text.empty() ? "" : ",") + std::to_string(byte);
  return "[" + text + "]";
}
std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

// PEM as it stands in a JSON string.
std::string pem_text(ByteView der) {
  auto text = sample::pem(der);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\\n");
  }
  return quoted(text);
}

std::string pcr_list(const PcrBank& pcrs, std::string (*one)(ByteView)) {
  std::string text;
  for (const auto& pcr : pcrs) text += (text.empty() ? "" : ",") + one(pcr);
  return "[" + text + "]";
}
std::string hex_text(ByteView bytes) {
  return quoted(hex_encode(bytes));
}

std::string version_0(const VtpmEvidence& evidence) {
  return R"({"quote":{"message":)" + list(evidence.quote) + R"(,"signature":)" +
         list(evidence.signature) + R"(,"pcrs":)" + pcr_list(evidence.pcrs, list) +
         R"(},"report":)" + list(evidence.hcl_report) + R"(,"vcek":)" +
         pem_text(evidence.chain.leaf) + "}";
}
std::string version_1(const VtpmEvidence& evidence, const std::string& report) {
  return R"({"version":1,"tpm_quote":{"message":)" + hex_text(evidence.quote) + R"(,"signature":)" +
         hex_text(evidence.signature) + R"(,"pcrs":)" + pcr_list(evidence.pcrs, hex_text) +
         R"(},"hcl_report":)" + quoted(report) + R"(,"vcek":)" +
         quoted(base64url_encode(evidence.chain.leaf)) + "}";
}

void check_same(const std::string& text, const VtpmEvidence& expected) {
  const auto read = read_evidence(text);
  if (!read) FAIL_CHECK(read.error().sentence);
  REQUIRE(read);
  const auto* found = std::get_if<VtpmEvidence>(&*read);
  REQUIRE(found != nullptr);
  CHECK(found->hcl_report == expected.hcl_report);
  CHECK(found->quote == expected.quote);
  CHECK(found->signature == expected.signature);
  CHECK(found->pcrs == expected.pcrs);
  CHECK(found->chain.leaf == expected.chain.leaf);
  CHECK(found->chain.others == expected.chain.others);
}
void check_same(const std::string& text, const SnpEvidence& expected) {
  const auto read = read_evidence(text);
  if (!read) FAIL_CHECK(read.error().sentence);
  REQUIRE(read);
  const auto* found = std::get_if<SnpEvidence>(&*read);
  REQUIRE(found != nullptr);
  CHECK(found->report == expected.report);
  CHECK(found->chain.leaf == expected.chain.leaf);
  CHECK(found->chain.others == expected.chain.others);
}

std::string refusal(const std::string& text) {
  const auto read = read_evidence(text);
  REQUIRE_FALSE(read);
  CHECK(read.error().doubt == Doubt::Malformed);
  return read.error().sentence;
}

TEST_CASE("evidence json: what is written is read again, with its chain and without") {
  auto azure = sample::evidence(kNonce);
  check_same(to_json(azure), azure);
  azure.chain.others = {sample::milan().ask(), sample::milan().ark()};
  check_same(to_json(azure), azure);
  auto bare = sample::bare_evidence(kNonce);
  check_same(to_json(bare), bare);
  // What makes evidence refused is not left out of it.
  bare.chain.others = {sample::milan().ask(), sample::genoa().ark()};
  check_same(to_json(bare), bare);
}

TEST_CASE("evidence json: a report that no fields say all of is written raw, with its chain") {
  for (const std::size_t reserved : {0x018B + 1U, 0x208U, 0x330U, 0x49FU}) {
    CAPTURE(reserved);
    auto bare = sample::bare_evidence(kNonce);
    bare.chain.others = {sample::milan().ask()};
    bare.report[reserved] = 1;
    check_same(to_json(bare), bare);
  }
  // 64 bits of which the highest is set are no number that every reader of JSON has.
  auto wide = sample::bare_evidence(kNonce);
  wide.report[0x047] = 0x80;
  check_same(to_json(wide), wide);
  SnpEvidence shorter = sample::bare_evidence(kNonce);
  shorter.report.pop_back();
  check_same(to_json(shorter), shorter);
}

TEST_CASE("evidence json: what is written is Trustee's version 2") {
  const auto document = json::Document::parse(to_json(sample::evidence(kNonce)));
  REQUIRE(document);
  const auto root = document->root();
  CHECK(root["version"].integer() == 2);
  CHECK(root["tpm_quote"]["message"].text() == hex_encode(sample::evidence(kNonce).quote));
  CHECK(root["tpm_quote"]["pcrs"].at(23).text() == hex_encode(sample::pcrs()[23]));
  CHECK(root["hcl_report"].text().starts_with("SENMQQ"));  // HCLA
  CHECK(base64url_encode(sample::vcek()) + "=" == root["vcek"].text());
  CHECK_FALSE(root["chain"]);
}

TEST_CASE("evidence json: Azure's older shapes") {
  const auto evidence = sample::evidence(kNonce);
  check_same(version_0(evidence), evidence);
  check_same(version_1(evidence, base64url_encode(evidence.hcl_report)), evidence);
  check_same(version_1(evidence, base64_encode(evidence.hcl_report)), evidence);
  check_same(R"({"platform":"az-snp","evidence":)" + version_0(evidence) + "}", evidence);
}

TEST_CASE("evidence json: a PEM text may hold the whole chain") {
  auto evidence = sample::evidence(kNonce);
  evidence.chain.others = {sample::milan().ask(), sample::milan().ark()};
  auto text = version_0(evidence);
  const auto leaf = pem_text(sample::vcek());
  auto whole = leaf;
  for (const auto& each : evidence.chain.others) {
    whole.insert(whole.size() - 1, pem_text(each).substr(1));
    whole.pop_back();
  }
  text.replace(text.find(leaf), leaf.size(), whole);
  check_same(text, evidence);
}

TEST_CASE("evidence json: a bare guest's shapes") {
  const auto evidence = sample::bare_evidence(kNonce);
  const auto report = quoted(base64_encode(evidence.report));
  const auto leaf = base64_encode(evidence.chain.leaf);
  check_same(
      R"({"attestation_report":)" + report + R"(,"cert_chain":{"vcek":)" + quoted(leaf) + "}}",
      evidence);
  check_same(
      R"({"attestation_report":)" + report + R"(,"cert_chain":{"vlek":)" + quoted(leaf) + "}}",
      evidence);
  check_same(R"({"attestation_report":)" + list(evidence.report) +
                 R"(,"cert_chain":[{"cert_type":"VCEK","data":)" + list(evidence.chain.leaf) +
                 "}]}",
             evidence);
  auto with_chain = evidence;
  with_chain.chain.others = {sample::milan().ask()};
  check_same(R"({"attestation_report":)" + report + R"(,"cert_chain":[{"cert_type":"ASK","data":)" +
                 list(sample::milan().ask()) + R"(},{"cert_type":"VCEK","data":)" +
                 list(evidence.chain.leaf) + "}]}",
             with_chain);
}

TEST_CASE(
    "evidence json: of the certificates that a host gives, others than AMD's are passed over") {
  const auto evidence = sample::bare_evidence(kNonce);
  const auto typed = [](const std::string& type, const std::string& data) {
    return R"({"cert_type":)" + type + R"(,"data":)" + data + "}";
  };
  const auto chain = [&](const std::string& entries) {
    return R"({"attestation_report":)" + quoted(base64_encode(evidence.report)) +
           R"(,"cert_chain":[)" + entries + "]}";
  };
  const auto leaf = list(evidence.chain.leaf);
  check_same(chain(typed(R"("CRL")", "[1,2]") + "," + typed(R"({"OTHER":"00000000"})", "[3]") +
                   "," + typed(R"("Empty")", "[]") + "," + typed(R"("VCEK")", leaf) + "," +
                   typed(R"("VLEK")", list(sample::milan().ask()))),
             evidence);
  check_same(chain(typed(R"("VLEK")", leaf)), evidence);
}

// The fields of a report, as virtee's library writes them.
std::string fields_of(const Bytes& report, bool turin) {
  const auto number = [&](std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | report[offset + i];
    return std::to_string(value);
  };
  const auto bytes = [&](std::size_t offset, std::size_t size) {
    return list(ByteView(report).subspan(offset, size));
  };
  const auto tcb = [&](std::size_t at) {
    const std::size_t first = turin ? 1 : 0;
    return R"({"fmc":)" + (turin ? number(at, 1) : "null") + R"(,"bootloader":)" +
           number(at + first, 1) + R"(,"tee":)" + number(at + first + 1, 1) + R"(,"snp":)" +
           number(at + (turin ? 3 : 6), 1) + R"(,"microcode":)" + number(at + 7, 1) + "}";
  };
  const auto version = [&](std::size_t at) {
    return R"({"major":)" + number(at + 2, 1) + R"(,"minor":)" + number(at + 1, 1) +
           R"(,"build":)" + number(at, 1) + "}";
  };
  return R"({"version":)" + number(0x000, 4) + R"(,"guest_svn":)" + number(0x004, 4) +
         R"(,"policy":)" + number(0x008, 8) + R"(,"family_id":)" + bytes(0x010, 16) +
         R"(,"image_id":)" + bytes(0x020, 16) + R"(,"vmpl":)" + number(0x030, 4) +
         R"(,"sig_algo":)" + number(0x034, 4) + R"(,"current_tcb":)" + tcb(0x038) +
         R"(,"plat_info":)" + number(0x040, 8) + R"(,"key_info":)" + number(0x048, 4) +
         R"(,"report_data":)" + bytes(0x050, 64) + R"(,"measurement":)" + bytes(0x090, 48) +
         R"(,"host_data":)" + bytes(0x0C0, 32) + R"(,"id_key_digest":)" + bytes(0x0E0, 48) +
         R"(,"author_key_digest":)" + bytes(0x110, 48) + R"(,"report_id":)" + bytes(0x140, 32) +
         R"(,"report_id_ma":)" + bytes(0x160, 32) + R"(,"reported_tcb":)" + tcb(0x180) +
         R"(,"cpuid_fam_id":)" + number(0x188, 1) + R"(,"cpuid_mod_id":)" + number(0x189, 1) +
         R"(,"cpuid_step":)" + number(0x18A, 1) + R"(,"chip_id":)" + bytes(0x1A0, 64) +
         R"(,"committed_tcb":)" + tcb(0x1E0) + R"(,"current":)" + version(0x1E8) +
         R"(,"committed":)" + version(0x1EC) + R"(,"launch_tcb":)" + tcb(0x1F0) +
         R"(,"launch_mit_vector":)" + number(0x1F8, 8) + R"(,"current_mit_vector":)" +
         number(0x200, 8) + R"(,"signature":{"r":)" + bytes(0x2A0, 72) + R"(,"s":)" +
         bytes(0x2E8, 72) + "}}";
}

TEST_CASE("evidence json: a report in fields is put together as it was") {
  for (const bool turin : {false, true}) {
    CAPTURE(turin);
    auto evidence = sample::bare_evidence(kNonce);
    // Every byte that has a field tells its place.
    for (std::size_t i = 0x010; i < 0x208; ++i) {
      evidence.report[i] = static_cast<std::uint8_t>(1 + i % 127);
    }
    for (const std::size_t tcb : {0x038U, 0x180U, 0x1E0U, 0x1F0U}) {
      const std::size_t first = turin ? 4 : 2;
      std::fill_n(evidence.report.begin() + static_cast<std::ptrdiff_t>(tcb + first), turin ? 3 : 4,
                  std::uint8_t{0});
    }
    for (const std::size_t reserved : {0x04CU, 0x04DU, 0x04EU, 0x04FU, 0x1EBU, 0x1EFU}) {
      evidence.report[reserved] = 0;
    }
    std::fill_n(evidence.report.begin() + 0x18B, 0x1A0 - 0x18B, std::uint8_t{0});
    check_same(R"({"attestation_report":)" + fields_of(evidence.report, turin) +
                   R"(,"cert_chain":[{"cert_type":"VCEK","data":)" + list(evidence.chain.leaf) +
                   "}]}",
               evidence);
  }
}

TEST_CASE("evidence json: a field that does not fit its place is told with it") {
  const auto leaf = R"(,"cert_chain":{"vcek":)" + quoted(base64url_encode(sample::vcek())) + "}}";
  const auto whole = fields_of(sample::bare_evidence(kNonce).report, false);
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = whole;
    text.replace(text.find(from), from.size(), to);
    return R"({"attestation_report":)" + text + leaf;
  };
  const std::string at = "no evidence: /attestation_report";
  CHECK(refusal(with("\"version\":3", "\"version\":4294967296")) ==
        at + "/version does not fit its field");
  CHECK(refusal(with("\"vmpl\":0", "\"vmpl\":-1")) == at + "/vmpl does not fit its field");
  CHECK(refusal(with("\"bootloader\":4", "\"bootloader\":256")) ==
        at + "/current_tcb/bootloader does not fit its field");
  CHECK(refusal(with("\"family_id\":[0,", "\"family_id\":[")) ==
        at + "/family_id must have 16 bytes");
  CHECK(refusal(with("\"family_id\":[0,", "\"family_id\":[256,")) ==
        at + "/family_id/0 does not fit its field");
  CHECK(refusal(R"({"attestation_report":{})" + leaf)
            .contains("/attestation_report/family_id is missing"));
}

TEST_CASE("evidence json: whatever is none of the shapes is told with its place") {
  const auto good = to_json(sample::evidence(kNonce));
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::string pcr_1 = R"(")" + std::string(64, '1') + R"(")";
  struct Row {
    std::string text;
    std::string sentence;
  };
  const Row rows[] = {
      {"[]", "no evidence: the document must be an object, but is an array"},
      {"7", "no evidence: the document must be an object, but is a number"},
      {with("\"version\":2", "\"version\":3"), "no evidence: /version must be 0, 1 or 2"},
      {with("\"version\":2", "\"version\":-1"), "no evidence: /version must be 0, 1 or 2"},
      {with("\"version\":2", "\"version\":\"2\""),
       "no evidence: /version must be a number, but is a string"},
      {with("\"message\":\"ff", "\"message\":\"fg"),
       "no evidence: /tpm_quote/message must be hexadecimal"},
      {with("\"message\":\"ff", "\"message\":\"f"),
       "no evidence: /tpm_quote/message must be hexadecimal"},
      {with("\"pcrs\":[", "\"pcrs\":[\"\","), "no evidence: /tpm_quote/pcrs must have 24 PCRs"},
      {with("\"hcl_report\":\"SEN", "\"hcl_report\":\"!EN"),
       "no evidence: /hcl_report must be base64url"},
      {with("\"vcek\":\"MII", "\"vcek\":\"AII"),
       "no evidence: /vcek holds no X.509 certificate in DER or PEM"},
      {with(pcr_1.substr(0, 0) + hex_encode(sample::pcrs()[1]), "01"),
       "no evidence: /tpm_quote/pcrs/1 must have 32 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    CHECK(refusal(row.text) == row.sentence);
  }
  CHECK(refusal("").starts_with("no JSON: "));
  CHECK(refusal(good + good).starts_with("no JSON: "));
  CHECK(refusal(with("{\"version\":2", "{\"version\":2,\"version\":2")).starts_with("no JSON: "));
}

TEST_CASE("evidence json: what is missing is told by its name") {
  const auto good = to_json(sample::evidence(kNonce));
  for (const std::string member : {"tpm_quote", "hcl_report", "vcek"}) {
    CAPTURE(member);
    auto text = good;
    text.replace(text.find("\"" + member + "\""), member.size() + 2, "\"other\"");
    // Without its report it is no longer known as a vTPM's.
    CHECK(refusal(text) == (member == "hcl_report" ? "no evidence: the document " + kNoShape
                                                   : "no evidence: /" + member + " is missing"));
  }
  for (const std::string member : {"message", "signature", "pcrs"}) {
    CAPTURE(member);
    auto text = good;
    text.replace(text.find("\"" + member + "\""), member.size() + 2, "\"other\"");
    CHECK(refusal(text) == "no evidence: /tpm_quote/" + member + " is missing");
  }
  CHECK(refusal("{}") == "no evidence: the document " + kNoShape);
  CHECK(refusal("null") == "no evidence: the document " + kNoShape);
  CHECK(refusal(R"({"evidence":{}})") == "no evidence: /evidence " + kNoShape);
  CHECK(refusal(R"({"report":[]})") == "no evidence: /quote is missing");
  CHECK(refusal(R"({"version":2,"report":[]})") == "no evidence: /hcl_report is missing");
  CHECK(refusal(R"({"attestation_report":{},"cert_chain":[]})") ==
        "no evidence: /attestation_report/family_id is missing");
}

TEST_CASE("evidence json: lists of bytes are bytes, and not endless") {
  const auto with = [](const std::string& report) {
    auto text = version_0(sample::evidence(kNonce));
    const auto whole = list(sample::evidence(kNonce).hcl_report);
    const auto at = text.find(R"("report":)") + 9;
    return text.replace(at, text.find(']', at) + 1 - at, report);
  };
  CHECK(refusal(with("[256]")) == "no evidence: /report/0 must be a byte, 0 to 255");
  CHECK(refusal(with("[-1]")) == "no evidence: /report/0 must be a byte, 0 to 255");
  CHECK(refusal(with("[null]")) == "no evidence: /report/0 must be a byte, 0 to 255");
  CHECK(refusal(with(list(Bytes(16 * 1024 + 1)))) == "no evidence: /report has too many bytes");
  CHECK(refusal(with("7")).starts_with("no evidence: /report must be a string"));
}

TEST_CASE("evidence json: a list of certificates has a leaf") {
  const auto report = quoted(base64url_encode(sample::bare_evidence(kNonce).report));
  const auto ask = list(sample::milan().ask());
  CHECK(refusal(R"({"attestation_report":)" + report +
                R"(,"cert_chain":[{"cert_type":"ASK","data":)" + ask + "}]}") ==
        "no evidence: /cert_chain must have a VCEK or a VLEK");
  CHECK(refusal(R"({"attestation_report":)" + report + R"(,"cert_chain":[]})") ==
        "no evidence: /cert_chain must have a VCEK or a VLEK");
  CHECK(refusal(R"({"attestation_report":)" + report + R"(,"cert_chain":{}})") ==
        "no evidence: /cert_chain must have a VCEK or a VLEK");
  CHECK(refusal(R"({"attestation_report":)" + report + "}") ==
        "no evidence: /cert_chain is missing");
  CHECK(refusal(R"({"attestation_report":)" + report + R"(,"cert_chain":[{"cert_type":"ASK"}]})") ==
        "no evidence: /cert_chain/0/data is missing");
}

TEST_CASE("pcrs: 24 values one after the other") {
  Bytes bytes;
  for (const auto& pcr : sample::pcrs()) bytes.insert(bytes.end(), pcr.begin(), pcr.end());
  const auto read = read_pcrs(bytes);
  REQUIRE(read);
  CHECK(*read == sample::pcrs());
  bytes.pop_back();
  const auto refused = read_pcrs(bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Refusal{Doubt::Malformed, "has 767 bytes instead of 24 PCRs of 32"});
}

}  // namespace
}  // namespace cpods::evidence
