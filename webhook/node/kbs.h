#pragma once
// A key broker service, spoken to as Trustee's protocol 0.4.0 has it (kbs_attestation_protocol.md):
//   POST /kbs/v0/auth -> nonce and session; POST /kbs/v0/attest -> token; GET /kbs/v0/resource/…
// The evidence vouches for the nonce and for a key of this attestation, to which a released
// resource is encrypted. One session; one thread.

#include <chrono>
#include <string>

#include "base/bytes.h"
#include "evidence/refusal.h"
#include "json/node.h"
#include "node/remote_service.h"
#include "node/tee_key.h"

namespace cpods::node {

struct Kbs {
  RemoteService service;
  std::string resource;  // repository/type/tag; empty: none is asked for
};

// From verifier.kbs; trusts caBundle, or the system's authorities where there is none.
// NotVerifiable with the setting that cannot be used.
[[nodiscard]] evidence::Proven<Kbs> kbs_of(json::Node settings);

class KbsSession {
 public:
  // Asks for a challenge. `tee`: the service's name for the kind of evidence that will answer it,
  // az-snp-vtpm or snp.
  [[nodiscard]] static evidence::Proven<KbsSession> begin(Kbs kbs, const std::string& tee,
                                                          std::chrono::milliseconds limit);

  // What the evidence must answer: SHA-384, 48 bytes, of the canonical runtime data.
  [[nodiscard]] Bytes nonce() const;
  // `evidence`: one JSON value. The service's token. RemoteRefused with its own words where it does
  // not accept the evidence.
  [[nodiscard]] evidence::Proven<std::string> attest(const std::string& evidence,
                                                     std::chrono::milliseconds limit);
  // The resource of the settings, decrypted.
  [[nodiscard]] evidence::Proven<Bytes> fetch_resource(std::chrono::milliseconds limit);

 private:
  KbsSession(Kbs kbs, TeeKey key, std::string challenge, std::string cookie);

  Kbs kbs_;
  TeeKey key_;
  std::string challenge_;  // the service's nonce, as it spelt it
  std::string cookie_;
};

}  // namespace cpods::node
