// From the decoded components of a JPEG image to rows of RGB pixels, as libjpeg (and so Pillow)
// computes them: colors at half resolution are interpolated, then converted.
#pragma once
#include "core/images/image_source.h"
#include "core/images/stb_decoder.h"

namespace excite {

// Shares the memory of the planes.
ImageSource::WriteRow jpeg_rows(JpegPlanes planes, JpegColors colors, long width);

}  // namespace excite
