// Where a prediction looks: Grad-CAM (Selvaraju et al., arXiv 1610.02391).
#pragma once
#include <vector>

#include "core/images/image.h"
#include "models/model.h"

namespace excite {

struct HeatMap {
  long height = 0, width = 0;
  std::vector<double> values{};  // [height, width], from 0 to 1, the largest is 1; or all are 0
};

// With A [H, W, K] the last feature maps of the network before it pools them, and g the gradient of
// the logit of `label`:
//   map[h, w] = max(0, sum over k of A[h, w, k] mean over pixels of g[., ., k])
// divided by its largest element. x is one image, [1, H, W, 3]. Error if there are no such maps.
HeatMap grad_cam(const Model& model, const Tensor& x, long label);

// The image, colored from yellow to red where the map is large. The map is interpolated.
Image overlay(const Image& image, const HeatMap& map);

}  // namespace excite
