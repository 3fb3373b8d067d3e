#pragma once
// The exit codes of confidential-pods, the same for every subcommand.

namespace cpods::commands {

inline constexpr int kFine = 0;
inline constexpr int kFinding = 1;   // something is refused, broken or would be
inline constexpr int kUnusable = 2;  // usage, or input that cannot be read

}  // namespace cpods::commands
