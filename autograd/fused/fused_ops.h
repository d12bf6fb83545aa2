// Fused operations: each computes several operations of ops.h in one, and reads and writes memory
// less often. The comment of each is its formula, and a test compares value and gradients with it.
// u and shortcut are images, [N, H, W, C]. Networks can be understood, and trained, without them.
#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "autograd/ops.h"
#include "core/kernels/fused.h"

namespace excite {

// Images and their moments, if the operation that computed them has summed up what it wrote. Any
// Var converts to it.
struct ConvOutput {
  Var u;
  std::shared_ptr<const ImageMoments> moments;  // null: computed when needed
  ConvOutput(Var images, std::shared_ptr<const ImageMoments> known = nullptr)
      : u(std::move(images)), moments(std::move(known)) {}
};

// conv2d(x, w)
ConvOutput conv2d_with_moments(const Var& x, const Var& w, const Conv2dOptions& options = {});

// relu(batch_norm(u))
Var batch_norm_relu(const ConvOutput& u, const Var& gamma, const Var& beta, const Var& running_mean,
                    const Var& running_var, double eps = batch_norm_eps,
                    double momentum = batch_norm_momentum);

// conv2d(relu(batch_norm(u)), w)
ConvOutput batch_norm_relu_conv2d(const ConvOutput& u, const Var& gamma, const Var& beta,
                                  const Var& running_mean, const Var& running_var, const Var& w,
                                  const Conv2dOptions& options = {}, double eps = batch_norm_eps,
                                  double momentum = batch_norm_momentum);

// With z = batch_norm(u): relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut), or without
// a gate relu(z + shortcut).
using Gate = std::function<Var(const Var& squeezed)>;  // [N, C] -> [N, C]
Var bn_se_add_relu(const ConvOutput& u, const Var& gamma, const Var& beta, const Var& running_mean,
                   const Var& running_var, const Gate& gate, const Var& shortcut,
                   double eps = batch_norm_eps, double momentum = batch_norm_momentum);

}  // namespace excite
