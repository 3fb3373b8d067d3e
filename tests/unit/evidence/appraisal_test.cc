#include "evidence/appraisal.h"

#include <doctest/doctest.h>

namespace cpods::evidence {
namespace {

TEST_CASE("appraisal: nothing checked is nothing verified") {
  const Appraisal empty;
  CHECK_FALSE(empty.verified());
  CHECK(empty.decisive() == nullptr);
  CHECK(empty.find("a") == nullptr);
}

TEST_CASE("appraisal: what is unpinned counts for nothing, what is skipped as much as a failure") {
  Appraisal appraisal;
  appraisal.pass("a", "seen");
  appraisal.unpinned("b");
  CHECK(appraisal.verified());
  appraisal.skip("c", "there is none");
  CHECK_FALSE(appraisal.verified());
  CHECK(appraisal.decisive() == nullptr);
  CHECK(*appraisal.find("a") == Check{"a", Status::Passed, "seen"});
  CHECK(*appraisal.find("c") == Check{"c", Status::Skipped, "there is none"});
}

TEST_CASE("appraisal: a failure is told with its words, a success without") {
  Appraisal appraisal;
  CHECK(appraisal.require(true, "a", Doubt::Policy, "why not"));
  CHECK_FALSE(appraisal.require(false, "b", Doubt::Policy, "why not"));
  CHECK(*appraisal.find("a") == Check{"a", Status::Passed, ""});
  CHECK(*appraisal.find("b") == Check{"b", Status::Failed, "why not", Doubt::Policy});
  CHECK_FALSE(appraisal.verified());
}

TEST_CASE("appraisal: the first of the gravest failures decides") {
  Appraisal appraisal;
  appraisal.fail("a", Doubt::Freshness, "");
  CHECK(appraisal.decisive()->name == "a");
  appraisal.fail("b", Doubt::Policy, "");
  CHECK(appraisal.decisive()->name == "b");
  appraisal.fail("c", Doubt::Signature, "");
  appraisal.fail("d", Doubt::Signature, "");
  CHECK(appraisal.decisive()->name == "c");
  appraisal.fail("e", Doubt::Malformed, "");
  CHECK(appraisal.decisive()->name == "e");
  appraisal.fail("f", Doubt::NotATee, "");
  CHECK(appraisal.decisive()->name == "f");
}

TEST_CASE("appraisal: what is told is one line of printable text") {
  Appraisal appraisal;
  appraisal.fail("a", Doubt::Signature, "a\nb\x1B[2J\x7F\xFF\xC3\xA4 ~");
  CHECK(appraisal.find("a")->detail == "a?b?[2J???? ~");
  appraisal.pass("b", std::string("a\0b", 3));
  CHECK(appraisal.find("b")->detail == "a?b");
}

TEST_CASE("appraisal: each status has its word") {
  CHECK(name_of(Status::Passed) == "passed");
  CHECK(name_of(Status::Failed) == "failed");
  CHECK(name_of(Status::Unpinned) == "unpinned");
  CHECK(name_of(Status::Skipped) == "skipped");
}

}  // namespace
}  // namespace cpods::evidence
