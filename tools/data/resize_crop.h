// From a picture of any size to the square that a network sees.
#pragma once
#include <vector>

#include "core/images/resize.h"
#include "core/random.h"

namespace excite {

struct Window {
  long top, left, height, width;
};

// The short side becomes short_side, and a square of `side` is cut out of what that gives.
struct Frame {
  long side = 0;                // 0: pictures are taken as they are
  long short_side = 0;          // at least `side`
  Resize resize = excite::resize;
};

// 256 for 224, as is usual for ImageNet, and in this proportion for others.
long usual_short_side(long side);

// The whole picture, its short side as the frame has it. Of one so long that it would grow beyond max_picture_side or max_pixels only the
// centre, as much as does not.
Image brought_to_size(const Image& image, const Frame& frame);

Image framed(const Image& image, const Frame& frame);  // the square in the centre

// The window of "random resized crop" (Szegedy et al., arXiv 1409.4842): from 0.08 of the picture's area to all of it, 3/4 to 4/3 as wide as
// high, anywhere. A picture so long that ten draws do not fit gives as much of its centre as the proportions allow.
Window random_window(long height, long width, Rng& rng);

// What is looked at in evaluation: the centre; it and its mirror image; the four corners, the centre, and their mirror images (Krizhevsky et al.,
// 2012).
enum class Views { centre, centre_and_mirror, ten };
long count(Views views);

struct View {
  long top, left;
  bool mirrored;
};
// Of a picture of height x width, windows of window_height x window_width.
std::vector<View> views_of(long height, long width, long window_height, long window_width, Views views);

}  // namespace excite
