#include "commands/attest_verify.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <optional>
#include <system_error>

#include "commands/attest_exit.h"
#include "commands/attest_report.h"
#include "evidence/evidence_json.h"
#include "evidence/revocation.h"
#include "json/yaml.h"

namespace cpods::commands {
namespace {

using evidence::Appraisal;
using evidence::Evidence;
using evidence::Proven;

// What cannot be used, told as it is met.
struct Unusable {
  std::string sentence;
  AttestExit code = AttestExit::Usage;
};

// A file that was read, and does not hold what it should.
Unusable misshapen(const std::string& path, const evidence::Refusal& refusal) {
  return {path + ": " + refusal.sentence, exit_of(refusal.doubt)};
}

// Evidence has some tens of KiB, a list of AMD's some KiB.
constexpr std::size_t kLongestFile = std::size_t{1024} * 1024;

std::string read_stream(std::istream& stream, const std::string& name) {
  std::string text(kLongestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLongestFile) throw Unusable{name + ": larger than 1 MiB"};
  if (stream.bad()) throw Unusable{name + ": cannot be read"};
  return text;
}

std::string read_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin, "standard input");
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw Unusable{path + ": is a folder"};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Unusable{
        path + ": cannot be read: " + std::error_code(errno, std::generic_category()).message()};
  }
  return read_stream(file, path);
}

Bytes read_bytes(const std::string& path) {
  const auto text = read_file(path);
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<Bytes> certificates_in(const std::string& path) {
  auto read = evidence::read_certificates(read_bytes(path));
  if (!read) throw misshapen(path, read.error());
  return *std::move(read);
}

std::vector<Bytes> revocation_lists_in(const std::vector<std::string>& paths) {
  std::vector<Bytes> lists;
  for (const auto& path : paths) {
    auto read = evidence::read_revocation_lists(read_bytes(path));
    if (!read) throw misshapen(path, read.error());
    std::ranges::move(*read, std::back_inserter(lists));
  }
  return lists;
}

evidence::CertificateChain chain_in(const AttestVerify& options) {
  if (options.vcek.empty()) throw Unusable{"give --vcek with the report's certificate"};
  auto certificates = certificates_in(options.vcek);
  evidence::CertificateChain chain{.leaf = std::move(certificates.front()), .others = {}};
  chain.others.assign(std::next(certificates.begin()), certificates.end());
  if (options.chain.empty()) return chain;
  for (auto& each : certificates_in(options.chain)) chain.others.push_back(std::move(each));
  return chain;
}

Evidence evidence_in(const AttestVerify& options) {
  if (!options.evidence.empty()) {
    auto read = evidence::read_evidence(read_file(options.evidence));
    if (!read) throw misshapen(options.evidence, read.error());
    return *std::move(read);
  }
  if (!options.snp_report.empty()) {
    return evidence::SnpEvidence{read_bytes(options.snp_report), chain_in(options)};
  }
  if (options.hcl_report.empty() || options.quote.empty() || options.quote_signature.empty() ||
      options.pcrs.empty()) {
    throw Unusable{
        "give --evidence; or --hcl-report, --quote, --quote-signature, --pcrs and --vcek; or "
        "--snp-report and --vcek"};
  }
  const auto pcrs = evidence::read_pcrs(read_bytes(options.pcrs));
  if (!pcrs) throw misshapen(options.pcrs, pcrs.error());
  return evidence::VtpmEvidence{.hcl_report = read_bytes(options.hcl_report),
                                .quote = read_bytes(options.quote),
                                .signature = read_bytes(options.quote_signature),
                                .pcrs = *pcrs,
                                .chain = chain_in(options)};
}

// Every second that system_clock can tell, and no other.
std::chrono::system_clock::time_point time_point_of(std::int64_t seconds,
                                                    const Unusable& otherwise) {
  using std::chrono::system_clock;
  using Seconds = std::chrono::seconds;
  if (Seconds(seconds) > std::chrono::floor<Seconds>(system_clock::duration::max()) ||
      Seconds(seconds) < std::chrono::ceil<Seconds>(system_clock::duration::min())) {
    throw otherwise;
  }
  return system_clock::from_time_t(seconds);
}

std::chrono::system_clock::time_point time_in(const std::string& text) {
  if (text.empty()) return std::chrono::system_clock::now();
  std::int64_t seconds = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  const Unusable neither{"--time: \"" + text +
                         "\" is neither 2026-01-31T12:00:00Z nor Unix seconds"};
  if (error == std::errc{} && stop == end) return time_point_of(seconds, neither);
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (rest == nullptr || *rest != '\0') throw neither;
  return time_point_of(::timegm(&parts), neither);
}

std::optional<Bytes> nonce_in(const AttestVerify& options) {
  if (!options.has_nonce) return std::nullopt;
  auto nonce = hex_decode(options.nonce);
  if (!nonce) throw Unusable{"--nonce: must be hexadecimal"};
  return *std::move(nonce);
}

// One document; nothing where no policy is given.
std::optional<json::LocatedDocument> policy_in(const std::string& path) {
  if (path.empty()) return std::nullopt;
  auto read = json::read_documents(read_file(path), json::Dialect::Policy);
  if (!read.errors.empty()) {
    const auto& first = read.errors.front();
    throw Unusable{path + ":" + std::to_string(first.place.line) + ":" +
                   std::to_string(first.place.column) + ": " + first.message};
  }
  if (read.documents.size() != 1 || read.documents.front().root().kind() != json::Kind::Object) {
    throw Unusable{path + ": must hold one object with the settings of verifier.local"};
  }
  return std::move(read.documents.front());
}

Appraisal appraise(const AttestVerify& options, const evidence::Roots& roots) {
  const auto given = evidence_in(options);
  const auto policy = policy_in(options.policy);
  const evidence::Expectations expected{
      .nonce = nonce_in(options),
      .policy = policy ? policy->root() : json::Node(),
      .now = time_in(options.time),
      .roots = roots,
      .revocation_lists = revocation_lists_in(options.revocation_lists)};
  return std::visit([&](const auto& each) { return evidence::verify(each, expected); }, given);
}

}  // namespace

int verify_evidence(const AttestVerify& options, const evidence::Roots& roots, std::ostream& out,
                    std::ostream& err) {
  try {
    const auto appraisal = appraise(options, roots);
    if (options.output == "json") {
      out << to_json(appraisal) << "\n";
    } else {
      print_checks(appraisal, out);
    }
    return static_cast<int>(exit_of(appraisal));
  } catch (const Unusable& unusable) {
    err << unusable.sentence << "\n";
    return static_cast<int>(unusable.code);
  }
}

}  // namespace cpods::commands
