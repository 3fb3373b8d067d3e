#pragma once
// `confidential-pods certs init`: an authority and a server certificate as four files.
// Blocking; one caller at a time for a folder.

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace cpods::commands {

inline constexpr std::string_view kCertsInitHelp =
    "Makes ca.crt, ca.key, tls.crt and tls.key in a folder (ECDSA P-256; CA 10 years, leaf 1 "
    "year). A CA that is already there is kept and issues the new leaf; an existing leaf or key is "
    "never overwritten: remove tls.crt and tls.key to have them issued again.";

// `names` are DNS names or IP addresses of the server. Returns the exit code: 0, or 2 when a name
// is unusable, a file is in the way or the folder cannot be written; nothing is written then.
[[nodiscard]] int certs_init(const std::filesystem::path& folder,
                             const std::vector<std::string>& names, std::ostream& out,
                             std::ostream& err);

}  // namespace cpods::commands
