#include <doctest/doctest.h>

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

}  // namespace
}  // namespace cpods::node
