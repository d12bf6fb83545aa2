// Operations that do the work of several, in fewer passes over memory: each is its formula, and held to it in value and gradients. u and shortcut are
// pictures. They belong to the catalogue, but whoever reads to understand can leave them out, and their pages in fused.cpp.
#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "autograd/ops.h"
#include "core/kernels/fused.h"

namespace excite {

// Pictures and their moments, where the operation that made them has summed up what it wrote; any Var will do.
struct Measured {
  Var u;
  std::shared_ptr<const PictureMoments> moments;  // null: they are taken when they are wanted
  Measured(Var pictures, std::shared_ptr<const PictureMoments> known = nullptr) : u(std::move(pictures)), moments(std::move(known)) {}
};
// conv2d(x, w)
Measured measured_conv2d(const Var& x, const Var& w, const Conv2dOptions& options = {});
// relu(batch_norm(u))
Var batch_norm_relu(const Measured& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var,
                    double eps = batch_norm_eps, double momentum = batch_norm_momentum);
// conv2d(relu(batch_norm(u)), w)
Measured batch_norm_relu_conv2d(const Measured& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, const Var& w,
                                const Conv2dOptions& options = {}, double eps = batch_norm_eps, double momentum = batch_norm_momentum);
// relu(scale_channels(z, gate(global_avg_pool(z))) + shortcut)  where z = batch_norm(u); without a gate, relu(z + shortcut)
using Gate = std::function<Var(const Var& squeezed)>;          // [N, C] -> [N, C]
Var block_tail(const Measured& u, const Var& gamma, const Var& beta, const Var& running_mean, const Var& running_var, const Gate& gate,
               const Var& shortcut, double eps = batch_norm_eps, double momentum = batch_norm_momentum);

}  // namespace excite
