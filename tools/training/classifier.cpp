#include "tools/training/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/kernels/softmax.h"

namespace excite {

namespace {

// `from`: the file or model, for messages.
LoadedEnsemble as_ensemble(const std::string& from, TrainedModel trained,
                           const ClassifierOptions& options) {
  const Preprocessing& known = trained.preprocessing;
  require(std::ssize(known.classes) == trained.model.classes, from, ": the model has ",
          trained.model.classes, " classes, and its preprocessing ", known.classes.size(),
          " names, expected one per class");
  for (const double d : known.deviation)
    require(d > 0 && std::isfinite(d), from, ": the deviation of its preprocessing is ", d,
            ", expected a finite number above 0; preprocessing_of(...) gives it for a data set");
  const std::vector<std::string> classes =
      options.classes.empty() ? known.classes : options.classes;
  require(classes.size() == known.classes.size(), from, ": has ", known.classes.size(),
          " classes, but ", classes.size(), " names were given, expected one per class");
  LoadedEnsemble one{.trained = {},
                     .weights = {1},
                     .crops = options.crops,
                     .resize = options.resize,
                     .classes = classes};
  one.trained.push_back(std::move(trained));
  return one;
}

LoadedEnsemble load_one(const std::string& weights, const ClassifierOptions& options) {
  return as_ensemble(weights, load_model(SafetensorsFile(weights), options.model), options);
}

}  // namespace

std::vector<Prediction> top_predictions(std::span<const real> p,
                                        const std::vector<std::string>& classes, long k) {
  require(k >= 1, "top: the ", k, " most probable classes, expected at least 1");
  require(p.size() == classes.size(), "top: ", p.size(), " probabilities for ", classes.size(),
          " classes, expected one each");
  std::vector<long> order(p.size());
  std::iota(order.begin(), order.end(), 0l);
  std::stable_sort(order.begin(), order.end(), [&](long a, long b) {
    return p[a] > p[b] || (std::isnan(p[b]) && !std::isnan(p[a]));
  });
  order.resize(std::min(k, std::ssize(order)));
  std::vector<Prediction> predictions;
  for (const long i : order) predictions.push_back({classes[i], static_cast<double>(p[i])});
  return predictions;
}

Classifier::Classifier(const std::string& weights, const ClassifierOptions& options)
    : Classifier(load_one(weights, options), Weights::constant) {}

Classifier::Classifier(TrainedModel trained, const ClassifierOptions& options)
    : Classifier(as_ensemble(trained.model.name, trained, options)) {}

Classifier::Classifier(LoadedEnsemble ensemble, Weights weights)
    : loaded_(std::move(ensemble)), ensemble_(loaded_.ensemble(weights)) {}

std::vector<Prediction> Classifier::top(const std::string& image_file, long k) const {
  const Tensor p = probabilities_from(open_image(image_file));
  return top_predictions({p.data(), loaded_.classes.size()}, loaded_.classes, k);
}

std::vector<Prediction> Classifier::top(std::span<const std::uint8_t> rgb, long height, long width,
                                        long k) const {
  return top(Image{height, width, {rgb.begin(), rgb.end()}}, k);
}

std::vector<Prediction> Classifier::top(const Image& image, long k) const {
  return top(std::vector<Image>{image}, k).front();
}

std::vector<std::vector<Prediction>> Classifier::top(const std::vector<Image>& images,
                                                     long k) const {
  const Tensor p = probabilities(images);
  const std::size_t classes = loaded_.classes.size();
  std::vector<std::vector<Prediction>> all;
  for (std::size_t i = 0; i < images.size(); i++)
    all.push_back(top_predictions({p.data() + i * classes, classes}, loaded_.classes, k));
  return all;
}

Tensor Classifier::probabilities(const std::vector<Image>& images) const {
  for (const Image& image : images) require_image(image, "Classifier");
  const Tensor logits = ensemble_(images);
  ensemble_.require_finite(logits, images);
  return softmax(logits);
}

// Full-size pixels are never made.
Tensor Classifier::probabilities_from(const ImageSource& image) const {
  const std::vector<Ensemble::Resized> resized{ensemble_.resize(image)};
  const Tensor logits = ensemble_(resized);
  ensemble_.require_finite(logits, resized);
  return softmax(logits);
}

}  // namespace excite
