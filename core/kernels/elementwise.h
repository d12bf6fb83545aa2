// Elementwise functions, sums, and sums of rows. Threads work on pieces that fit into a core's
// cache.
#pragma once
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "core/tensor.h"
#include "core/tree_sum.h"

namespace excite {

// Calls body(begin, end) for pieces of [0, size).
template <class Body>
void for_pieces(long size, const Body& body) {
  constexpr long piece = 16384;
  parallel_for((size + piece - 1) / piece,
               [&](long i) { body(i * piece, std::min(size, (i + 1) * piece)); });
}

// y[i] = f(a[i], rest[i]...)
template <class F, class... Tensors>
Tensor map(const F& f, const Tensor& a, const Tensors&... rest) {
  (require(rest.shape() == a.shape(), "map: shapes ", a.shape(), " and ", rest.shape(),
           ", expected equal shapes"),
   ...);
  Tensor y(a.shape());
  for_pieces(y.size(), [&](long begin, long end) {
    for (long i = begin; i < end; i++) y[i] = f(a[i], rest[i]...);
  });
  return y;
}

// a[i] = f(a[i], rest[i]...)
template <class F, class... Tensors>
void map_into(const F& f, Tensor& a, const Tensors&... rest) {
  (require(rest.shape() == a.shape(), "map_into: shapes ", a.shape(), " and ", rest.shape(),
           ", expected equal shapes"),
   ...);
  for_pieces(a.size(), [&](long begin, long end) {
    for (long i = begin; i < end; i++) a[i] = f(a[i], rest[i]...);
  });
}

void add_to(Tensor& a, const Tensor& b);  // a += b
// The whole tree, from the sums of this process over these subtrees (core/tree_sum.h). There are
// `size` numbers at each address; the result is at sums[0].
void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                     const std::vector<real*>& sums, long size);
// The same for the gradient of a weight. Then calls finish(), which writes the gradient at
// `result`: at once, or if ranks collect their sums (core/shard_sums.h), when they are exchanged.
// The sums have to exist until then.
void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                     const std::vector<real*>& sums, long size, const real* result,
                     std::function<void()> finish);
// The same for tensors of one shape.
Tensor sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees, std::vector<Tensor> sums);
void sum_of_subtrees(long leaves, const std::vector<Subtree>& subtrees, std::vector<Tensor> sums,
                     const real* result, std::function<void(const real* total)> finish);
// The same if the sums have the shape of the weight. The gradient may not be there yet, as above.
Tensor gradient_of_subtrees(long leaves, const std::vector<Subtree>& subtrees,
                            std::vector<Tensor> sums);

// Both add in double, in the tree over the first dimension. A tensor without dimensions is one
// number, also where ranks share the batch.
double sum(const Tensor& a);
double dot(const Tensor& a, const Tensor& b);

bool all_finite(const Tensor& a);  // no NaN and no infinity

// x is (rows, C), where rows are all dimensions but the last; b is [C].
Tensor add_rows(const Tensor& x, const Tensor& b);  // y[r, c] = x[r, c] + b[c]
// y[c] = sum over r of x[r, c], added in double, in the tree over the first dimension.
Tensor sum_rows(const Tensor& x);

// The shards of the rows of x, where its first dimension is the batch.
RowShards row_shards(const Shape& x, long min_rows);

// The tree over the sums leaf(shard). Few numbers are added on the calling thread, as waking others
// takes longer.
template <class Leaf>
auto sum_of_shards(const RowShards& shards, const Shape& x, const Leaf& leaf) {
  constexpr long few = 8192;
  const OwnLeaves own = shards.own();
  const bool all = own.last - own.first == own.count;
  return x.size() < few && all ? subtree_sum(0, own.count, leaf) : tree_sum(own, leaf);
}

}  // namespace excite
