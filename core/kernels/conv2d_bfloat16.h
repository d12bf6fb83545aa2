// Convolution for inference with its products in bfloat16: each number of x, or of its Winograd
// transform, and of the weight is rounded to bfloat16, and the products are added in float. It is
// up to twice as fast as float. Relative to the root mean square of y, the root mean square error
// is about 0.3 % for the direct convolution and 1 % for Winograd's.
#pragma once
#include "core/kernels/conv2d.h"
#include "core/kernels/conv2d_fusion.h"

namespace excite {

// Error unless this build has bfloat16 products: it is a float build for a CPU with AVX512-BF16.
void require_bfloat16();

// Whether the input channels of a group are pairs, and enough of them to be worth the rounding.
bool bfloat16_supports(const Conv2dShape& shape);

// From the packed weights of conv2d_direct.h and conv2d_winograd.h.
Buffer direct_weight_in_bfloat16(const Conv2dShape& shape, const Buffer& packed_weight);
Buffer winograd_weight_in_bfloat16(const Conv2dShape& shape, const Buffer& packed_weight);

// These throw the Error of require_bfloat16, too.
Tensor conv2d_direct_bfloat16(const Conv2dShape& shape, const Tensor& x, const Buffer& weight,
                              const Epilogue& epilogue);
Tensor conv2d_winograd_bfloat16(const Conv2dShape& shape, const Tensor& x, const Buffer& weight,
                                const Epilogue& epilogue);

}  // namespace excite
