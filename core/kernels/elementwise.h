// Elementwise functions, sums, and sums of rows. Threads work on pieces that fit into a core's
// cache.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "core/tensor.h"

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
// The sum of one or more tensors of the same shape, added in their order.
Tensor sum_of(std::vector<Tensor> terms);

// The sum over all shards of the tensor that body(begin, end) returns.
template <class Body>
Tensor sum_over(const Shards& shards, const Body& body) {
  std::vector<Tensor> terms(shards.count);
  parallel_shards(shards, [&](long s, long begin, long end) { terms[s] = body(begin, end); });
  return sum_of(std::move(terms));
}

// Both add in double and in a fixed order.
double sum(const Tensor& a);
double dot(const Tensor& a, const Tensor& b);

bool all_finite(const Tensor& a);  // no NaN and no infinity

// x is (rows, C), where rows are all dimensions but the last; b is [C].
Tensor add_rows(const Tensor& x, const Tensor& b);  // y[r, c] = x[r, c] + b[c]
Tensor sum_rows(const Tensor& x);                   // y[c] = sum over r of x[r, c]

}  // namespace excite
