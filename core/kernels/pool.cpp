#include "core/kernels/pool.h"

#include <algorithm>
#include <limits>

#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

long pooled(const char* op, const Shape& x, long size, long kernel, long stride, long pad,
            bool ceil) {
  require(kernel > 0 && stride > 0 && pad >= 0 && 2 * pad <= kernel, op, ": kernel ", kernel,
          ", stride ", stride, " and padding ", pad,
          ", expected kernel and stride of at least 1 and padding of 0 to half the kernel");
  require(size > 0, op, ": input ", x, " has no pixels, expected at least one");
  require(size + 2 * pad >= kernel, op, ": input ", x, " with padding ", pad,
          " is smaller than the kernel, ", kernel);
  long out = (size + 2 * pad - kernel + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && (out - 1) * stride >= size + pad) out--;
  return out;
}

// The part of a window that is inside the image. cells: the divisor of an average.
struct Window {
  long top, bottom, left, right, cells;
};

Window window_at(const Shape& x, const Pool2dOptions& o, long i, long j) {
  const long top = i * o.stride.h - o.pad.h, left = j * o.stride.w - o.pad.w;
  const long bottom = std::min(top + o.kernel.h, x[1] + o.pad.h),
             right = std::min(left + o.kernel.w, x[2] + o.pad.w);
  Window w{std::max(top, 0l), std::min(bottom, x[1]), std::max(left, 0l), std::min(right, x[2]), 0};
  w.cells =
      o.count_padding ? (bottom - top) * (right - left) : (w.bottom - w.top) * (w.right - w.left);
  return w;
}

// Row i of a grid of n rows covers [i / n, (i + 1) / n) of the image. It begins at the pixel that
// contains its lower end and ends after the pixel that contains its upper end, so two cells may
// share a pixel. Columns likewise.
Window cell_at(const Shape& x, const Size2& cells, long i, long j) {
  const auto begin = [](long size, long n, long cell) { return cell * size / n; };
  const auto end = [](long size, long n, long cell) { return ((cell + 1) * size + n - 1) / n; };
  Window w{begin(x[1], cells.h, i), end(x[1], cells.h, i), begin(x[2], cells.w, j),
           end(x[2], cells.w, j), 0};
  w.cells = (w.bottom - w.top) * (w.right - w.left);
  return w;
}

// Calls body(y, window, image) for each output pixel. y is its index, image the index of the
// image's first input pixel.
template <class Windows, class Body>
void for_each_window(const Shape& x, const Shape& y, const Windows& windows, const Body& body) {
  parallel_for(y[0], [&](long n) {
    for (long i = 0; i < y[1]; i++)
      for (long j = 0; j < y[2]; j++)
        body((n * y[1] + i) * y[2] + j, windows(i, j), n * x[1] * x[2]);
  });
}

template <class Body>
void for_each_pixel(const Shape& x, const Window& w, long image, const Body& body) {
  for (long row = w.top; row < w.bottom; row++)
    for (long col = w.left; col < w.right; col++) body(image + row * x[2] + col);
}

Pool2dOptions whole_image(const char* op, const Shape& x) {
  require(x.rank() == 4 && x[1] > 0 && x[2] > 0, op, ": input has shape ", x,
          ", expected [N, H, W, C] with at least one pixel");
  return {.kernel = {x[1], x[2]}, .stride = 1};
}

}  // namespace

Shape pool2d_shape(const Shape& x, const Pool2dOptions& o, const char* op) {
  require_images(op, x);
  return {x[0], pooled(op, x, x[1], o.kernel.h, o.stride.h, o.pad.h, o.ceil),
          pooled(op, x, x[2], o.kernel.w, o.stride.w, o.pad.w, o.ceil), x[3]};
}

namespace {

template <class Windows>
Tensor maxima(const char* op, const Tensor& x, const Shape& shape, const Windows& windows,
              Tensor& from) {
  constexpr long most = 1l << std::numeric_limits<real>::digits;  // a real counts no further
  const long pixels_per_image = x.dim(1) * x.dim(2), channels = x.dim(3);
  require(pixels_per_image <= most, op, ": input ", x.shape(), " has ", pixels_per_image,
          " pixels per image, expected at most ", most);
  Tensor y(shape);
  from = Tensor(shape);
  for_each_window(x.shape(), shape, windows, [&](long out, const Window& w, long image) {
    real *largest = y.data() + out * channels, *where = from.data() + out * channels;
    const long first = w.top * x.dim(2) + w.left;
    std::copy_n(x.data() + (image + first) * channels, channels, largest);
    std::fill_n(where, channels, static_cast<real>(first));
    for_each_pixel(x.shape(), w, 0, [&](long pixel) {
      const real *v = x.data() + (image + pixel) * channels, index = static_cast<real>(pixel);
      for (long c = 0; c < channels; c++) {  // without a branch, so that it becomes vector code
        const bool replace = v[c] > largest[c] || v[c] != v[c];
        largest[c] = replace ? v[c] : largest[c];
        where[c] = replace ? index : where[c];
      }
    });
  });
  return y;
}

}  // namespace

