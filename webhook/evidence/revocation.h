#pragma once
// Certificates that AMD took back: lists that its roots sign, one a product (RFC 5280, X.509 CRL),
// each for the certificates that the root itself issued, an ASK or ASVK. Where such a list comes
// from is its reader's affair: what it is worth follows from the root's signature alone.
// Pure functions; any thread.

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "evidence/amd_chain.h"
#include "evidence/appraisal.h"
#include "evidence/refusal.h"

namespace cpods::evidence {

// The DER of one list in DER, or of all in a PEM text; Malformed where there is none, or one that
// cannot be read: a list that is passed over would be one that revokes nothing.
[[nodiscard]] Proven<std::vector<Bytes>> read_revocation_lists(ByteView der_or_pem);

// The check x509.crl: unpinned where there are no lists, failed as `lists` says where they could
// not be had; else every list of the chain's root must hold at `now` and leave the chain alone, and
// there must be one. `chain`: nothing where it failed.
void check_revocation(const std::optional<VouchedChain>& chain,
                      const Proven<std::vector<Bytes>>& lists,
                      std::chrono::system_clock::time_point now, Appraisal& appraisal);

}  // namespace cpods::evidence
