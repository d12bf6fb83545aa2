// Several models, and of each picture several views, as one opinion: the mean of all their probabilities.
#pragma once
#include <deque>
#include <vector>

#include "models/infer.h"
#include "tools/data/batch.h"

namespace excite {

// One of the models that vote: what it was trained to see, and how much its probabilities count.
struct Voter {
  const Model& model;
  Normalisation normalisation;
  double share = 1;
  Frame frame{};
};

class Jury {
 public:
  // Keeps references to the models, which have to tell as many classes apart. Logit i of the result is the models' logit order[i]; an empty order
  // leaves them as they are.
  explicit Jury(std::vector<Voter> voters, Views views = Views::centre, std::vector<long> order = {});

  long classes() const { return voters_.front().model.classes; }
  long views() const { return count(views_); }

  // [N, classes]: logits of one model that has one view, else logarithms of the mean probabilities. Models in Mode::evaluate.
  Tensor operator()(const std::vector<Image>& images) const;

 private:
  std::vector<Voter> voters_;
  Views views_;
  std::vector<long> order_;
  std::deque<Inference> infer_;
};

}  // namespace excite
