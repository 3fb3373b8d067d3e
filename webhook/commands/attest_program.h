#pragma once
// confidential-pods-attest as a function of its arguments and of the roots that it believes, so
// that the tests run the same program with roots of their own. One thread; call it once.

#include "evidence/amd_chain.h"

namespace cpods::commands {

// The exit code. A thread may still wait for a device that does not answer: end without
// destructors.
[[nodiscard]] int attest_program(int argc, char** argv, const evidence::Roots& roots);

}  // namespace cpods::commands
