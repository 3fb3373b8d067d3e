#include "server/certificates.h"

#include <doctest/doctest.h>

#include <thread>

#include "certs/files.h"
#include "unit/certs/temporary_folder.h"
#include "unit/server/peer.h"

using namespace cpods;
using namespace std::chrono_literals;

namespace {

// Polls rather than sleeps: fast when it works, and bounded when it does not.
template <class Condition>
bool comes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(20ms);
  return condition();
}

struct Files {
  void write(const net::Identity& identity) const {
    REQUIRE(certs::write_file(key, identity.key, certs::kPrivateFile));
    REQUIRE(certs::write_file(crt, identity.chain, certs::kPublicFile));
  }

  test::TemporaryFolder folder;
  std::filesystem::path crt = folder.path() / "tls.crt";
  std::filesystem::path key = folder.path() / "tls.key";
};

}  // namespace

TEST_CASE("certificates: what cannot be served is refused with a sentence and changes nothing") {
  server::Metrics metrics;
  server::Certificates certificates(metrics);
  CHECK(certificates.current() == nullptr);
  const auto good = test::issue();
  REQUIRE(certificates.install(good));
  const auto before = certificates.current();
  const auto message = [&](const net::Identity& identity) {
    const auto done = certificates.install(identity);
    return done ? std::string("installed") : done.error().message;
  };
  CHECK(message({good.chain, test::issue().key}) ==
        "the private key does not belong to the certificate");
  CHECK(message({"", good.key}).starts_with("no readable PEM certificate chain ("));
  CHECK(message({good.chain, "x"}).starts_with("no readable, unencrypted PEM private key ("));
  CHECK(message(test::issue(-60s)).starts_with("the certificate expired on 20"));
  CHECK(certificates.current() == before);
}

TEST_CASE("certificates: replaced files are taken, bad ones are counted once and left") {
  server::Metrics metrics;
  const Files files;
  files.write(test::issue());
  server::Certificates certificates(metrics);
  REQUIRE(certificates.follow(files.crt, files.key));
  const auto first = certificates.current();
  REQUIRE(first != nullptr);

  REQUIRE(certs::write_file(files.crt, "garbage", certs::kPublicFile));
  CHECK(comes_true([&] { return metrics.certificates_refused.Value() == 1; }));
  std::this_thread::sleep_for(1500ms);
  CHECK(metrics.certificates_refused.Value() == 1);
  CHECK(certificates.current() == first);

  files.write(test::issue());
  CHECK(comes_true([&] { return certificates.current() != first; }));
  CHECK(metrics.certificates_loaded.Value() == 2);
  CHECK(metrics.certificate_expiry.Value() > 0);
}

TEST_CASE("certificates: missing files at the start are an error with the path") {
  server::Metrics metrics;
  const Files files;
  server::Certificates certificates(metrics);
  const auto followed = certificates.follow(files.crt, files.key);
  REQUIRE_FALSE(followed);
  CHECK(followed.error().text() ==
        files.crt.string() + ": cannot open it: No such file or directory");

  auto identity = test::issue();
  identity.key = test::issue().key;
  files.write(identity);
  CHECK(certificates.follow(files.crt, files.key).error().text() ==
        files.crt.string() + " with " + files.key.string() +
            ": the private key does not belong to the certificate");
}
