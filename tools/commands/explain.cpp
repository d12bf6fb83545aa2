#include "tools/commands/explain.h"

#include <algorithm>

#include "core/check.h"
#include "core/images/resize.h"
#include "tools/commands/output.h"
#include "tools/report/grad_cam.h"
#include "tools/report/measure_gates.h"

namespace excite {

namespace {

Image side_by_side(const Image& left, const Image& right) {
  Image both{left.height, left.width + right.width, {}};
  for (long h = 0; h < left.height; h++)
    for (const Image* image : {&left, &right}) {
      const auto row = image->pixels.begin() + h * image->width * 3;
      both.pixels.insert(both.pixels.end(), row, row + image->width * 3);
    }
  return both;
}

// Small images are enlarged by a whole number.
Image enlarged(const Image& image) {
  constexpr long least = 256;
  const long factor = (least + image.height - 1) / image.height;
  return factor > 1 ? resize(image, factor * image.height, factor * image.width) : image;
}

}  // namespace

void require_explainable(const EnsembleOptions& options, const std::vector<std::string>& images,
                         const std::string& out) {
  require<UsageError>(images.size() == 1, "--explain ", out, " explains one image, but ",
                      images.size(), " are named");
  require<UsageError>(options.weights.size() <= 1 && options.crops == 1 && !options.flip,
                      "--explain explains one model on one crop: leave out --crops, --flip and "
                      "further --weights");
  require<UsageError>(out.ends_with(".png"), "--explain ", out,
                      ": expected a name that ends in .png, the format in which it is written");
  require_not_an_input(out, images);
}

void explain(const EnsembleOptions& options, const std::string& image, Exif exif,
             const std::string& out) {
  const LoadedEnsemble loaded = load_ensemble(options);
  const TrainedModel& trained = loaded.trained.front();
  const ImageSource source = open_image(image, exif);
  const Tensor x = image_for(trained, source);
  const Tensor logits = trained.model(x.clone(), Mode::eval)->value.clone();
  const long predicted = std::max_element(logits.begin(), logits.end()) - logits.begin();
  const Image seen = enlarged(resize_and_crop(source, resize_crop_of(trained, resize)));
  write_png(out, side_by_side(seen, overlay(seen, grad_cam(trained.model, x, predicted))));
}

}  // namespace excite
