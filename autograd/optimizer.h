// What turns gradients into better weights. Both optimizers compute, step by step, what those of
// the same name in PyTorch do.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/var.h"

namespace excite {

// A parameter to train. Weight decay pulls it towards zero only if it `decays`: weights do, biases
// and batch-norm's factors only where asked to.
struct Parameter {
  std::string name;
  Var var;
  bool decays;
};

// What a checkpoint holds of an optimizer: optimizer.momentum.conv1.weight.
using NamedTensors = std::vector<std::pair<std::string, Tensor*>>;

struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0;
};

// Stochastic gradient descent with momentum. With g = dw + weight_decay w:
//   m = momentum m + g          w = w - lr m          or with Nesterov's (1983) look ahead  w = w -
//   lr (g + momentum m)
class Sgd {
 public:
  Sgd(std::vector<Parameter> trained, const SgdOptions& options);
  void step(double lr);  // takes the gradients away; a parameter without one is an Error
  NamedTensors state();

 private:
  std::vector<Parameter> trained_;
  std::vector<Tensor> momentum_;
  SgdOptions options_;
};

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0.01;
};

// Adam with decoupled weight decay (Kingma, Ba, arXiv 1412.6980; Loshchilov, Hutter, arXiv
// 1711.05101). With g = dw, at step t:
//   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
//   w = (1 - lr weight_decay) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
class AdamW {
 public:
  AdamW(std::vector<Parameter> trained, const AdamWOptions& options);
  void step(double lr);
  NamedTensors state();  // with t as optimizer.step, a tensor of one number

 private:
  std::vector<Parameter> trained_;
  std::vector<Tensor> m_, v_;
  Tensor t_;
  AdamWOptions options_;
};

using Optimizer = std::variant<Sgd, AdamW>;
void step(Optimizer& optimizer, double lr);
NamedTensors state(Optimizer& optimizer);

// The length of all gradients together: sqrt(sum over all of g^2), in double and in a fixed order.
double gradient_norm(const std::vector<Parameter>& trained);

// Makes all gradients together, whose length is `norm`, at most max_norm long (as PyTorch, with
// 1e-6 added to the norm).
void clip_gradients(const std::vector<Parameter>& trained, double max_norm, double norm);

}  // namespace excite
