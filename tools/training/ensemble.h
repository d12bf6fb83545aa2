// Predictions of one or several models, from one or several crops of each image: the mean of their
// probabilities.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/infer.h"
#include "models/interop/weights.h"
#include "tools/data/batch.h"

namespace excite {

struct EnsembleMember {
  Model model;
  Normalization normalization;
  double weight = 1;  // of its probabilities in the weighted mean
  ResizeCrop resize_crop{};
};

class Ensemble {
 public:
  // Shares the networks of the models, which must have the same number of classes. Logit i of the
  // result is logit class_order[i] of the models; an empty class_order keeps the models' order. If
  // the models are trained further, the next batch gets their new weights; for weights that do not
  // change, Weights::constant is faster.
  explicit Ensemble(std::vector<EnsembleMember> members, Crops crops = Crops::center,
                    std::vector<long> class_order = {}, Weights weights = Weights::may_change,
                    Precision precision = Precision::full);

  long classes() const { return members_.front().model.classes; }
  long crops() const { return crop_count(crops_); }

  // [N, classes]. For one model and one crop: its logits. Otherwise: the logarithm of the mean
  // probabilities. Models run in Mode::eval.
  Tensor operator()(const std::vector<Image>& images) const;

  // The same in two steps, so that full-size images need not be kept: an image, resized as each
  // member needs it; and the logits of several, where resized[n] is that of image n.
  using Resized = std::vector<std::shared_ptr<const Image>>;  // one per member
  Resized resize(const ImageSource& image) const;
  Tensor operator()(const std::vector<Resized>& resized) const;

  // Diverged unless the logits, which are those of these images, are finite. Finite weights may be
  // so large that a result overflows. The error names the first operation.
  void require_finite(const Tensor& logits, const std::vector<Image>& images) const;
  void require_finite(const Tensor& logits, const std::vector<Resized>& resized) const;

 private:
  using CropsFor = std::function<Tensor(std::size_t member)>;
  CropsFor crops_of(const std::vector<Image>& images) const;
  CropsFor crops_of(const std::vector<Resized>& resized) const;
  Tensor logits_of(const CropsFor& crops_for) const;
  void require_finite(const Tensor& logits, const CropsFor& crops_for) const;
  std::vector<EnsembleMember> members_;
  Crops crops_;
  std::vector<long> class_order_;
  std::deque<Inference> inference_;  // one per member
};

// What a file of weights or a Classifier has to know of the images that a model was trained on.
// `evaluation` is how they are resized and cropped in evaluation; with the default, images in
// memory are taken as they are.
Preprocessing preprocessing_of(const Dataset& dataset, const Normalization& normalization,
                               const ResizeCrop& evaluation = {});

// How an image is resized and cropped for a model. Sizes that its file does not name are those that
// are usual for ImageNet: 256 and 224, or in this proportion.
ResizeCrop resize_crop_of(const TrainedModel& trained, ResizeFunction resize);

// The models of an ensemble, and how they are used.
struct LoadedEnsemble {
  std::vector<TrainedModel> trained;  // at least one; all have the same classes
  std::vector<double> weights;        // of the models in the mean
  Crops crops = Crops::center;
  ResizeFunction resize = excite::resize;
  std::vector<std::string> classes{};
  std::vector<long> order{};  // class i is output order[i] of the models; empty: output i
  Precision precision = Precision::full;
  // Shares the networks of the models.
  Ensemble ensemble(Weights model_weights = Weights::may_change) const;
};

}  // namespace excite
