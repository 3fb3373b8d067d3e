// confidential-pods-attest with another authority in the place of AMD's for Milan: ark.pem, ask.pem
// and asvk.pem of the folder that CONFIDENTIAL_PODS_TEST_ROOTS names. Everything else is the
// shipped program.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "commands/attest_program.h"

#ifdef CPODS_COVERAGE
extern "C" void __gcov_dump();
#endif

namespace {

using namespace cpods;

// What a RootCertificate looks at.
struct Texts {
  std::string der;
  std::string digest;
};

Texts read_root(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto certificates = evidence::read_certificates(as_bytes(text));
  if (!certificates) throw std::runtime_error(path + " " + certificates.error().sentence);
  return {base64_encode(certificates->front()), hex_encode(sha256(certificates->front()))};
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("TSS2_LOG", "all+NONE", 0);
  const char* folder = std::getenv("CONFIDENTIAL_PODS_TEST_ROOTS");
  if (folder == nullptr) throw std::runtime_error("CONFIDENTIAL_PODS_TEST_ROOTS names no folder");
  static const Texts ark = read_root(std::string(folder) + "/ark.pem");
  static const Texts ask = read_root(std::string(folder) + "/ask.pem");
  static const Texts asvk = read_root(std::string(folder) + "/asvk.pem");
  auto roots = evidence::amd_roots();
  roots[0] = {
      roots[0].product, {ark.der, ark.digest}, {ask.der, ask.digest}, {asvk.der, asvk.digest}};
  const int code = commands::attest_program(argc, argv, roots);
  std::cout.flush();
  std::fflush(nullptr);
#ifdef CPODS_COVERAGE
  __gcov_dump();  // what is ended this way writes no counters by itself
#endif
  std::_Exit(code);
}
