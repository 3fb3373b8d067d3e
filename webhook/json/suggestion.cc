#include "json/suggestion.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

namespace cpods::json {
namespace {

constexpr std::size_t kLongestWord = 64;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Damerau's distance, restricted to swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_back(b.size() + 1);
  std::vector<std::size_t> back(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_back = std::exchange(back, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + (same ? 0u : 1u)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

// Cut short, or with another ending: tolerance for tolerations.
bool begins_alike(std::string_view word, std::string_view known) {
  const auto same = std::ranges::mismatch(word, known, {}, lower, lower).in1 - word.begin();
  return same >= 3 && 3 * static_cast<std::size_t>(same) >= 2 * word.size();
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const auto tolerated = std::max<std::size_t>(1, word.size() / 3);
  auto best = std::numeric_limits<std::size_t>::max();
  std::string found;
  for (const auto& each : known) {
    if (each.size() > kLongestWord) continue;
    const auto apart =
        std::min(distance(word, each), begins_alike(word, each) ? tolerated : word.size() + 1);
    if (apart <= tolerated && apart < best) {
      best = apart;
      found = each;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  if (word.find_first_not_of("0123456789") == std::string_view::npos)
    return {};  // no slip of a word
  const auto found = nearest(word, known);
  return found.empty() ? std::string() : "; did you mean \"" + found + "\"?";
}

std::string one_of(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace cpods::json
