// What the files of the direct convolution share: lists of taps, and groups that were merged.
#pragma once
#include <algorithm>
#include <vector>

#include "core/kernels/conv2d.h"
#include "core/kernels/microkernel.h"

namespace excite {

// Groups with fewer output channels than a vector are merged into wide groups. In a wide group, the
// weights between channels of different groups are zero.
struct Groups {
  long count, merged;  // wide groups, and groups merged into each
  long in, out;        // input and output channels of a wide group
  Groups(long groups, long in_per_group, long out_per_group) : merged(1) {
    while (merged < groups && (merged * out_per_group < lanes || groups % merged)) merged++;
    count = groups / merged, in = merged * in_per_group, out = merged * out_per_group;
  }
};

// Output pixels on a grid of rows x cols. Pixel (i, j) of the grid reads the input at
//   (i, j) * step_in + (tap.row, tap.col)
// for every tap, unless that is outside the image, and is written to the output at
//   (i, j) * step_out + first_out.
struct Tap {
  long row, col, weight;  // weight: the index r * S + s in the kernel
};
struct Grid {
  long rows, cols;
  Size2 step_out, first_out, step_in;
  std::vector<Tap> taps;
};

struct ImageSize {
  long n, h, w, c;
};

inline Grid forward_grid(const Conv2dShape& q) {
  Grid g{q.oh, q.ow, 1, 0, q.stride, {}};
  for (long r = 0; r < q.r; r++)
    for (long s = 0; s < q.s; s++)
      g.taps.push_back({r * q.dilation.h - q.pad.h, s * q.dilation.w - q.pad.w, r * q.s + s});
  return g;
}

// Calls body(at, first, count) for each run of a group's columns that is contiguous in the packed
// weight: the `count` columns from the group's column `first` on are packed from column `at` on.
// The group begins at column `begin` of its wide group.
template <class Body>
void for_packed_runs(long begin, long columns, const Body& body) {
  constexpr long panel = tile_vectors * lanes;
  for (long k = 0; k < columns;) {
    const long count = std::min(columns - k, panel - (begin + k) % panel);
    body(begin + k, k, count);
    k += count;
  }
}

}  // namespace excite
