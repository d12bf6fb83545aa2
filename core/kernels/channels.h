// Loops over the channels of images: one factor per image and channel, and putting channels side by
// side or in another order.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

// y[n, h, w, c] = s[n, c] u[n, h, w, c]
Tensor scale_channels(const Tensor& u, const Tensor& s);
// ds[n, c] = sum over h, w of  dy[n, h, w, c] u[n, h, w, c]
Tensor scale_channels_ds(const Tensor& dy, const Tensor& u);

// y[row, :] = the parts' rows one after the other
Tensor concat_rows(const std::vector<const Tensor*>& parts);
// y[row, :] = x[row, first : first + count]
Tensor slice_rows(const Tensor& x, long first, long count);

// y[row, i groups + g] = x[row, g C/groups + i]; undone by shuffling with C/groups groups.
Tensor shuffle_rows(const Tensor& x, long groups);

}  // namespace excite
