#include "evidence/snp_report.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

TEST_CASE("snp: fields are read from their places") {
  Bytes bytes = sample::snp_report("claims");
  sample::put_u32(bytes, 0x030, 3);
  sample::put_u32(bytes, 0x048, 0b00110);
  const auto report = parse_snp_report(bytes);
  REQUIRE(report);
  CHECK(report->version == 3);
  CHECK(report->guest_svn == 10);
  CHECK(report->policy == 0x3001F);
  CHECK(report->vmpl == 3);
  CHECK(report->signature_masked());
  CHECK(report->signing_key() == 1);
  CHECK(report->measurement[47] == 0xAB);
  CHECK(hex_encode(ByteView(report->report_data).first(32)) ==
        hex_encode(sha256(as_bytes("claims"))));
}

TEST_CASE("snp: the policy bits that let the host in are seen one by one") {
  struct Row {
    std::uint64_t policy;
    bool debuggable;
    bool migratable;
  };
  for (const auto& row : {Row{0x3001F, false, false}, Row{0xB0000, true, false},
                          Row{0x70000, false, true}, Row{0xF0000, true, true}}) {
    CAPTURE(row.policy);
    Bytes bytes = sample::snp_report("");
    sample::put_little(bytes, 0x008, row.policy, 8);
    const auto report = parse_snp_report(bytes);
    REQUIRE(report);
    CHECK(report->debuggable() == row.debuggable);
    CHECK(report->migratable() == row.migratable);
  }
}

TEST_CASE("snp: the product is told by family and model, from version 3 on") {
  struct Row {
    std::uint8_t family, model;
    std::string product;
  };
  const Row rows[] = {{0x19, 0x01, "Milan"}, {0x19, 0x0F, "Milan"}, {0x19, 0x11, "Genoa"},
                      {0x19, 0xA0, "Genoa"}, {0x19, 0x20, ""},      {0x1A, 0x02, "Turin"},
                      {0x1A, 0x12, ""},      {0x17, 0x01, ""}};
  for (const auto& row : rows) {
    CAPTURE(row.family);
    CAPTURE(row.model);
    Bytes bytes = sample::snp_report("");
    bytes[0x188] = row.family;
    bytes[0x189] = row.model;
    CHECK(product_of(parse_snp_report(bytes).value()) == row.product);
    sample::put_u32(bytes, 0x000, 2);
    CHECK(product_of(parse_snp_report(bytes).value()) == "");
  }
}

TEST_CASE("snp: versions 2 to 5 are read, others are refused") {
  for (std::uint32_t version = 0; version < 8; ++version) {
    CAPTURE(version);
    Bytes bytes = sample::snp_report("");
    sample::put_u32(bytes, 0x000, version);
    CHECK(parse_snp_report(bytes).has_value() == (version >= 2 && version <= 5));
  }
}

TEST_CASE("snp: what does not fit the specification is refused with its own sentence") {
  const auto refusal = [](const Bytes& bytes) {
    const auto report = parse_snp_report(bytes);
    return report ? std::string() : report.error().sentence;
  };
  const std::string start = "the SNP report is not as AMD specifies it: ";
  Bytes bytes = sample::snp_report("");
  CHECK(refusal(Bytes(1183)) == start + "it has 1183 bytes instead of 1184");
  sample::put_u32(bytes, 0x034, 2);
  CHECK(refusal(bytes) ==
        start + "its signature algorithm is 2 instead of ECDSA P-384 with SHA-384");
  for (const std::size_t offset : {0x330U, 0x49FU}) {
    CAPTURE(offset);
    Bytes spoilt = sample::snp_report("");
    spoilt[offset] = 1;
    CHECK(refusal(spoilt) == start + "bytes behind its signature are not zero");
  }
}

}  // namespace
}  // namespace cpods::evidence
