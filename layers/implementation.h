// How the layers of a model compute. All choices give equal results up to rounding. A Model gets
// its Implementation when it is built (models/model.h).
#pragma once
#include "core/kernels/conv2d.h"
#include "layers/module.h"

namespace excite {

class FoldedLayers;

struct Implementation {
  // Blocks run their fused implementation (layers/block.h). If false, they run their definition.
  bool fused = true;
  // The algorithm of every convolution. Fused blocks need `automatic`; with any other algorithm,
  // blocks run their definition.
  Conv2dAlgorithm conv = Conv2dAlgorithm::automatic;
  // In inference: the convolutions that contain the batch norm after them (layers/fused/folded.h).
  FoldedLayers* folded = nullptr;

  // In evaluation without folded layers, a graph may be recorded, so blocks run their definition.
  bool is_fused(Mode mode) const {
    return fused && conv == Conv2dAlgorithm::automatic && (mode == Mode::train || folded);
  }
};

// The implementation in use on this thread; by default Implementation().
const Implementation& implementation();

// While one exists, layers on this thread use the given implementation.
class UseImplementation {
 public:
  explicit UseImplementation(const Implementation& used);
  ~UseImplementation();
  UseImplementation(const UseImplementation&) = delete;
  UseImplementation& operator=(const UseImplementation&) = delete;

 private:
  Implementation outer_;
};

// The layer's own algorithm, or if that is `automatic`, the one in use on this thread.
Conv2dOptions with_algorithm_in_use(Conv2dOptions options);

}  // namespace excite
