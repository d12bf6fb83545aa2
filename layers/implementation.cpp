#include "layers/implementation.h"

#include <utility>

namespace excite {

namespace {
thread_local Implementation in_use;
}  // namespace

const Implementation& implementation() { return in_use; }

UseImplementation::UseImplementation(const Implementation& used)
    : outer_(std::exchange(in_use, used)) {}
UseImplementation::~UseImplementation() { in_use = outer_; }

Conv2dOptions with_algorithm_in_use(Conv2dOptions options) {
  if (options.algorithm == Conv2dAlgorithm::automatic) options.algorithm = in_use.conv;
  return options;
}

}  // namespace excite
