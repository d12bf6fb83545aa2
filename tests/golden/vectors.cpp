#include "tests/golden/vectors.h"

#include <array>
#include <cmath>
#include <cstdint>

#include "core/files/crc.h"

namespace excite::golden {

namespace {

// Axis i of the result is axis order[i] of x.
Tensor permuted(const Tensor& x, const std::array<int, 4>& order) {
  const auto dim = [&](int i) { return x.dim(order[i]); };
  Tensor y({dim(0), dim(1), dim(2), dim(3)});
  std::array<long, 4> step{1, 1, 1, 1};  // the strides of x
  for (std::size_t axis = 3; axis > 0; axis--)
    step[axis - 1] = step[axis] * x.dim(static_cast<int>(axis));
  const auto stride = [&](std::size_t i) { return step[order[i]]; };
  long to = 0;
  for (long a = 0; a < dim(0); a++)
    for (long b = 0; b < dim(1); b++)
      for (long c = 0; c < dim(2); c++)
        for (long d = 0; d < dim(3); d++)
          y[to++] = x[a * stride(0) + b * stride(1) + c * stride(2) + d * stride(3)];
  return y;
}

Tensor transposed(const Tensor& x) {
  Tensor y({x.dim(1), x.dim(0)});
  for (long i = 0; i < x.dim(0); i++)
    for (long j = 0; j < x.dim(1); j++) y[j * x.dim(0) + i] = x[i * x.dim(1) + j];
  return y;
}

}  // namespace

SafetensorsFile open(const std::string& file) { return SafetensorsFile("tests/golden/" + file); }

Tensor to_ours(const Tensor& torch, Layout layout) {
  switch (layout) {
    case Layout::images: return permuted(torch, {0, 2, 3, 1});
    case Layout::conv_weight: return permuted(torch, {2, 3, 1, 0});
    case Layout::linear_weight: return transposed(torch);
    case Layout::same: break;
  }
  return torch.clone();
}

Tensor to_torch(const Tensor& ours, Layout layout) {
  switch (layout) {
    case Layout::images: return permuted(ours, {0, 3, 1, 2});
    case Layout::conv_weight: return permuted(ours, {3, 2, 0, 1});
    case Layout::linear_weight: return transposed(ours);
    case Layout::same: break;
  }
  return ours.clone();
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
