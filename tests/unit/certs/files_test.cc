#include "certs/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "unit/certs/temporary_folder.h"

using namespace cpods;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::size_t entries(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

}  // namespace

TEST_CASE("files: a written file reads back and has its mode whatever the umask") {
  const test::TemporaryFolder folder;
  const auto old = ::umask(0);
  const auto path = folder.path() / "key";
  REQUIRE(certs::write_file(path, "secret", certs::kPrivateFile));
  ::umask(077);
  REQUIRE(certs::write_file(folder.path() / "crt", "public", certs::kPublicFile));
  ::umask(old);
  CHECK(certs::read_file(path).value() == "secret");
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(folder.path() / "crt") == 0644);
  CHECK(entries(folder.path()) == 2);
}

TEST_CASE("files: writing again replaces the bytes and leaves nothing beside them") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "key";
  REQUIRE(certs::write_file(path, std::string(100'000, 'a'), certs::kPrivateFile));
  REQUIRE(certs::write_file(path, "b", certs::kPrivateFile));
  CHECK(certs::read_file(path).value() == "b");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("files: what cannot be read or written names the path and the reason") {
  const test::TemporaryFolder folder;
  const auto missing = folder.path() / "missing";
  const auto unread = certs::read_file(missing);
  REQUIRE_FALSE(unread);
  CHECK(unread.error().code == ErrorCode::NotFound);
  CHECK(unread.error().text() == missing.string() + ": cannot open it: No such file or directory");

  const auto unwritten = certs::write_file(missing / "key", "x", certs::kPrivateFile);
  REQUIRE_FALSE(unwritten);
  CHECK(unwritten.error().text() ==
        (missing / "key").string() + ": cannot make a file beside it: No such file or directory");

  std::filesystem::create_directory(folder.path() / "folder");
  CHECK(certs::write_file(folder.path() / "folder", "x", certs::kPrivateFile).error().message ==
        "cannot write it: Is a directory");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("files: a file beyond the limit is not read") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "large";
  REQUIRE(certs::write_file(path, std::string(limits::kPemBytes, 'x'), certs::kPublicFile));
  CHECK(certs::read_file(path));
  REQUIRE(certs::write_file(path, std::string(limits::kPemBytes + 1, 'x'), certs::kPublicFile));
  CHECK(certs::read_file(path).error().code == ErrorCode::TooLarge);
}
