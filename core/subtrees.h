// The parts of the tree of tree_sum.h that threads and ranks add, and how the tree is completed
// from them. A tree has leaves, the shards of a batch or parts of them.
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/shard_sums.h"

namespace excite {

// The leaves of a tree that this process adds: [first, last) of `count`. These are all of them,
// unless ranks share the batch.
struct OwnLeaves {
  long count, first, last;
};

// A subtree: the leaves [first, last). `first` is a multiple of a power of two, and there are as
// many leaves as this power, or fewer at the end of the tree.
struct Subtree {
  long first, last;
};
// The own leaves as subtrees of at most `max_size` leaves, a power of two, in order.
std::vector<Subtree> subtrees(const OwnLeaves& own, long max_size = 1024);

// How the sums of some neighboring subtrees, in order, are added: sum number `to` += sum number
// `from`, for one addition after the other. `remaining` are the indices of the sums that are left
// then. is_complete: only sum number 0 is left, and it is the whole tree.
struct TreePlan {
  struct Addition {
    long to, from;
  };
  std::vector<Addition> additions;
  std::vector<long> remaining;
  bool is_complete;
  TreePlan(long leaves, std::vector<Subtree> subtrees);
};

// a += b. The same for tensors is in core/kernels/elementwise.h.
template <std::floating_point Number>
void add_to(Number& a, Number b) {
  a += b;
}
inline void add_to(std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); i++) a[i] += b[i];
}

// The numbers of a sum that ranks can exchange.
struct SumNumbers {
  double* first;
  long count;
};
// Of a number, and of a vector.
inline SumNumbers numbers_of(double& sum) { return {&sum, 1}; }
inline SumNumbers numbers_of(std::vector<double>& sum) { return {sum.data(), std::ssize(sum)}; }

// The whole tree, from the sums of this process over these subtrees. Where ranks share the batch,
// they exchange their sums, and each has the result. The same for tensors is in
// core/kernels/elementwise.h.
template <class Sum>
Sum sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees, std::vector<Sum> sums) {
  const TreePlan plan(leaves, subtrees);
  for (const auto& [to, from] : plan.additions) add_to(sums[to], sums[from]);
  if constexpr (requires(Sum s) { numbers_of(s); }) {
    if (!plan.is_complete) {
      std::vector<const double*> own;
      for (const long i : plan.remaining) own.push_back(numbers_of(sums[i]).first);
      const SumNumbers total = numbers_of(sums[0]);
      sum_over_shards(leaves, own, total.count, total.first);
    }
  } else {
    require(plan.is_complete, "a sum over a batch that ranks share: its type is none of double, ",
            "vector of doubles and Tensor");
  }
  return std::move(sums[0]);
}

// The tree over sums[0], sums[1], ..., without ranks. Requires at least one.
template <class Sum>
Sum sum_in_pairs(std::vector<Sum> sums) {
  const long count = std::ssize(sums);
  return sum_of_subtrees(count, subtrees({count, 0, count}, 1), std::move(sums));
}

}  // namespace excite
