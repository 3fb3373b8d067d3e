#include "net/endpoint.h"

#include <doctest/doctest.h>

using namespace cpods;

TEST_CASE("endpoint: URLs of an API server are read, and what is not one is refused") {
  struct Row {
    std::string text;
    std::string outcome;  // scheme, host:port and path; or "refused"
  };
  for (const auto& row : {
           Row{"https://10.0.0.1:6443", "https 10.0.0.1:6443 "},
           Row{"https://kubernetes.default.svc", "https kubernetes.default.svc:443 "},
           Row{"http://127.0.0.1:8080/", "http 127.0.0.1:8080 "},
           Row{"https://[::1]:6443/k8s/clusters/c-1/", "https [::1]:6443 /k8s/clusters/c-1"},
           Row{"HTTPS://a", "https a:443 "},
           Row{"ftp://a", "refused"},
           Row{"a:443", "refused"},
           Row{"https://", "refused"},
           Row{"https://:443", "refused"},
           Row{"https://a:0", "refused"},
           Row{"https://a:65536", "refused"},
           Row{"https://user@a", "refused"},
           Row{"https://a/?q=1", "refused"},
           Row{"https://a/#f", "refused"},
           Row{"https://a b", "refused"},
           Row{"", "refused"},
       }) {
    CAPTURE(row.text);
    const auto url = net::parse_url(row.text);
    const auto outcome =
        url ? std::string(url->tls ? "https " : "http ") + url->endpoint.text() + " " + url->path
            : "refused";
    CHECK(outcome == row.outcome);
  }
  CHECK(net::parse_url("x").error().message ==
        "\"x\" is not an address of the form https://host[:port][/path] or http://…");
}

TEST_CASE("endpoint: listening addresses are read as they are typed") {
  struct Row {
    std::string text;
    std::string outcome;
  };
  for (const auto& row : {
           Row{"0.0.0.0:8443", "0.0.0.0:8443"},
           Row{":8443", ":8443"},
           Row{"[::]:0", "[::]:0"},
           Row{"localhost:1", "localhost:1"},
           Row{"8443", "refused"},
           Row{"::1:8443", "refused"},
           Row{"a:", "refused"},
           Row{"a:65536", "refused"},
           Row{"a:-1", "refused"},
           Row{"[a]:1", "refused"},
           Row{"a:1x", "refused"},
       }) {
    CAPTURE(row.text);
    const auto address = net::parse_listen_address(row.text);
    CHECK((address ? address->text() : "refused") == row.outcome);
  }
}

TEST_CASE("endpoint: the certificate's name is the host unless another is given") {
  CHECK(net::Endpoint("a", 1).expected_name() == "a");
  CHECK(net::Endpoint("10.0.0.1", 1, "kubernetes").expected_name() == "kubernetes");
}

TEST_CASE("endpoint: a URL leaves out the port that goes without saying") {
  CHECK(net::Endpoint("a", 443).authority(true) == "a");
  CHECK(net::Endpoint("a", 80).authority(true) == "a:80");
  CHECK(net::Endpoint("a", 80).authority(false) == "a");
  CHECK(net::Endpoint("a", 443).authority(false) == "a:443");
  CHECK(net::Endpoint("::1", 443).authority(true) == "[::1]");
}
