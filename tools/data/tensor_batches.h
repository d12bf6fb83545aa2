// Tensors in memory as data: batches of samples with their labels or target tensors, in a new
// random order in each epoch.
//   const TensorBatches batches(std::move(images), labels, {.batch = 64, .seed = 0});
//   for (const auto& [x, y] : batches.epoch(3)) backward(cross_entropy(net(x, Mode::train), y));
// With the same seed, an epoch has the same bits in every run.
#pragma once
#include <vector>

#include "autograd/var.h"
#include "tools/data/batch_range.h"

namespace excite {

// The rows with these indices along the first axis: [N, ...] -> [indices, ...]. Error if an index
// is not one from 0 to N - 1.
Tensor take_rows(const Tensor& x, const std::vector<long>& indices);

// Targets is std::vector<int>, one label per sample, or Var, a tensor of targets [N, ...].
template <class Targets>
class TensorBatches {
 public:
  struct Batch {
    Var x;      // [batch, ...]
    Targets y;  // of the same samples
  };

  // x [N, ...]: images [N, H, W, C], rows [N, D] or any other samples. Error if the numbers of
  // samples and targets differ, or if there is no batch in an epoch.
  TensorBatches(Tensor x, Targets y, const BatchOptions& options = {});

  long samples() const { return x_.dim(0); }
  long batches_per_epoch() const { return count_batches(samples(), options_); }
  // All samples once, in an order that is a function of seed and epoch. Refers to this object.
  BatchRange<Batch> epoch(long epoch) const&;
  BatchRange<Batch> epoch(long epoch) const&& = delete;  // name the TensorBatches
  // All samples in their own order, the last short batch included: for evaluation.
  BatchRange<Batch> in_order() const&;
  BatchRange<Batch> in_order() const&& = delete;

 private:
  Batch take(const std::vector<long>& indices) const;
  Tensor x_;
  Targets y_;
  BatchOptions options_;
};

TensorBatches(Tensor x, Tensor y, const BatchOptions& options = {})->TensorBatches<Var>;

}  // namespace excite
