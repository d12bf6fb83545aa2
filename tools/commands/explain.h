// Where a prediction looks, as an image.
#pragma once
#include <string>

#include "core/images/orientation.h"
#include "tools/commands/ensemble_options.h"

namespace excite {

// excite predict --explain: writes a PNG with two squares: the part of the image that the network
// sees, and over it Grad-CAM of the most probable class.
void explain(const EnsembleOptions& options, const std::string& image, Exif exif,
             const std::string& out);

// UsageError unless there are one model, one crop and one image, and `out` is a .png file.
void require_explainable(const EnsembleOptions& options, const std::vector<std::string>& images,
                         const std::string& out);

}  // namespace excite