Tensor max_pool2d(const Tensor& x, const Pool2dOptions& o, Tensor& from) {
  return maxima(
      "max_pool2d", x, pool2d_shape(x.shape(), o, "max_pool2d"),
      [&](long i, long j) { return window_at(x.shape(), o, i, j); }, from);
}

Tensor max_pool_dx(const Tensor& dy, const Tensor& from, const Shape& x) {
  Tensor dx(x);
  const long size = x.size() / std::max(1l, x[0]), channels = x[3];  // size: of an image
  const long windows = dy.size() / std::max(1l, x[0] * channels);    // per image
  parallel_for(x[0], [&](long n) {
    std::fill_n(dx.data() + n * size, size, real(0));
    for (long i = n * windows; i < (n + 1) * windows; i++)
      for (long c = 0; c < channels; c++)
        dx[n * size + static_cast<long>(from[i * channels + c]) * channels + c] +=
            dy[i * channels + c];
  });
  return dx;
}

namespace {

// Sums are in double: a float sum over the pixels of a large map would lose digits.
template <class Windows>
Tensor averages(const Tensor& x, const Shape& shape, const Windows& windows) {
  Tensor y(shape);
  const long channels = x.dim(3);
  parallel_for(shape[0], [&](long n) {
    std::vector<double> total(channels);
    real* to = y.data() + n * shape[1] * shape[2] * channels;
    for (long i = 0; i < shape[1]; i++)
      for (long j = 0; j < shape[2]; j++, to += channels) {
        const Window w = windows(i, j);
        std::fill(total.begin(), total.end(), 0.0);
        for_each_pixel(x.shape(), w, n * x.dim(1) * x.dim(2), [&](long pixel) {
          const real* v = x.data() + pixel * channels;
          for (long c = 0; c < channels; c++) total[c] += static_cast<double>(v[c]);
        });
        const double share = 1 / static_cast<double>(w.cells);
        for (long c = 0; c < channels; c++) to[c] = static_cast<real>(total[c] * share);
      }
  });
  return y;
}

template <class Windows>
Tensor averages_dx(const Tensor& dy, const Shape& x, const Windows& windows) {
  Tensor dx = zeros(x);
  const long channels = x[3];
  for_each_window(x, dy.shape(), windows, [&](long out, const Window& w, long image) {
    for_each_pixel(x, w, image, [&](long pixel) {
      for (long c = 0; c < channels; c++)
        dx[pixel * channels + c] += dy[out * channels + c] / static_cast<real>(w.cells);
    });
  });
  return dx;
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& o) {
  return averages(x, pool2d_shape(x.shape(), o, "avg_pool2d"),
                  [&](long i, long j) { return window_at(x.shape(), o, i, j); });
}

Tensor avg_pool2d_dx(const Tensor& dy, const Shape& x, const Pool2dOptions& o) {
  return averages_dx(dy, x, [&](long i, long j) { return window_at(x, o, i, j); });
}

namespace {
Shape grid_shape(const char* op, const Shape& x, const Size2& cells) {
  require(cells.h > 0 && cells.w > 0 && x.rank() == 4 && x[1] > 0 && x[2] > 0, op,
          ": input has shape ", x, " and the grid has ", cells,
          " cells, expected [N, H, W, C] with at least one pixel, and at least one cell");
  return {x[0], cells.h, cells.w, x[3]};
}
}  // namespace

Tensor adaptive_avg_pool(const Tensor& x, const Size2& cells) {
  return averages(x, grid_shape("adaptive_avg_pool", x.shape(), cells),
                  [&](long i, long j) { return cell_at(x.shape(), cells, i, j); });
}

Tensor adaptive_avg_pool_dx(const Tensor& dy, const Shape& x) {
  const Size2 cells{dy.dim(1), dy.dim(2)};
  return averages_dx(dy, x, [&](long i, long j) { return cell_at(x, cells, i, j); });
}

Tensor adaptive_max_pool(const Tensor& x, const Size2& cells, Tensor& from) {
  return maxima(
      "adaptive_max_pool", x, grid_shape("adaptive_max_pool", x.shape(), cells),
      [&](long i, long j) { return cell_at(x.shape(), cells, i, j); }, from);
}

Tensor global_avg_pool(const Tensor& x) {
  return avg_pool2d(x, whole_image("global_avg_pool", x.shape())).reshaped({x.dim(0), x.dim(3)});
}

Tensor global_avg_pool_dx(const Tensor& dy, const Shape& x) {
  return avg_pool2d_dx(dy.clone().reshaped({x[0], 1, 1, x[3]}), x,
                       whole_image("global_avg_pool", x));
}

Tensor global_max_pool(const Tensor& x, Tensor& from) {
  return max_pool2d(x, whole_image("global_max_pool", x.shape()), from)
      .reshaped({x.dim(0), x.dim(3)});
}

}  // namespace excite
