#include "certs/authority.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "certs/files.h"
#include "certs/inspect.h"
#include "unit/certs/temporary_folder.h"

using namespace cpods;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::system_clock::time_point;

Time now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// What the command prints, both streams; the independent reader of our certificates.
std::string output_of(const std::string& command) {
  const auto close = [](FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<FILE, decltype(close)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                    close);
  REQUIRE(pipe);
  std::string output;
  std::array<char, 4096> chunk;
  while (const auto count = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) {
    output.append(chunk.data(), count);
  }
  return output;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Written {
  explicit Written(const certs::Authority& authority, const certs::KeyPair& leaf) {
    REQUIRE(certs::write_file(ca, authority.pem().certificate, certs::kPublicFile));
    REQUIRE(certs::write_file(crt, leaf.certificate, certs::kPublicFile));
    REQUIRE(certs::write_file(key, leaf.key, certs::kPrivateFile));
  }

  test::TemporaryFolder folder;
  std::filesystem::path ca = folder.path() / "ca.crt";
  std::filesystem::path crt = folder.path() / "tls.crt";
  std::filesystem::path key = folder.path() / "tls.key";
};

const std::vector<std::string> kNames = {"confidential-pods.confidential-pods.svc", "127.0.0.1",
                                         "::1"};

}  // namespace

TEST_CASE("authority: openssl's strict verification accepts the leaf under each of its names") {
  const auto authority = certs::Authority::create(now()).value();
  const Written files(authority, authority.issue(kNames, now()).value());
  const auto verify = "openssl verify -x509_strict -purpose sslserver -CAfile " + files.ca.string();
  struct Row {
    std::string option;
    bool accepted;
  };
  for (const auto& row :
       {Row{"-verify_hostname confidential-pods.confidential-pods.svc", true},
        Row{"-verify_ip 127.0.0.1", true}, Row{"-verify_ip ::1", true},
        Row{"-verify_hostname elsewhere.svc", false}, Row{"-verify_ip 127.0.0.2", false}}) {
    CAPTURE(row.option);
    const auto output = output_of(verify + " " + row.option + " " + files.crt.string());
    CAPTURE(output);
    CHECK(contains(output, ": OK") == row.accepted);
  }
  const auto self = output_of("openssl verify -x509_strict -CAfile " + files.ca.string() + " " +
                              files.ca.string());
  CHECK(contains(self, ": OK"));
}

TEST_CASE("authority: openssl reads the extensions that clients judge by") {
  const auto authority = certs::Authority::create(now()).value();
  const Written files(authority, authority.issue(kNames, now()).value());
  const auto ca = output_of("openssl x509 -noout -text -in " + files.ca.string());
  const auto leaf = output_of("openssl x509 -noout -text -in " + files.crt.string());
  for (const auto* part :
       {"CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "X509v3 Subject Key Identifier",
        "NIST CURVE: P-256", "ecdsa-with-SHA256", "Subject: CN = Confidential Pods CA "}) {
    CAPTURE(part);
    CHECK(contains(ca, part));
  }
  for (const auto* part : {"CA:FALSE", "Digital Signature", "TLS Web Server Authentication",
                           "X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier",
                           "DNS:confidential-pods.confidential-pods.svc, IP Address:127.0.0.1, IP "
                           "Address:0:0:0:0:0:0:0:1",
                           "NIST CURVE: P-256", "Version: 3"}) {
    CAPTURE(part);
    CHECK(contains(leaf, part));
  }
  CHECK(contains(output_of("openssl pkey -noout -check -in " + files.key.string()), "valid"));
}

TEST_CASE("authority: dates are backdated, and the leaf ends with the authority at the latest") {
  const Time made = now();
  const auto authority = certs::Authority::create(made).value();
  const auto ca = certs::validity(authority.pem().certificate).value();
  CHECK(ca.not_before == made - 5min);
  CHECK(ca.not_after == made + std::chrono::days(3650));

  const auto leaf = certs::validity(authority.issue({"a"}, made, 90 * 24h).value().certificate);
  CHECK(leaf.value().not_before == made - 5min);
  CHECK(leaf.value().not_after == made + 90 * 24h);

  const Time late = ca.not_after - 24h;
  const auto last = certs::validity(authority.issue({"a"}, late).value().certificate).value();
  CHECK(last.not_after == ca.not_after);
  CHECK(authority.issue({"a"}, ca.not_after).error().message ==
        "the CA certificate has expired; make a new CA");
}

