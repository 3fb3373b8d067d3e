// Calls the target with random bytes until decide() has been asked so many times.
//   decide_soak DECISIONS [SEED]

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "fuzz/scene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace cpods;

std::string random_bytes(std::mt19937_64& random) {
  std::string bytes(8 + random() % 184, '\0');  // a dozen changes, and node constraints
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

void print_tally() {
  const auto print = [](const char* door, const char* answer, const auto& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const auto reason = admission::name_of(static_cast<admission::Reason>(i));
      std::printf("%10" PRIu64 "  %s %s %.*s\n", counts[i], door, answer,
                  static_cast<int>(reason.size()), reason.data());
    }
  };
  print("place", "allowed", fuzz::tally.allowed[0]);
  print("place", "refused", fuzz::tally.refused[0]);
  print("guard", "allowed", fuzz::tally.allowed[1]);
  print("guard", "refused", fuzz::tally.refused[1]);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, std::uint64_t otherwise) {
    return i < argc ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  const auto wanted = number(1, 100'000);
  std::mt19937_64 random(number(2, 1));
  std::uint64_t inputs = 0;
  for (; fuzz::tally.decisions < wanted; ++inputs) {
    const auto input = random_bytes(random);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  print_tally();
  std::printf("%" PRIu64 " decisions on %" PRIu64 " inputs, the slowest in %.2f ms; %" PRIu64
              " also judged by the naive reading\n",
              fuzz::tally.decisions, inputs, fuzz::tally.slowest_ms, fuzz::tally.judged);
  return 0;
}
