#include "configuration/cel_paths.h"

#include <doctest/doctest.h>

namespace cpods::configuration::cel {
namespace {

TEST_CASE("cel paths: each member is asked for before the next one") {
  CHECK(has("v.secret") == "has(v.secret)");
  CHECK(has("v.csi.driver.name") == "has(v.csi) && has(v.csi.driver) && has(v.csi.driver.name)");
  CHECK(in_each("c.env", "e", "e.name == \"x\"") ==
        "has(c.env) && c.env.exists(e, e.name == \"x\")");
}

TEST_CASE("cel paths: none of nothing, all of nothing") {
  CHECK(any_of({"a", "b && c"}) == "(a) || (b && c)");
  CHECK(all_of({"a", "b || c"}) == "(a) && (b || c)");
  CHECK(any_of({}) == "false");
  CHECK(all_of({}) == "true");
}

}  // namespace
}  // namespace cpods::configuration::cel
