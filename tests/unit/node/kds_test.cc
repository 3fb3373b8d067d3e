#include "node/kds.h"

#include <doctest/doctest.h>

namespace cpods::node {
namespace {

evidence::SnpReport report(std::uint8_t family, std::uint8_t model) {
  evidence::SnpReport made;
  made.family = family;
  made.model = model;
  made.reported_tcb = {4, 1, 2, 9, 0, 0, 24, 219};
  made.chip_id.fill(0xAB);
  return made;
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST_CASE("kds: a certificate is asked for by chip and reported TCB, product by product") {
  const auto chip = repeated("ab", 64);
  CHECK(kds_target(report(0x19, 0x01)) ==
        "/vcek/v1/Milan/" + chip + "?blSPL=04&teeSPL=01&snpSPL=24&ucodeSPL=219");
  CHECK(kds_target(report(0x19, 0x11)) ==
        "/vcek/v1/Genoa/" + chip + "?blSPL=04&teeSPL=01&snpSPL=24&ucodeSPL=219");
  CHECK(kds_target(report(0x1A, 0x02)) ==
        "/vcek/v1/Turin/" + repeated("ab", 8) +
            "?fmcSPL=04&blSPL=01&teeSPL=02&snpSPL=09&ucodeSPL=219");
}

TEST_CASE("kds: of a report that does not tell its product nothing can be asked") {
  CHECK(kds_target(report(0, 0)) == "");
  const auto chain = fetch_vcek(Kds{}, report(0, 0), std::chrono::milliseconds(10));
  REQUIRE_FALSE(chain);
  CHECK(chain.error().sentence ==
        "the certificate of this node's VCEK cannot be had from AMD's key service: the report does "
        "not tell the processor's generation");
}

}  // namespace
}  // namespace cpods::node
