// Operations on channels: scale, concatenate, slice and shuffle.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace excite {

// y[n, h, w, c] = s[n, c] u[n, h, w, c], with u [N, H, W, C] and s [N, C]; or, with one factor per
// channel, y[..., c] = s[c] u[..., c], with u of rank 2 to 4 and s [C]
Tensor scale_channels(const Tensor& u, const Tensor& s);
// [N, C]: ds[n, c] = sum over h, w of  dy[n, h, w, c] u[n, h, w, c]. Rank 2 has no h and w, so
// nothing is summed. The sums are in double.
Tensor scale_channels_ds(const Tensor& dy, const Tensor& u);

// Below, rows are all dimensions but the last.
// y[row, :] = the concatenation of all parts[i][row, :]
Tensor concat_rows(const std::vector<const Tensor*>& parts);
// y[row, :] = x[row, first : first + count]
Tensor slice_rows(const Tensor& x, long first, long count);
// The other way: y[row, first : first + count] = x[row, :] and 0 elsewhere, with count the channels
// of x and `channels` those of y
Tensor pad_rows(const Tensor& x, long first, long channels);

// y[row, i groups + g] = x[row, g C/groups + i]. Shuffling with C/groups groups is the inverse.
Tensor shuffle_rows(const Tensor& x, long groups);

}  // namespace excite
