#include "evidence/hcl_report.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const std::string kClaims = R"({"keys":[]})";

Bytes report() {
  return sample::hcl_report(kClaims, sample::snp_report(kClaims));
}

TEST_CASE("hcl: the hardware report and the claims are found where they are") {
  const Bytes bytes = report();
  Appraisal appraisal;
  const auto parsed = check_hcl_report(bytes, appraisal);
  REQUIRE(parsed);
  CHECK(appraisal.verified());
  CHECK(as_text(parsed->runtime_claims) == kClaims);
  CHECK(parsed->hardware_report.data() == bytes.data() + 0x20);
  CHECK(parsed->hardware_report.size() == 1184);
}

TEST_CASE("hcl: its parts can be had without a word on what is wrong with them") {
  Bytes bytes = report();
  sample::put_u32(bytes, 0x000, 0);
  const auto parsed = read_hcl_report(bytes);
  REQUIRE(parsed);
  CHECK(as_text(parsed->runtime_claims) == kClaims);
  CHECK(parsed->hardware_report.data() == bytes.data() + 0x20);
  bytes.resize(kHclClaimsOffset - 1);
  CHECK_FALSE(read_hcl_report(bytes));
}

TEST_CASE("hcl: both known versions are read") {
  Bytes bytes = report();
  sample::put_u32(bytes, 0x004, 1);
  Appraisal appraisal;
  CHECK(check_hcl_report(bytes, appraisal));
  CHECK(appraisal.verified());
}

TEST_CASE("hcl: one wrong header field fails its own check, and no other") {
  struct Row {
    std::size_t offset;
    std::uint32_t value;
    std::string name;
    Doubt doubt;
    std::string detail;
  };
  const auto no_report = [](const char* what) {
    return std::string("the report in the vTPM is no HCL report: ") + what;
  };
  const Row rows[] = {
      {0x000, 0x414C4349, "hcl.magic", Doubt::Malformed, no_report("magic is 1095517001")},
      {0x004, 0, "hcl.version", Doubt::Malformed, no_report("version is 0")},
      {0x004, 3, "hcl.version", Doubt::Malformed, no_report("version is 3")},
      {0x008, 0, "hcl.report_size", Doubt::Malformed,
       "the HCL report's report_size is 0 instead of 1247"},
      {0x00C, 1, "hcl.request_type", Doubt::Malformed, no_report("request_type is 1")},
      {0x010, 7, "hcl.status", Doubt::Malformed, no_report("status is 7")},
      {0x4C0, 20, "hcl.data_size", Doubt::Malformed,
       "the HCL report's data_size is 20 instead of 31"},
      {0x4C4, 2, "hcl.data_version", Doubt::Malformed, no_report("data_version is 2")},
      {0x4C8, 0, "hcl.report_type", Doubt::NotATee,
       "the vTPM reports a guest of the unknown kind 0"},
      {0x4C8, 1, "hcl.report_type", Doubt::NotATee,
       "the vTPM reports VBS isolation, which is not AMD SEV-SNP"},
      {0x4C8, 3, "hcl.report_type", Doubt::NotATee,
       "the vTPM reports a Trusted Launch VM, which is not confidential"},
      {0x4C8, 4, "hcl.report_type", Doubt::NotATee,
       "the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP"},
      {0x4C8, 5, "hcl.report_type", Doubt::NotATee,
       "the vTPM reports an Arm CCA realm, which is not AMD SEV-SNP"},
      {0x4CC, 2, "hcl.hash_type", Doubt::Malformed, no_report("hash_type is 2")},
      {0x4D0, 0xFFFFFFFF, "hcl.var_size", Doubt::Malformed,
       "the HCL report claims 4294968531 bytes, 2600 are there"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    Bytes bytes = report();
    sample::put_u32(bytes, row.offset, row.value);
    Appraisal appraisal;
    CHECK(check_hcl_report(bytes, appraisal));
    CHECK(sample::failed(appraisal) == row.name);
    CHECK(*appraisal.find(row.name) == Check{row.name, Status::Failed, row.detail, row.doubt});
  }
}

TEST_CASE("hcl: sizes that agree with each other but not with the bytes have no claims") {
  for (const std::uint32_t size : {0x7FFFFFFFU, 0xFFFFFFECU, 0xFFFFFB2CU, 1U << 20}) {
    CAPTURE(size);
    Bytes bytes = report();
    sample::put_u32(bytes, 0x4D0, size);
    sample::put_u32(bytes, 0x4C0, 20 + size);
    sample::put_u32(bytes, 0x008, 32 + 1184 + 20 + size);
    Appraisal appraisal;
    const auto parsed = check_hcl_report(bytes, appraisal);
    REQUIRE(parsed);
    CHECK(parsed->runtime_claims.empty());
    CHECK(sample::failed(appraisal) == "hcl.var_size");
  }
}

TEST_CASE("hcl: claims one byte shorter leave a byte behind the end") {
  Bytes bytes = report();
  sample::put_u32(bytes, 0x4D0, static_cast<std::uint32_t>(kClaims.size() - 1));
  Appraisal appraisal;
  CHECK(check_hcl_report(bytes, appraisal));
  CHECK(sample::failed(appraisal) == "hcl.data_size hcl.report_size hcl.nonzero_tail");
}

TEST_CASE("hcl: every shorter read fails, down to nothing") {
  const Bytes whole = sample::hcl_report(kClaims, sample::snp_report(kClaims), 0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    // A copy of its own, so that a sanitizer sees a read behind the end.
    const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    Appraisal appraisal;
    const auto parsed = check_hcl_report(prefix, appraisal);
    CHECK(parsed.has_value() == (size >= kHclClaimsOffset));
    CHECK(sample::failed(appraisal) == (size >= kHclClaimsOffset ? "hcl.var_size" : "hcl.len"));
  }
}

TEST_CASE("hcl: a byte behind the claims is not passed over") {
  for (const std::size_t offset : {kHclClaimsOffset + kClaims.size(), std::size_t{2599}}) {
    Bytes bytes = report();
    bytes[offset] = 1;
    Appraisal appraisal;
    CHECK(check_hcl_report(bytes, appraisal));
    CHECK(sample::failed(appraisal) == "hcl.nonzero_tail");
  }
}

}  // namespace
}  // namespace cpods::evidence
