// A large result is streamed past the caches, a small one is not.
#include <algorithm>

#include "core/kernels/conv2d_fused.h"
#include "core/kernels/conv2d_fusion_vectors.h"
#include "core/random.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

constexpr long images = 9;

Tensor image_of(const Tensor& x, long n) {
  Tensor image({1, x.dim(1), x.dim(2), x.dim(3)});
  std::copy_n(x.data() + n * image.size(), image.size(), image.data());
  return image;
}

// make(batch) gives a result for a batch of images.
template <class Make>
void expect_bits_of_single_images(const Tensor& x, const Make& make) {
  Tensor all = make(x);
  EXPECT_TRUE(Output(all).streamed) << all.shape();
  for (long n = 0; n < images; n++) {
    Tensor one = make(image_of(x, n));
    EXPECT_FALSE(Output(one).streamed) << one.shape();
    EXPECT_TRUE(same_bits(image_of(all, n), one)) << "image " << n;
  }
}

TEST(Conv2dStreaming, AStreamedResultHasTheBitsOfOneThatIsNot) {
  Rng rng(1);
  const Tensor x = normal({images, 45, 44, 16}, rng);
  for (const Shape& w_shape : {Shape{3, 3, 16, 16}, Shape{1, 1, 16, 16}}) {
    const Tensor w = normal(w_shape, rng);
    const Conv2dOptions options{.pad = w_shape[0] / 2};
    const auto with_moments = [&](const Tensor& of) { return conv2d_moments(of, w, options).y; };
    const auto gradient = [&](const Tensor& of) { return conv2d_dx(of, w, of.shape(), options); };
    expect_bits_of_single_images(x, [&](const Tensor& of) { return conv2d(of, w, options); });
    expect_bits_of_single_images(x, with_moments);
    expect_bits_of_single_images(x, gradient);
  }
}

TEST(Conv2dStreaming, ResultsWhosePixelsAreNoWholeCacheLinesAreNotStreamed) {
  const long line = cache_line_bytes / static_cast<long>(sizeof(real));
  for (const long channels : {line - 1, line / 2, line + line / 2}) {
    Tensor y = zeros({images, 45, 88, channels});
    EXPECT_FALSE(Output(y).streamed) << channels << " channels";
  }
  Tensor y = zeros({images, 45, 88, 2 * line});
  EXPECT_TRUE(Output(y).streamed);
}

}  // namespace
}  // namespace excite
