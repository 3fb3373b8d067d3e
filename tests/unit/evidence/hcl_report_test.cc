#include "evidence/hcl_report.h"

#include <doctest/doctest.h>

#include "unit/evidence/sample_evidence.h"

namespace cpods::evidence {
namespace {

const std::string kClaims = R"({"keys":[]})";

Bytes report() {
  return sample::hcl_report(kClaims, sample::snp_report(kClaims));
}

struct Row {
  std::size_t offset;
  std::uint32_t value;
  Doubt doubt;
  std::string sentence;
};

constexpr const char* kNoReport = "the report in the vTPM is no HCL report: ";

TEST_CASE("hcl: the hardware report and the claims are found where they are") {
  const Bytes bytes = report();
  const auto parsed = parse_hcl_report(bytes);
  REQUIRE(parsed);
  CHECK(as_text(parsed->runtime_claims) == kClaims);
  CHECK(parsed->hardware_report.data() == bytes.data() + 0x20);
  CHECK(parsed->hardware_report.size() == 1184);
}

TEST_CASE("hcl: both known versions are read") {
  Bytes bytes = report();
  sample::put_u32(bytes, 0x004, 1);
  CHECK(parse_hcl_report(bytes));
}

TEST_CASE("hcl: one wrong header field is refused with its own sentence") {
  const auto no_report = [](const char* what) { return std::string(kNoReport) + what; };
  const Row rows[] = {
      {0x000, 0x414C4349, Doubt::Malformed, no_report("its signature is not HCLA")},
      {0x004, 3, Doubt::Malformed, no_report("its version is 3, known are 1 and 2")},
      {0x008, 0, Doubt::Malformed, no_report("its three sizes contradict each other")},
      {0x00C, 1, Doubt::Malformed, no_report("request_type is 1 instead of 2")},
      {0x010, 7, Doubt::Malformed, no_report("its status is 7")},
      {0x4C0, 20, Doubt::Malformed, no_report("its three sizes contradict each other")},
      {0x4C4, 2, Doubt::Malformed, no_report("its data version is 2")},
      {0x4C8, 0, Doubt::Malformed, no_report("report_type is 0")},
      {0x4C8, 1, Doubt::NotATee, "the vTPM reports VBS isolation, which is not AMD SEV-SNP"},
      {0x4C8, 3, Doubt::NotATee, "the vTPM reports a Trusted Launch VM, which is not confidential"},
      {0x4C8, 4, Doubt::NotATee, "the vTPM reports an Intel TDX guest, which is not AMD SEV-SNP"},
      {0x4C8, 5, Doubt::NotATee, "the vTPM reports an Arm CCA realm, which is not AMD SEV-SNP"},
      {0x4CC, 2, Doubt::Malformed, no_report("hash_type is 2 instead of SHA-256")},
      {0x4D0, 0xFFFFFFFF, Doubt::Malformed, no_report("its three sizes contradict each other")},
  };
  for (const auto& row : rows) {
    CAPTURE(row.offset);
    CAPTURE(row.value);
    Bytes bytes = report();
    sample::put_u32(bytes, row.offset, row.value);
    const auto parsed = parse_hcl_report(bytes);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == Refusal{row.doubt, row.sentence});
  }
}

TEST_CASE("hcl: sizes that agree with each other but not with the bytes are refused") {
  for (const std::uint32_t size : {0x7FFFFFFFU, 0xFFFFFFECU, 1U << 20}) {
    CAPTURE(size);
    Bytes bytes = report();
    sample::put_u32(bytes, 0x4D0, size);
    sample::put_u32(bytes, 0x4C0, 20 + size);
    sample::put_u32(bytes, 0x008, 32 + 1184 + 20 + size);
    const auto parsed = parse_hcl_report(bytes);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().doubt == Doubt::Malformed);
  }
}

TEST_CASE("hcl: every shorter read is refused, down to nothing") {
  const Bytes whole = sample::hcl_report(kClaims, sample::snp_report(kClaims), 0);
  REQUIRE(parse_hcl_report(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    // A copy of its own, so that a sanitizer sees a read behind the end.
    const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(parse_hcl_report(prefix));
  }
}

TEST_CASE("hcl: a byte behind the claims is refused") {
  Bytes bytes = report();
  bytes.back() = 1;
  const auto parsed = parse_hcl_report(bytes);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().sentence == kNoReport + std::string("bytes behind its end are not zero"));
}

}  // namespace
}  // namespace cpods::evidence
