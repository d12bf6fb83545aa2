// The whitening convolution of a network: its outputs are uncorrelated over the patches of the
// training images, and of equal size. So learning starts at once.
#pragma once
#include <vector>

#include "models/model.h"
#include "tools/data/dataset.h"
#include "tools/data/normalization.h"
#include "tools/data/resize_crop.h"

namespace excite {

// Eigenvalues, in ascending order; vectors[k * n + i] is component i of the eigenvector of
// values[k].
struct Eigen {
  std::vector<double> values, vectors;
};
// Of a symmetric matrix [n, n], row-major, by Jacobi's rotations.
Eigen symmetric_eigen(std::vector<double> matrix, long n);

// If the model has a buffer whiten.weight [R, S, 3, K]: sets its filters to v / sqrt(value + 5e-4)
// for each eigenvector v of the second moments of the patches R x S of the first 5,000 normalized
// images, and to their negatives. Does nothing for other models. Error unless K = 2 R S 3.
void whiten(const Model& model, const Dataset& dataset, const Normalization& normalization,
            const ResizeCrop& resize_crop = {});

}  // namespace excite
