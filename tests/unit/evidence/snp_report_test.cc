#include "evidence/snp_report.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

std::string failed(const Bytes& bytes) {
  Appraisal appraisal;
  const auto report = check_snp_report(bytes, appraisal);
  CHECK(report.has_value() == (bytes.size() == kSnpReportBytes));
  return sample::failed(appraisal);
}

TEST_CASE("snp: fields are read from their places") {
  Bytes bytes = sample::snp_report("claims");
  sample::put_u32(bytes, 0x030, 3);
  sample::put_little(bytes, 0x040, 0x25, 8);
  sample::put_u32(bytes, 0x048, 0b00110);
  std::fill_n(bytes.begin() + 0x0C0, 32, std::uint8_t{0x05});
  std::fill_n(bytes.begin() + 0x0E0, 48, std::uint8_t{0x1D});
  bytes[0x03F] = 0xDD;
  bytes[0x1E7] = 0xDC;
  const auto report = read_snp_report(bytes);
  CHECK(report.version == 3);
  CHECK(report.guest_svn == 10);
  CHECK(report.policy == 0x3001F);
  CHECK(report.vmpl == 3);
  CHECK(report.alias_checked());
  CHECK(report.signature_masked());
  CHECK(report.signing_key() == 1);
  CHECK(report.measurement[47] == 0xAB);
  CHECK(report.host_data[0] == 0x05);
  CHECK(report.id_key_digest[47] == 0x1D);
  CHECK(report.current_tcb[7] == 0xDD);
  CHECK(report.reported_tcb == sample::kMilanTcb);
  CHECK(report.committed_tcb[7] == 0xDC);
  CHECK(report.chip_id[63] == 0xFF);
  CHECK(hex_encode(ByteView(report.report_data).first(32)) ==
        hex_encode(sha256(as_bytes("claims"))));
}

TEST_CASE("snp: the policy bits that let the host in are seen one by one") {
  struct Row {
    std::uint64_t policy;
    bool debuggable;
    bool migratable;
    bool allows_smt;
  };
  for (const auto& row : {Row{0x3001F, false, false, true}, Row{0x2001F, false, false, false},
                          Row{0xA0000, true, false, false}, Row{0x60000, false, true, false},
                          Row{0xF0000, true, true, true}}) {
    CAPTURE(row.policy);
    Bytes bytes = sample::snp_report("");
    sample::put_little(bytes, 0x008, row.policy, 8);
    const auto report = read_snp_report(bytes);
    CHECK(report.debuggable() == row.debuggable);
    CHECK(report.migratable() == row.migratable);
    CHECK(report.allows_smt() == row.allows_smt);
  }
}

TEST_CASE("snp: the product is told by family and model, from version 3 on") {
  struct Row {
    std::uint8_t family, model;
    std::string product;
  };
  const Row rows[] = {{0x19, 0x01, "Milan"}, {0x19, 0x0F, "Milan"}, {0x19, 0x11, "Genoa"},
                      {0x19, 0xA0, "Genoa"}, {0x19, 0xAF, "Genoa"}, {0x19, 0x20, ""},
                      {0x19, 0xB0, ""},      {0x1A, 0x02, "Turin"}, {0x1A, 0x11, "Turin"},
                      {0x1A, 0x12, ""},      {0x17, 0x01, ""},      {0x00, 0x00, ""}};
  for (const auto& row : rows) {
    CAPTURE(row.family);
    CAPTURE(row.model);
    Bytes bytes = sample::snp_report("");
    bytes[0x188] = row.family;
    bytes[0x189] = row.model;
    CHECK(product_of(read_snp_report(bytes)) == row.product);
    sample::put_u32(bytes, 0x000, 2);
    CHECK(product_of(read_snp_report(bytes)) == "");
  }
}

TEST_CASE("snp: versions 2 to 5 are known, others are not") {
  for (std::uint32_t version = 0; version < 8; ++version) {
    CAPTURE(version);
    Bytes bytes = sample::snp_report("");
    sample::put_u32(bytes, 0x000, version);
    CHECK(failed(bytes) == (version >= 2 && version <= 5 ? "" : "snp.version"));
  }
}

TEST_CASE("snp: another length is no report at all") {
  for (const std::size_t size : {0U, 1U, 1183U, 1185U, 2600U}) {
    CAPTURE(size);
    Bytes bytes = sample::snp_report("");
    bytes.resize(size);
    CHECK(failed(bytes) == "snp.len");
  }
}

TEST_CASE("snp: another signature algorithm is named") {
  for (const std::uint32_t algorithm : {0U, 2U, 0x101U}) {
    Bytes bytes = sample::snp_report("");
    sample::put_u32(bytes, 0x034, algorithm);
    CHECK(failed(bytes) == "snp.sig_algo");
  }
}

TEST_CASE("snp: the bytes that nobody signs are zero") {
  for (const std::size_t offset : {0x330U, 0x400U, 0x49FU}) {
    CAPTURE(offset);
    Bytes spoilt = sample::snp_report("");
    spoilt[offset] = 1;
    CHECK(failed(spoilt) == "sig.reserved_nonzero");
  }
}

TEST_CASE("snp: TCB versions are in order, component by component") {
  constexpr std::size_t kCurrent = 0x038, kReported = 0x180, kCommitted = 0x1E0;
  struct Row {
    std::size_t offset;
    std::uint8_t value;
    const char* failed;
  };
  // The snp component of the samples is 22.
  for (const auto& row :
       {Row{kReported, 21, ""}, Row{kReported, 23, "snp.tcb_order"},
        Row{kCommitted, 21, "snp.tcb_order"}, Row{kCommitted, 23, "snp.tcb_order"},
        Row{kCurrent, 255, ""}, Row{kCurrent, 21, "snp.tcb_order"}}) {
    CAPTURE(row.offset);
    CAPTURE(row.value);
    Bytes bytes = sample::snp_report("");
    bytes[row.offset + 6] = row.value;
    CHECK(failed(bytes) == row.failed);
  }
}

}  // namespace
}  // namespace cpods::evidence
