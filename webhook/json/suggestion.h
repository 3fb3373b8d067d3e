#pragma once
// "Did you mean …?": the nearest of some known words.
// Pure functions; any thread.

#include <string>
#include <string_view>
#include <vector>

namespace cpods::json {

// The known word with the smallest edit distance (a swap of neighbours counts one, case counts
// nothing), if it is close enough to be a slip of the fingers; else empty.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

// `; did you mean "tolerations"?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& known);

// a · a or b · a, b or c
[[nodiscard]] std::string one_of(const std::vector<std::string>& words);

}  // namespace cpods::json
