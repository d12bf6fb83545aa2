// An embedding: a learned row of numbers for each integer from 0 to count - 1, such as a word or a
// class.
#pragma once
#include <vector>

#include "autograd/ops.h"
#include "layers/module.h"

namespace excite {

struct Embedding : Module {
  // [count, width], initially normal with variance 1, as in PyTorch. It is no weight of a linear
  // layer: it does not decay, and files have it in the same layout.
  Var table;
  Embedding(long count, long width, Rng& rng) : table(bias("weight", normal({count, width}, rng))) {
    require(count > 0 && width > 0, "Embedding: ", count, " rows of ", width,
            " numbers, expected at least 1 of each");
  }
  Var operator()(const std::vector<int>& indices) const {  // N indices -> [N, width]
    return in_layer(table, [&] { return embedding(table, indices); });
  }
};

}  // namespace excite