TEST_CASE("authority: names are checked before they reach a certificate") {
  const auto authority = certs::Authority::create(now()).value();
  CHECK(authority.issue({}, now()).error().message ==
        "a server certificate needs at least one name");
  for (const auto* name : {"", "a,DNS:evil.example", "a b", "a\nb", ".a", "a.", "a..b", "ä",
                           "email:copy", "*", "*.", "a.*"}) {
    CAPTURE(name);
    const auto issued = authority.issue({name}, now());
    REQUIRE_FALSE(issued);
    CHECK(issued.error().message ==
          "\"" + std::string(name) + "\" is neither a DNS name nor an IP address");
  }
  CHECK(authority.issue({"*.example.org", "A.b", "2001:db8::1"}, now()));
  CHECK(authority.issue({std::string(63, 'a') + "." + std::string(63, 'b')}, now()));
}

TEST_CASE("authority: a loaded authority issues leaves of the same trust") {
  const auto first = certs::Authority::create(now()).value();
  const auto again = certs::Authority::load(first.pem().certificate, first.pem().key).value();
  const auto leaf = again.issue({"a.svc"}, now()).value();
  CHECK(certs::accepts(first.pem().certificate, leaf.certificate, "a.svc", now()));

  const auto other = certs::Authority::create(now()).value();
  CHECK(certs::Authority::load(first.pem().certificate, other.pem().key).error().message ==
        "the CA key does not belong to the CA certificate");
  CHECK(certs::Authority::load(leaf.certificate, leaf.key).error().message ==
        "the CA certificate may not sign others (its basicConstraints or keyUsage)");
  CHECK(certs::Authority::load("no", "pem").error().code == ErrorCode::Malformed);
  CHECK(certs::Authority::load(first.pem().certificate, "").error().code == ErrorCode::Malformed);
}

TEST_CASE("authority: serial numbers and keys are new each time") {
  const auto authority = certs::Authority::create(now()).value();
  const auto one = authority.issue({"a"}, now()).value();
  const auto two = authority.issue({"a"}, now()).value();
  CHECK(one.certificate != two.certificate);
  CHECK(one.key != two.key);
}

TEST_CASE("inspect: a client accepts by trust, name and date") {
  const auto authority = certs::Authority::create(now()).value();
  const auto other = certs::Authority::create(now()).value();
  const auto leaf = authority.issue(kNames, now()).value().certificate;
  const auto& ca = authority.pem().certificate;
  struct Row {
    std::string bundle;
    std::string name;
    Time at;
    std::string message;
  };
  const std::string svc = kNames[0];
  for (const auto& row : {
           Row{ca, svc, now(), ""},
           Row{ca, "::1", now(), ""},
           Row{other.pem().certificate + ca, svc, now(), ""},
           Row{other.pem().certificate, svc, now(),
               "the certificate would be refused under the name \"" + svc +
                   "\": unable to get local issuer certificate"},
           Row{ca, "b.svc", now(),
               "the certificate would be refused under the name \"b.svc\": hostname mismatch"},
           Row{ca, "10.0.0.1", now(),
               "the certificate would be refused under the name \"10.0.0.1\": IP address mismatch"},
           Row{ca, svc, now() + std::chrono::days(400),
               "the certificate would be refused under the name \"" + svc +
                   "\": certificate has expired"},
           Row{"", svc, now(), "no certificate in the CA bundle"},
       }) {
    CAPTURE(row.message);
    const auto accepted = certs::accepts(row.bundle, leaf, row.name, row.at);
    CHECK((accepted ? "" : accepted.error().message) == row.message);
  }
}

TEST_CASE("inspect: renewal is due at two thirds of the life, and for what cannot be read") {
  const Time made = now();
  const auto authority = certs::Authority::create(made).value();
  const auto leaf = authority.issue({"a"}, made, 3 * 24h - 5min).value().certificate;
  const Time due = made - 5min + 2 * 24h;
  CHECK_FALSE(certs::needs_renewal(leaf, made));
  CHECK_FALSE(certs::needs_renewal(leaf, due - 1s));
  CHECK(certs::needs_renewal(leaf, due));
  CHECK(certs::needs_renewal("garbage", made));
}
