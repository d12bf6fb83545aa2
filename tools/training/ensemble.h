// Several models, and of each image several views, as one opinion: the mean of all their
// probabilities.
#pragma once
#include <deque>
#include <vector>

#include "models/infer.h"
#include "tools/data/batch.h"

namespace excite {

// One of the models that vote: what it was trained to see, and how much its probabilities count.
struct EnsembleMember {
  const Model& model;
  Normalization normalization;
  double share = 1;
  ResizeCrop resize_crop{};
};

class Ensemble {
 public:
  // Keeps references to the models, which have to tell as many classes apart. Logit i of the result
  // is the models' logit order[i]; an empty order leaves them as they are.
  explicit Ensemble(std::vector<EnsembleMember> members, Crops crops = Crops::center,
                    std::vector<long> order = {});

  long classes() const { return members_.front().model.classes; }
  long crops() const { return count(crops_); }

  // [N, classes]: logits of one model that has one view, else logarithms of the mean probabilities.
  // Models in Mode::evaluate.
  Tensor operator()(const std::vector<Image>& images) const;

 private:
  std::vector<EnsembleMember> members_;
  Crops crops_;
  std::vector<long> order_;
  std::deque<Inference> infer_;
};

}  // namespace excite
