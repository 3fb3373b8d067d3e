#include "base/error.h"

#include <doctest/doctest.h>

namespace cpods {
namespace {

TEST_CASE("error: the text starts with the place where there is one") {
  CHECK(Error{ErrorCode::Invalid, "pool.yaml:3:1", "unknown field"}.text() ==
        "pool.yaml:3:1: unknown field");
  CHECK(Error{ErrorCode::Invalid, "", "unknown field"}.text() == "unknown field");
}

TEST_CASE("error: every code has its name") {
  struct Row {
    ErrorCode code;
    std::string_view name;
  };
  const Row rows[] = {
      {ErrorCode::Malformed, "Malformed"},     {ErrorCode::TooLarge, "TooLarge"},
      {ErrorCode::Invalid, "Invalid"},         {ErrorCode::NotFound, "NotFound"},
      {ErrorCode::Unavailable, "Unavailable"}, {ErrorCode::Denied, "Denied"},
      {ErrorCode::Internal, "Internal"},
  };
  for (const auto& row : rows) CHECK(name_of(row.code) == row.name);
}

TEST_CASE("error: a failure carries its three parts through a Result") {
  const Result<int> result = failure(ErrorCode::NotFound, "here", "nothing");
  REQUIRE_FALSE(result);
  CHECK(result.error() == Error{ErrorCode::NotFound, "here", "nothing"});
}

}  // namespace
}  // namespace cpods
