#pragma once
// What becomes of the files in the Secret at one moment: kept, given a new leaf, or made from
// nothing. No network, and the time is a value.
// Pure functions; any thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/certificate_secret.h"

namespace cpods::kube {

// The files that should be in the Secret, or nothing when those there are good for now: a client
// that trusts ca_crt accepts the leaf under every name, and less than two thirds of its life are
// over.
//
// An authority past two thirds of its own life gets a successor when it would issue, and so does
// the one of a Secret that was deleted: `trusted` is the ca_crt of the certificate that this
// replica serves, "" when it serves none. Old and new are then both in ca_crt, so that replicas
// with the old leaf stay trusted. Deleted once more after that, the Secret forgets the old one.
// Unavailable while someone else (no ca.key) has yet to fill or renew the Secret; Invalid where the
// authority cannot be read.
[[nodiscard]] Result<std::optional<CertificateFiles>> renewed(
    const CertificateFiles& files, const std::vector<std::string>& names, std::string_view trusted,
    std::chrono::system_clock::time_point now);

}  // namespace cpods::kube
