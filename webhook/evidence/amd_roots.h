#pragma once
// The certificates that AMD signs its processors' keys with, a set a product: ARK, the root that
// signs itself; ASK, which it signs and which signs VCEKs; ASVK, the same for VLEKs. The only
// authorities that evidence may hang from: what comes with the evidence is held against them.
// Constants; any thread.

#include <array>
#include <string_view>

namespace cpods::evidence {

struct RootCertificate {
  std::string_view der;     // base64, one text
  std::string_view digest;  // SHA-256 of the DER form, hex
};

struct ProductRoots {
  std::string_view product;  // Milan, Genoa or Turin
  RootCertificate ark;
  RootCertificate ask;
  RootCertificate asvk;
};

[[nodiscard]] const std::array<ProductRoots, 3>& amd_roots();

}  // namespace cpods::evidence
