#include "evidence/certificate_table.h"

#include <doctest/doctest.h>

#include "base/bytes.h"

namespace cpods::evidence {
namespace {

const std::string kVcek = "63da758de6644564adc5f4b93be8accd";
const std::string kVlek = "a8074bc2a25a483eaae639c045a0b8a1";
const std::string kAsk = "4ab7b379bbac4fe4a02f05aef327c782";
const std::string kArk = "c0b406a4a803495297433fb6014cd0ae";
const std::string kEnd(48, '0');

// An entry in hexadecimal; offset and length little-endian.
std::string entry(const std::string& guid, std::uint32_t offset, std::uint32_t length) {
  Bytes numbers;
  for (const auto number : {offset, length}) {
    for (int shift = 0; shift < 32; shift += 8) {
      numbers.push_back(static_cast<std::uint8_t>(number >> shift));
    }
  }
  return guid + hex_encode(numbers);
}

Proven<CertificateChain> read(const std::string& hex) {
  return read_certificate_table(*hex_decode(hex));
}

TEST_CASE("certificate table: leaf and authorities, wherever they stand") {
  const auto chain =
      read(entry(kAsk, 97, 1) + entry(kVcek, 96, 1) + entry(kArk, 98, 2) + kEnd + "aabbccdd");
  REQUIRE(chain);
  CHECK(chain->leaf == Bytes{0xAA});
  CHECK(chain->others == std::vector<Bytes>{{0xBB}, {0xCC, 0xDD}});
}

TEST_CASE("certificate table: a VLEK is the leaf where there is no VCEK") {
  const auto both = read(entry(kVlek, 72, 1) + entry(kVcek, 73, 1) + kEnd + "0102");
  REQUIRE(both);
  CHECK(both->leaf == Bytes{2});
  const auto one = read(entry(kVlek, 48, 1) + kEnd + "01");
  REQUIRE(one);
  CHECK(one->leaf == Bytes{1});
}

TEST_CASE("certificate table: an empty one, and entries that nobody knows, are no certificates") {
  for (const auto& hex : {kEnd, entry(std::string(32, '7'), 48, 0) + kEnd}) {
    const auto chain = read(hex);
    REQUIRE(chain);
    CHECK(chain->leaf.empty());
    CHECK(chain->others.empty());
  }
}

TEST_CASE("certificate table: nothing leads out of it") {
  const std::string rows[] = {
      "",
      "00",
      entry(kVcek, 0, 0),                  // no end
      entry(kVcek, 48, 1) + kEnd,          // beyond it by one
      entry(kVcek, 0xFFFFFFFF, 2) + kEnd,  // the sum does not fit 32 bits
      entry(kVcek, 48, 0xFFFFFFFF) + kEnd + "00",
      entry(kVcek, 0, 0) + std::string(46, '0'),  // half an end
  };
  for (const auto& hex : rows) {
    CAPTURE(hex);
    const auto chain = read(hex);
    REQUIRE_FALSE(chain);
    CHECK(chain.error().doubt == Doubt::Malformed);
  }
}

}  // namespace
}  // namespace cpods::evidence
