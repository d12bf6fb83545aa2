// Optimizers: they use gradients to improve the parameters. Every step of Sgd and AdamW is the same
// as in PyTorch, up to rounding.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/var.h"

namespace excite {

// A parameter to train. Weight decay (an L2 penalty) applies to it only if `decays` is set: for
// weights always, for biases and the factors of batch norm on request.
struct Parameter {
  std::string name;
  Var var;
  bool decays;
  double lr_factor = 1;  // of the learning rate of a step
};

// The state of an optimizer in a checkpoint, by name: optimizer.momentum.conv1.weight.
using NamedTensors = std::vector<std::pair<std::string, Tensor*>>;

struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0;
};

// Stochastic gradient descent with momentum. With g = dw + weight_decay w:
//   m = momentum m + g
//   w = w - lr m,  or with nesterov (Nesterov, 1983)  w = w - lr (g + momentum m)
class Sgd {
 public:
  // Error if there is no parameter, or one twice.
  explicit Sgd(std::vector<Parameter> parameters, const SgdOptions& options = {});
  // Clears the gradients. Nothing is changed by an Error: if a parameter has no gradient, or
  // another shape than at construction, or if lr is not a finite number of at least 0.
  void step(double lr);
  NamedTensors state();  // the momentum of each parameter

 private:
  std::vector<Parameter> parameters_;
  std::vector<Tensor> momentum_;
  SgdOptions options_;
};

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0.01;
};

// Adam with decoupled weight decay (Kingma, Ba, arXiv 1412.6980; Loshchilov, Hutter,
// arXiv 1711.05101). With g = dw, at step t = 1, 2, ...:
//   m = beta1 m + (1 - beta1) g
//   v = beta2 v + (1 - beta2) g^2
//   w = (1 - lr weight_decay) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
class AdamW {
 public:
  // Errors as of Sgd.
  explicit AdamW(std::vector<Parameter> parameters, const AdamWOptions& options = {});
  void step(double lr);
  NamedTensors state();  // t is optimizer.step, a tensor of one number

 private:
  std::vector<Parameter> parameters_;
  std::vector<Tensor> m_, v_;
  Tensor t_;
  AdamWOptions options_;
};

struct MuonOptions {
  double momentum = 0.6;  // of the filters
  long newton_schulz_steps = 3;
  SgdOptions others{.momentum = 0.85};  // for all parameters but the filters
  double others_lr = 0.22;              // their learning rate, as a factor of that of the filters
};

// Muon (Jordan et al., 2024, with the constants of arXiv 2404.00498's code) for filters, and Sgd
// for all other parameters. Filters are the weights of convolutions larger than 1x1, which a batch
// norm must follow, because their norm is fixed. As a matrix, a filter w is [R S C/groups, K]. With
// g = dw:
//   m = momentum m + g,   u = g + momentum m
//   w = sqrt(K) w / norm(w) - lr newton_schulz(u)
class Muon {
 public:
  // Errors as of Sgd.
  explicit Muon(const std::vector<Parameter>& parameters, const MuonOptions& options = {});
  void step(double lr);
  NamedTensors state();  // the momentum of each parameter

 private:
  std::vector<Parameter> filters_;
  std::vector<Tensor> momentum_;
  std::optional<Sgd> others_;  // none if there are only filters
  MuonOptions options_;
};

// The nearest matrix with orthonormal rows or columns, nearly: the singular values of x become
// about
// 1. With X = x / norm(x), repeated: A = X X', X = a X + (b A + c A A) X with a, b, c = 3.4445,
// -4.775, 2.0315. x [M, N]; if M > N, the same for its transpose.
Tensor newton_schulz(const Tensor& x, long steps);

// One of the optimizers, chosen at run time.
using Optimizer = std::variant<Sgd, AdamW, Muon>;
void step(Optimizer& optimizer, double lr);
NamedTensors state(Optimizer& optimizer);

// Removes the gradients, as `step` does: for a step that is not taken, or gradients that were
// computed to look at them. backward adds to a gradient that is there.
void clear_gradients(const std::vector<Parameter>& parameters);
void clear_gradients(const std::vector<Var>& parameters);

// The norm of all gradients together: sqrt(sum of g^2 over all elements of all parameters). Summed
// in double and in a fixed order.
double gradient_norm(const std::vector<Parameter>& parameters);

// Multiplies all gradients by max_norm / (norm + 1e-6) if this is below 1, as PyTorch does. `norm`
// is their gradient_norm.
void clip_gradients(const std::vector<Parameter>& parameters, double max_norm, double norm);

}  // namespace excite
