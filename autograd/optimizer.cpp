#include "autograd/optimizer.h"

#include <cmath>

#include "autograd/parameter_owner.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

std::vector<Tensor> zeros_like(const std::vector<Parameter>& parameters) {
  std::vector<Tensor> all;
  for (const Parameter& p : parameters) all.push_back(zeros(p.var.shape()));
  return all;
}

Tensor take_gradient(const Parameter& p) {
  require(!p.var->grad.empty(), "optimizer: ", p.name, " ", p.var.shape(),
          " has no gradient; call backward first, on a loss that depends on it");
  return std::exchange(p.var->grad, Tensor());
}

void add_state(NamedTensors& state, const std::string& kind,
               const std::vector<Parameter>& parameters, std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < parameters.size(); i++)
    state.emplace_back("optimizer." + kind + "." + parameters[i].name, &tensors[i]);
}

}  // namespace

// m starts from zero, so the first step has m = g.
Sgd::Sgd(std::vector<Parameter> parameters, const SgdOptions& options)
    : parameters_(std::move(parameters)), momentum_(zeros_like(parameters_)), options_(options) {
  for (const Parameter& p : parameters_) mark_as_listed(p.var);
  require<UsageError>(options.momentum >= 0 && options.momentum < 1, "sgd: momentum ",
                      options.momentum, ", expected at least 0 and below 1");
  require<UsageError>(!options.nesterov || options.momentum > 0,
                      "sgd: Nesterov momentum with momentum 0, expected above 0");
  require<UsageError>(options.weight_decay >= 0, "sgd: weight decay ", options.weight_decay,
                      ", expected at least 0");
}

void Sgd::step(double lr) {
  const auto rate = static_cast<real>(lr), keep = static_cast<real>(options_.momentum);
  const real g_factor = options_.nesterov ? 1 : 0, m_factor = options_.nesterov ? keep : 1;
  for (std::size_t i = 0; i < parameters_.size(); i++) {
    const Tensor gradient = take_gradient(parameters_[i]);
    const auto decay = static_cast<real>(parameters_[i].decays ? options_.weight_decay : 0);
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
    : parameters_(std::move(parameters)),
      m_(zeros_like(parameters_)),
      v_(zeros_like(parameters_)),
      t_(zeros({})),
      options_(options) {
  for (const Parameter& p : parameters_) mark_as_listed(p.var);
  require<UsageError>(
      options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1,
      "adamw: betas ", options.beta1, " and ", options.beta2, ", expected at least 0 and below 1");
  require<UsageError>(options.eps > 0, "adamw: eps ", options.eps, ", expected above 0");
  require<UsageError>(options.weight_decay >= 0, "adamw: weight decay ", options.weight_decay,
                      ", expected at least 0");
}

void AdamW::step(double lr) {
  t_[0] += 1;
  const auto t = static_cast<double>(t_[0]);
  const auto beta1 = static_cast<real>(options_.beta1), beta2 = static_cast<real>(options_.beta2),
             eps = static_cast<real>(options_.eps);
  const auto rate = static_cast<real>(lr / (1 - std::pow(options_.beta1, t)));
  const auto unbias = static_cast<real>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  for (std::size_t i = 0; i < parameters_.size(); i++) {
    const Tensor gradient = take_gradient(parameters_[i]);
    const auto keep =
        static_cast<real>(1 - (parameters_[i].decays ? lr * options_.weight_decay : 0));
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
  if (!(factor < 1)) return;
  for (const Parameter& p : parameters) map_into([=](real g) { return factor * g; }, p.var->grad);
}

}  // namespace excite
