#include "core/subtrees.h"

#include <algorithm>
#include <bit>

namespace excite {

std::vector<Subtree> subtrees(const OwnLeaves& own, long max_size) {
  std::vector<Subtree> parts;
  for (long first = own.first; first < own.last;) {
    long size = max_size;
    const auto end = [&] { return std::min(own.count, first + size); };
    while (first % size != 0 || end() > own.last) size /= 2;
    parts.push_back({first, end()});
    first = end();
  }
  return parts;
}

namespace {
// Whether a and b, its neighbor to the right, are the two halves of a subtree.
bool are_siblings(const Subtree& a, const Subtree& b, long leaves) {
  const long size = a.last - a.first;
  return std::has_single_bit(static_cast<unsigned long>(size)) && a.first % (2 * size) == 0 &&
         b.last == std::min(leaves, a.first + 2 * size);
}
}  // namespace

TreePlan::TreePlan(long leaves, std::vector<Subtree> parts) {
  for (long i = 0; i < std::ssize(parts); i++) {
    long sum = i;
    while (!remaining.empty() && are_siblings(parts[remaining.back()], parts[sum], leaves)) {
      additions.push_back({remaining.back(), sum});
      parts[remaining.back()].last = parts[sum].last;
      sum = remaining.back();
      remaining.pop_back();
    }
    remaining.push_back(sum);
  }
  is_complete = remaining.size() == 1 && parts[0].first == 0 && parts[0].last == leaves;
}

}  // namespace excite
