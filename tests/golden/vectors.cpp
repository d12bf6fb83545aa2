#include "tests/golden/vectors.h"

#include <array>
#include <cmath>
#include <cstdint>

#include "core/files/crc.h"

namespace excite::golden {

namespace {

using Order = std::array<int, 4>;
constexpr Order nchw_to_ours{0, 2, 3, 1}, ours_to_nchw{0, 3, 1, 2}, oihw_to_ours{2, 3, 1, 0},
    ours_to_oihw{3, 2, 0, 1};

Shape permuted(const Shape& x, const Order& order) {
  return {x[order[0]], x[order[1]], x[order[2]], x[order[3]]};
}

// Axis i of the result is axis order[i] of x.
Tensor permuted(const Tensor& x, const Order& order) {
  Tensor y(permuted(x.shape(), order));
  std::array<long, 4> step{1, 1, 1, 1};  // the strides of x
  for (std::size_t axis = 3; axis > 0; axis--)
    step[axis - 1] = step[axis] * x.dim(static_cast<int>(axis));
  const std::array<long, 4> n{y.dim(0), y.dim(1), y.dim(2), y.dim(3)},
      stride{step[order[0]], step[order[1]], step[order[2]], step[order[3]]};
  const real* from = x.data();
  real* to = y.data();
  for (long a = 0; a < n[0]; a++)
    for (long b = 0; b < n[1]; b++)
      for (long c = 0; c < n[2]; c++)
        for (long d = 0; d < n[3]; d++)
          *to++ = from[a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]];
  return y;
}

Tensor transposed(const Tensor& x) {
  const long rows = x.dim(0), columns = x.dim(1);
  Tensor y({columns, rows});
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j];
  return y;
}

}  // namespace

SafetensorsFile open(const std::string& file) { return SafetensorsFile("tests/golden/" + file); }

Tensor to_ours(const Tensor& torch, Layout layout) {
  switch (layout) {
    case Layout::images: return permuted(torch, nchw_to_ours);
    case Layout::conv_weight: return permuted(torch, oihw_to_ours);
    case Layout::linear_weight: return transposed(torch);
    case Layout::same: break;
  }
  return torch.clone();
}

Tensor to_torch(const Tensor& ours, Layout layout) {
  switch (layout) {
    case Layout::images: return permuted(ours, ours_to_nchw);
    case Layout::conv_weight: return permuted(ours, ours_to_oihw);
    case Layout::linear_weight: return transposed(ours);
    case Layout::same: break;
  }
  return ours.clone();
}

Shape torch_shape(const Shape& ours, Layout layout) {
  switch (layout) {
    case Layout::images: return permuted(ours, ours_to_nchw);
    case Layout::conv_weight: return permuted(ours, ours_to_oihw);
    case Layout::linear_weight: return {ours[1], ours[0]};
    case Layout::same: break;
  }
  return ours;
}

Tensor hashed_numbers(const std::string& name, const Shape& shape) {
  Tensor t(shape);
  const std::uint32_t key = crc32(name.data(), name.size());
  for (long i = 0; i < t.size(); i++) {
    std::uint32_t x = static_cast<std::uint32_t>(i) * 2654435761u + key;
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    x ^= x >> 16;
    t[i] = static_cast<real>(x >> 16) * real(0x1p-15) - 1;
  }
  return t;
}

Tensor initial_state(const std::string& name, const Shape& shape) {
  Tensor t = hashed_numbers(name, shape);
  if (shape.rank() > 1) {  // a power of two near He's bound, sqrt(6 / fan_in)
    real bound = 1;
    while (bound * bound * static_cast<real>(shape.size() / shape[0]) > 6) bound /= 2;
    for (real& v : t) v *= bound;
  } else {
    const bool around_one = name.ends_with("running_var") || name.ends_with("weight");
    for (real& v : t) v = around_one ? 1 + v / 4 : v / 8;
  }
  return t;
}

Digest digest(const std::string& name, const Tensor& torch) {
  const Tensor r = hashed_numbers("digest of " + name, torch.shape());
  double product = 0, square = 0;
  for (long k = 0; k < torch.size(); k++) {
    const auto v = static_cast<double>(torch[k]);
    product += v * static_cast<double>(r[k]), square += v * v;
  }
  return {product, std::sqrt(square)};
}

}  // namespace excite::golden
