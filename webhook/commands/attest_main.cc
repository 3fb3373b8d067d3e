// confidential-pods-attest: what the injected init container runs on the node.

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "commands/attest_program.h"

int main(int argc, char** argv) {
  // tpm2-tss prints to standard error by itself; our one sentence says it in context.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  const int code = cpods::commands::attest_program(argc, argv, cpods::evidence::amd_roots());
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(code);
}
