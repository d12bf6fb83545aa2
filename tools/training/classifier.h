// Classifies images with trained weights:
//   const Classifier classifier("run/best.safetensors");
//   for (const auto& [name, probability] : classifier.top("cat.jpg", 5))
//     std::cout << name << " " << probability << "\n";
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/training/ensemble.h"

namespace excite {

struct Prediction {
  std::string name;    // of the class
  double probability;  // from 0 to 1
};

// The k most probable classes, the most probable first; all if there are fewer. p [classes] are
// their probabilities; NaN comes last. Error if k is below 1 or the numbers of probabilities and
// names differ.
std::vector<Prediction> top_predictions(std::span<const real> p,
                                        const std::vector<std::string>& classes, long k);

struct ClassifierOptions {
  Crops crops = Crops::center;             // the crops of each image that are averaged over
  ResizeFunction resize = excite::resize;  // or resize_bicubic
  std::vector<std::string> classes{};      // names in place of those in the file; empty: the file's
  ModelOverride model{};                   // in place of the model that the file states
};

// An image of any size is resized, cropped and normalized as the weights need it. Several threads
// may use one classifier at the same time.
class Classifier {
 public:
  // A .safetensors file that train has written, or of another program
  // (models/interop/weights.h says which). FileError if it cannot be read or is no model's,
  // Diverged if a weight is not finite.
  explicit Classifier(const std::string& weights, const ClassifierOptions& options = {});
  // A model in memory, as load_model gives it, or {model, preprocessing_of(...)}: for a network of
  // your own (as_model in models/model.h). Error if the preprocessing is incomplete.
  explicit Classifier(TrainedModel trained, const ClassifierOptions& options = {});
  // Several models, for example. `weights`: whether somebody trains the models further.
  explicit Classifier(LoadedEnsemble ensemble, Weights weights = Weights::may_change);
  Classifier(Classifier&&) = default;
  Classifier& operator=(Classifier&&) = default;

  const std::vector<std::string>& classes() const { return loaded_.classes; }

  // The k most probable classes of an image, the most probable first:
  // - of an image file (core/images/image.h); FileError if it is not readable,
  std::vector<Prediction> top(const std::string& image_file, long k) const;
  // - of pixels in memory; Error if their number is not that of the image's size,
  std::vector<Prediction> top(const Image& image, long k) const;
  // - of pixels in memory, [height, width, 3] in the order red, green, blue,
  std::vector<Prediction> top(std::span<const std::uint8_t> rgb, long height, long width,
                              long k) const;
  // - of each image of a batch; they may differ in size.
  std::vector<std::vector<Prediction>> top(const std::vector<Image>& images, long k) const;

  // The probabilities of all classes, [N, classes]. Diverged if a logit is not finite: the weights
  // are damaged.
  Tensor probabilities(const std::vector<Image>& images) const;
  // Of one image, [1, classes], which may be large.
  Tensor probabilities_from(const ImageSource& image) const;

 private:
  LoadedEnsemble loaded_;
  Ensemble ensemble_;  // refers to the models of loaded_, which keep their addresses if it is moved
};

}  // namespace excite
