#include <doctest/doctest.h>

#include "node/sev_guest.h"
#include "node/vtpm.h"

namespace cpods::node {
namespace {

using evidence::Doubt;
using evidence::Refusal;

TEST_CASE("device: an absent one is no TEE, a present one is opened") {
  const auto absent = require_device("/nonexistent/tpmrm0");
  REQUIRE_FALSE(absent);
  CHECK(absent.error() ==
        Refusal{Doubt::NotATee, "there is no device /nonexistent/tpmrm0 on this node"});
  CHECK(require_device("/dev/null"));
}

TEST_CASE("device: one that cannot be opened is a transport failure, not the absence of a TEE") {
  const auto directory = require_device("/");
  REQUIRE_FALSE(directory);
  CHECK(directory.error().doubt == Doubt::Transport);
}

TEST_CASE("device: a bare SNP guest has the device or the configfs folder") {
  CHECK(require_sev_guest("/dev/null", "/nonexistent"));
  CHECK(require_sev_guest("/nonexistent", "/"));
  const auto neither = require_sev_guest("/nonexistent/sev-guest", "/nonexistent/tsm");
  REQUIRE_FALSE(neither);
  CHECK(neither.error() ==
        Refusal{Doubt::NotATee,
                "there is neither /nonexistent/sev-guest nor /nonexistent/tsm on this node"});
}

}  // namespace
}  // namespace cpods::node
