#include "autograd/optimizer.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "autograd/optimizer_parts.h"
#include "autograd/parameter_owner.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

// Why p has no gradient, though the optimizer needs one.
std::string no_gradient(const Parameter& p, const std::vector<Parameter>& all) {
  const std::string what = text("optimizer: ", p.name, " ", p.var.shape());
  if (!p.var.requires_grad())
    return what +
           " is frozen (its requires_grad is false), so it has no gradient; leave it out of the "
           "optimizer's parameters, or set its requires_grad";
  const auto others = std::count_if(all.begin(), all.end(),
                                    [](const Parameter& q) { return !q.var->grad.empty(); });
  if (others == 0)
    return text(what, " has no gradient, and neither has any of the ", all.size(),
                " parameters; call backward before each step: a step clears the gradients, also "
                "those of another optimizer with the same parameters");
  return text(what, " has no gradient, but ", others, " of ", all.size(),
              " parameters have one; call backward on a loss that depends on it, or leave it out "
              "of the optimizer's parameters");
}

}  // namespace

std::vector<Tensor> zeros_like(const std::vector<Parameter>& parameters) {
  std::vector<Tensor> all;
  for (const Parameter& p : parameters) all.push_back(zeros(p.var.shape()));
  return all;
}

std::vector<Parameter> checked(std::vector<Parameter> parameters) {
  require(!parameters.empty(),
          "optimizer: there are no parameters to train; parameters(net) lists what the module "
          "registered with own, weight or bias in its member initializers");
  std::unordered_map<const Node*, std::size_t> seen;
  for (std::size_t i = 0; i < parameters.size(); i++) {
    const Parameter& p = parameters[i];
    const auto [first, is_new] = seen.emplace(&*p.var, i);
    require(is_new, "optimizer: parameters ", first->second, " and ", i, ", ",
            parameters[first->second].name, " and ", p.name,
            ", are the same one, expected each of them once");
    mark_as_listed(p.var);
  }
  return parameters;
}

void require_step(double lr, const std::vector<Parameter>& parameters,
                  const std::vector<Tensor>& state) {
  require<UsageError>(lr >= 0 && std::isfinite(lr), "optimizer: learning rate ", lr,
                      ", expected a finite number of at least 0");
  for (std::size_t i = 0; i < parameters.size(); i++) {
    const Parameter& p = parameters[i];
    if (p.var->grad.empty()) throw Error(no_gradient(p, parameters));
    const Shape &now = p.var.shape(), &then = state[i].shape(), &of_grad = p.var->grad.shape();
    require(now == then && of_grad == then, "optimizer: ", p.name, " has shape ", now,
            " and its gradient ", of_grad, ", but it had ", then,
            " when the optimizer was made; make the optimizer after the last change of a shape");
  }
}

Tensor take_gradient(const Parameter& p) { return std::exchange(p.var->grad, Tensor()); }

void add_state(NamedTensors& state, const std::string& kind,
               const std::vector<Parameter>& parameters, std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < parameters.size(); i++)
    state.emplace_back("optimizer." + kind + "." + parameters[i].name, &tensors[i]);
}

// m starts from zero, so the first step has m = g.
Sgd::Sgd(std::vector<Parameter> parameters, const SgdOptions& options)
    : parameters_(checked(std::move(parameters))),
      momentum_(zeros_like(parameters_)),
      options_(options) {
  require<UsageError>(options.momentum >= 0 && options.momentum < 1, "sgd: momentum ",
                      options.momentum, ", expected at least 0 and below 1");
  require<UsageError>(!options.nesterov || options.momentum > 0,
                      "sgd: Nesterov momentum with momentum 0, expected above 0");
  require<UsageError>(options.weight_decay >= 0, "sgd: weight decay ", options.weight_decay,
                      ", expected at least 0");
}

