// Every way to compute a convolution, side by side, for whoever compares them.
#pragma once
#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_blas.h"
#include "core/kernels/conv2d_reference.h"
#include "core/kernels/conv2d_winograd.h"

namespace excite {

struct Conv2dWay {
  const char* name;
  Tensor (*y)(const Conv2dShape&, const Tensor& x, const Tensor& w);
  Tensor (*dx)(const Conv2dShape&, const Tensor& dy, const Tensor& w);
  Tensor (*dw)(const Conv2dShape&, const Tensor& x, const Tensor& dy);
};

inline constexpr Conv2dWay by_loops{"loops", conv2d_loops, conv2d_loops_dx, conv2d_loops_dw};
inline constexpr Conv2dWay by_gemm{"gemm", conv2d_gemm, conv2d_gemm_dx, conv2d_gemm_dw};
inline constexpr Conv2dWay by_direct{"direct", conv2d_direct, conv2d_direct_dx, conv2d_direct_dw};
inline constexpr Conv2dWay by_winograd{"winograd", conv2d_winograd, conv2d_winograd_dx, conv2d_winograd_dw};

}  // namespace excite
