// All convolution algorithms in one form, to test and compare them. conv2d itself chooses by shape.
#pragma once
#include "core/kernels/conv2d_blas.h"
#include "core/kernels/conv2d_direct.h"
#include "core/kernels/conv2d_reference.h"
#include "core/kernels/conv2d_winograd.h"

namespace excite {

struct Conv2dFunctions {
  const char* name;
  Tensor (*y)(const Conv2dShape&, const Tensor& x, const Tensor& w);
  Tensor (*dx)(const Conv2dShape&, const Tensor& dy, const Tensor& w);
  Tensor (*dw)(const Conv2dShape&, const Tensor& x, const Tensor& dy);
  // dx += the gradient, in one pass over dx; null if the algorithm has no such function.
  void (*add_dx)(const Conv2dShape&, const Tensor& dy, const Tensor& w, Tensor& dx) = nullptr;
};

inline constexpr Conv2dFunctions reference_conv2d{"reference", conv2d_reference,
                                                  conv2d_reference_dx, conv2d_reference_dw};
inline constexpr Conv2dFunctions blas_conv2d{"blas", conv2d_blas, conv2d_blas_dx, conv2d_blas_dw};
inline constexpr Conv2dFunctions direct_conv2d{"direct", conv2d_direct, conv2d_direct_dx,
                                               conv2d_direct_dw, conv2d_direct_add_dx};
// For shapes that winograd_supports alone.
inline constexpr Conv2dFunctions winograd_conv2d{"winograd", conv2d_winograd, conv2d_winograd_dx,
                                                 conv2d_winograd_dw, conv2d_winograd_add_dx};

// The functions of an algorithm; for `automatic` those of direct, which take any shape.
inline const Conv2dFunctions& conv2d_functions(Conv2dAlgorithm algorithm) {
  switch (algorithm) {
    case Conv2dAlgorithm::reference: return reference_conv2d;
    case Conv2dAlgorithm::blas: return blas_conv2d;
    case Conv2dAlgorithm::winograd: return winograd_conv2d;
    case Conv2dAlgorithm::automatic:
    case Conv2dAlgorithm::direct: break;
  }
  return direct_conv2d;
}

}  // namespace excite