void Sgd::step(double lr) {
  require_step(lr, parameters_, momentum_);
  const auto keep = static_cast<real>(options_.momentum);
  const real g_factor = options_.nesterov ? 1 : 0, m_factor = options_.nesterov ? keep : 1;
  for (std::size_t i = 0; i < parameters_.size(); i++) {
    const Tensor gradient = take_gradient(parameters_[i]);
    const auto decay = static_cast<real>(parameters_[i].decays ? options_.weight_decay : 0);
    const auto rate = static_cast<real>(lr * parameters_[i].lr_factor);
    Tensor& w = parameters_[i].var->value;
    Tensor& m = momentum_[i];
    for_pieces(w.size(), [&](long begin, long end) {
      for (long k = begin; k < end; k++) {
        const real g = gradient[k] + decay * w[k];
        m[k] = keep * m[k] + g;
        w[k] -= rate * (g_factor * g + m_factor * m[k]);
      }
    });
  }
}

NamedTensors Sgd::state() {
  NamedTensors all;
  add_state(all, "momentum", parameters_, momentum_);
  return all;
}

AdamW::AdamW(std::vector<Parameter> parameters, const AdamWOptions& options)
    : parameters_(checked(std::move(parameters))),
      m_(zeros_like(parameters_)),
      v_(zeros_like(parameters_)),
      t_(zeros({})),
      options_(options) {
  require<UsageError>(
      options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1,
      "adamw: betas ", options.beta1, " and ", options.beta2, ", expected at least 0 and below 1");
  require<UsageError>(options.eps > 0, "adamw: eps ", options.eps, ", expected above 0");
  require<UsageError>(options.weight_decay >= 0, "adamw: weight decay ", options.weight_decay,
                      ", expected at least 0");
}

void AdamW::step(double lr) {
  require_step(lr, parameters_, m_);
  t_[0] += 1;
  const auto t = static_cast<double>(t_[0]);
  const auto beta1 = static_cast<real>(options_.beta1), beta2 = static_cast<real>(options_.beta2),
             eps = static_cast<real>(options_.eps);
  const auto unbias = static_cast<real>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  for (std::size_t i = 0; i < parameters_.size(); i++) {
    const Tensor gradient = take_gradient(parameters_[i]);
    const double lr_of_p = lr * parameters_[i].lr_factor;
    const auto rate = static_cast<real>(lr_of_p / (1 - std::pow(options_.beta1, t)));
    const auto keep =
        static_cast<real>(1 - (parameters_[i].decays ? lr_of_p * options_.weight_decay : 0));
    Tensor &w = parameters_[i].var->value, &m = m_[i], &v = v_[i];
    for_pieces(w.size(), [&](long begin, long end) {
      for (long k = begin; k < end; k++) {
        const real g = gradient[k];
        m[k] = beta1 * m[k] + (1 - beta1) * g;
        v[k] = beta2 * v[k] + (1 - beta2) * g * g;
        w[k] = keep * w[k] - rate * m[k] / (unbias * std::sqrt(v[k]) + eps);
      }
    });
  }
}

NamedTensors AdamW::state() {
  NamedTensors all{{"optimizer.step", &t_}};
  add_state(all, "m", parameters_, m_);
  add_state(all, "v", parameters_, v_);
  return all;
}

void step(Optimizer& optimizer, double lr) {
  std::visit([=](auto& o) { o.step(lr); }, optimizer);
}

NamedTensors state(Optimizer& optimizer) {
  return std::visit([](auto& o) { return o.state(); }, optimizer);
}

void clear_gradients(const std::vector<Parameter>& parameters) {
  for (const Parameter& p : parameters) p.var->grad = Tensor();
}

void clear_gradients(const std::vector<Var>& parameters) {
  for (const Var& p : parameters) p->grad = Tensor();
}

double gradient_norm(const std::vector<Parameter>& parameters) {
  double squares = 0;
  for (const Parameter& p : parameters) squares += dot(p.var->grad, p.var->grad);
  return std::sqrt(squares);
}

void clip_gradients(const std::vector<Parameter>& parameters, double max_norm, double norm) {
  require<UsageError>(max_norm > 0, "clipping: norm ", max_norm, ", expected above 0");
  const auto factor = static_cast<real>(max_norm / (norm + 1e-6));
  if (factor >= 1) return;  // a NaN goes on, and makes every gradient NaN
  for (const Parameter& p : parameters) map_into([=](real g) { return factor * g; }, p.var->grad);
}

}  // namespace excite
