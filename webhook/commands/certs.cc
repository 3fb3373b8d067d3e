#include "commands/certs.h"

#include <chrono>
#include <ostream>
#include <system_error>

#include "certs/authority.h"
#include "certs/files.h"

namespace cpods::commands {
namespace {

struct Paths {
  explicit Paths(const std::filesystem::path& folder)
      : ca(folder / "ca.crt"),
        ca_key(folder / "ca.key"),
        leaf(folder / "tls.crt"),
        leaf_key(folder / "tls.key") {}

  std::filesystem::path ca;
  std::filesystem::path ca_key;
  std::filesystem::path leaf;
  std::filesystem::path leaf_key;
};

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

Result<void> refuse_existing_leaf(const Paths& paths) {
  for (const auto& path : {paths.leaf, paths.leaf_key}) {
    if (is_there(path)) {
      return failure(ErrorCode::Invalid, path.string(),
                     "already exists and is not overwritten. Remove tls.crt and tls.key to have a "
                     "new certificate issued by the same CA, or choose another --dir.");
    }
  }
  return {};
}

Result<certs::Authority> load_authority(const Paths& paths) {
  auto certificate = certs::read_file(paths.ca);
  if (!certificate) return std::unexpected(certificate.error());
  auto key = certs::read_file(paths.ca_key);
  if (!key) return std::unexpected(key.error());
  auto authority = certs::Authority::load(*certificate, *key);
  if (!authority) {
    return failure(authority.error().code, paths.ca.string(), authority.error().message);
  }
  return authority;
}

// The CA that is there, or a new one that is not written yet.
Result<certs::Authority> find_authority(const Paths& paths,
                                        std::chrono::system_clock::time_point now) {
  const bool has_certificate = is_there(paths.ca);
  const bool has_key = is_there(paths.ca_key);
  if (has_certificate && has_key) return load_authority(paths);
  if (!has_certificate && !has_key) return certs::Authority::create(now);
  const auto& lone = has_certificate ? paths.ca : paths.ca_key;
  const auto& missing = has_certificate ? paths.ca_key : paths.ca;
  return failure(ErrorCode::Invalid, lone.string(),
                 "exists without " + missing.filename().string() +
                     ". Put that file back to use this CA, or remove this one to make a new CA "
                     "(clients that trust the old one must then be given the new ca.crt).");
}

struct Made {
  bool new_authority = false;
};

Result<Made> make_files(const std::filesystem::path& folder, const Paths& paths,
                        const std::vector<std::string>& names) {
  if (auto free = refuse_existing_leaf(paths); !free) return std::unexpected(free.error());
  const auto now = std::chrono::system_clock::now();
  const bool new_authority = !is_there(paths.ca);
  auto authority = find_authority(paths, now);
  if (!authority) return std::unexpected(authority.error());
  auto leaf = authority->issue(names, now);
  if (!leaf) return std::unexpected(leaf.error());

  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec)
    return failure(ErrorCode::Unavailable, folder.string(), "cannot make it: " + ec.message());
  struct File {
    const std::filesystem::path& path;
    const std::string& bytes;
    mode_t mode;
    bool wanted;
  };
  // Keys first: a certificate without its key never appears.
  const File files[] = {{paths.ca_key, authority->pem().key, certs::kPrivateFile, new_authority},
                        {paths.ca, authority->pem().certificate, certs::kPublicFile, new_authority},
                        {paths.leaf_key, leaf->key, certs::kPrivateFile, true},
                        {paths.leaf, leaf->certificate, certs::kPublicFile, true}};
  for (const auto& file : files) {
    if (!file.wanted) continue;
    if (auto done = certs::write_file(file.path, file.bytes, file.mode); !done) {
      return std::unexpected(done.error());
    }
  }
  return Made{new_authority};
}

}  // namespace

int certs_init(const std::filesystem::path& folder, const std::vector<std::string>& names,
               std::ostream& out, std::ostream& err) {
  const Paths paths(folder);
  const auto made = make_files(folder, paths, names);
  if (!made) {
    err << "certs init: " << made.error().text() << '\n';
    return 2;
  }
  out << (made->new_authority ? "Made the CA " : "Used the CA ") << paths.ca.string()
      << (made->new_authority ? " (10 years; keep ca.key secret)" : "") << " and issued "
      << paths.leaf.string() << " (1 year) for";
  for (const auto& name : names) out << ' ' << name;
  out << ".\nServe with --tls-cert " << paths.leaf.string() << " --tls-key "
      << paths.leaf_key.string() << "; clients trust " << paths.ca.string() << ".\n";
  return 0;
}

}  // namespace cpods::commands
