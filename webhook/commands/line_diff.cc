// Longest common subsequence by dynamic programming over the part between the common head and tail.
// Our patches only insert, so that part is small; where it is not (over 4 million cells), the whole
// part is shown as replaced, which is a true if less pretty diff.

#include "commands/line_diff.h"

#include <algorithm>
#include <vector>

namespace cpods::commands {
namespace {

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

struct Edit {
  char sign;  // ' ', '-', '+'
  std::string_view line;
};

void replace_all(const Lines& before, const Lines& after, std::vector<Edit>& edits) {
  for (const auto line : before) edits.push_back({'-', line});
  for (const auto line : after) edits.push_back({'+', line});
}

void align(const Lines& before, const Lines& after, std::vector<Edit>& edits) {
  constexpr std::size_t kCells = 4'000'000;
  const auto rows = before.size();
  const auto columns = after.size();
  if ((rows + 1) * (columns + 1) > kCells) return replace_all(before, after, edits);
  std::vector<std::uint32_t> common((rows + 1) * (columns + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) =
          before[i] == after[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] == after[j]) {
      edits.push_back({' ', before[i]});
      ++i, ++j;
    } else if (j < columns && (i == rows || at(i, j + 1) > at(i + 1, j))) {
      edits.push_back({'+', after[j++]});
    } else {
      edits.push_back({'-', before[i++]});
    }
  }
}

std::vector<Edit> compare(const Lines& before, const Lines& after) {
  const auto shorter = std::min(before.size(), after.size());
  std::size_t head = 0;
  while (head < shorter && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', before[i]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  align(middle(before), middle(after), edits);
  for (std::size_t i = before.size() - tail; i < before.size(); ++i) {
    edits.push_back({' ', before[i]});
  }
  return edits;
}

// "12" for one line, "12,5" for several, as diff(1) writes ranges.
std::string range(std::size_t first, std::size_t count) {
  if (count == 0) --first;
  return std::to_string(first) + (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name) {
  if (before == after) return {};
  constexpr std::size_t kContext = 3;
  const auto edits = compare(split(before), split(after));
  std::string out = "--- " + std::string(before_name) + "\n+++ " + std::string(after_name) + "\n";
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  std::size_t next = 0;
  const auto is_change = [&](std::size_t i) { return edits[i].sign != ' '; };
  while (next < edits.size()) {
    if (!is_change(next)) {
      ++next, ++old_line, ++new_line;
      continue;
    }
    const auto lead = std::min({kContext, next, old_line - 1});
    const auto begin = next - lead;
    auto end = next;
    std::size_t quiet = 0;
    for (auto i = next; i < edits.size() && quiet <= 2 * kContext; ++i) {
      quiet = is_change(i) ? 0 : quiet + 1;
      if (is_change(i)) end = i + 1;
    }
    end = std::min(end + kContext, edits.size());
    std::string body;
    std::size_t removed = 0;
    std::size_t added = 0;
    for (auto i = begin; i < end; ++i) {
      body += edits[i].sign + std::string(edits[i].line) + "\n";
      removed += edits[i].sign != '+' ? 1 : 0;
      added += edits[i].sign != '-' ? 1 : 0;
    }
    out += "@@ -" + range(old_line - lead, removed) + " +" + range(new_line - lead, added) +
           " @@\n" + body;
    old_line += removed - lead;
    new_line += added - lead;
    next = end;
  }
  return out;
}

}  // namespace cpods::commands
