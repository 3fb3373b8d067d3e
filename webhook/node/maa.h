#pragma once
// Microsoft Azure Attestation: an instance appraises the report of an Azure confidential VM and
// says so in a token (POST /attest/SevSnpVm, azure-rest-api-specs, attestation data plane
// 2022-08-01). The instance is the one that the pool names; nothing that comes back is followed
// elsewhere. Functions; any thread.

#include <chrono>
#include <string>
#include <vector>

#include "evidence/refusal.h"
#include "evidence/verifier.h"
#include "evidence/web_token.h"
#include "json/node.h"
#include "node/remote_service.h"

namespace cpods::node {

struct Maa {
  std::string issuer;  // https://…, as its tokens spell it
  bool require_secure_boot = false;
  RemoteService service;
};

// From verifier.maa; trusts the system's authorities. NotVerifiable with the setting that cannot be
// used.
[[nodiscard]] evidence::Proven<Maa> maa_of(json::Node settings);

// The body of the request: report and certificates, those above the leaf among them, and the
// runtime claims as JSON, so that they come back in the token.
[[nodiscard]] evidence::Proven<std::string> maa_request(const evidence::VtpmEvidence& evidence);

// RemoteRefused with the instance's own words where it does not accept the evidence.
[[nodiscard]] evidence::Proven<std::string> fetch_maa_token(const Maa& maa,
                                                            const evidence::VtpmEvidence& evidence,
                                                            std::chrono::milliseconds limit);

// GET /certs of the instance itself.
[[nodiscard]] evidence::Proven<std::vector<evidence::IssuerKey>> fetch_maa_keys(
    const Maa& maa, std::chrono::milliseconds limit);

}  // namespace cpods::node
