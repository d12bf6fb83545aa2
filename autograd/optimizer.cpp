#include "autograd/optimizer.h"

#include <cmath>

#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

namespace {

std::vector<Tensor> zeros_like(const std::vector<Parameter>& trained) {
  std::vector<Tensor> all;
  for (const Parameter& t : trained) all.push_back(zeros(t.var.shape()));
  return all;
}

Tensor take_gradient(const Parameter& t) {
  require(!t.var->grad.empty(), "optimizer: ", t.name, " ", t.var.shape(),
          " has no gradient; was it used by the loss, and backward called?");
  return std::exchange(t.var->grad, Tensor());
}

void add_state(NamedTensors& state, const std::string& what, const std::vector<Parameter>& trained,
               std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < trained.size(); i++)
    state.emplace_back("optimizer." + what + "." + trained[i].name, &tensors[i]);
}

}  // namespace

// Momentum that starts from zero gives the first step's m = g.
Sgd::Sgd(std::vector<Parameter> trained, const SgdOptions& options)
    : trained_(std::move(trained)), momentum_(zeros_like(trained_)), options_(options) {
  require<UsageError>(options.momentum >= 0 && options.momentum < 1, "sgd: momentum ",
                      options.momentum, ", expected at least 0 and below 1");
  require<UsageError>(!options.nesterov || options.momentum > 0,
                      "sgd: Nesterov's look ahead needs a momentum, but it is 0");
  require<UsageError>(options.weight_decay >= 0, "sgd: weight decay ", options.weight_decay,
                      ", expected at least 0");
}

void Sgd::step(double lr) {
  const auto rate = static_cast<real>(lr), keep = static_cast<real>(options_.momentum);
  const real from_g = options_.nesterov ? 1 : 0, from_m = options_.nesterov ? keep : 1;
  for (std::size_t i = 0; i < trained_.size(); i++) {
    const Tensor gradient = take_gradient(trained_[i]);
    const auto decay = static_cast<real>(trained_[i].decays ? options_.weight_decay : 0);
    Tensor& w = trained_[i].var->value;
    Tensor& m = momentum_[i];
    for_pieces(w.size(), [&](long begin, long end) {
      for (long k = begin; k < end; k++) {
        const real g = gradient[k] + decay * w[k];
        m[k] = keep * m[k] + g;
        w[k] -= rate * (from_g * g + from_m * m[k]);
      }
    });
  }
}

NamedTensors Sgd::state() {
  NamedTensors all;
  add_state(all, "momentum", trained_, momentum_);
  return all;
}

AdamW::AdamW(std::vector<Parameter> trained, const AdamWOptions& options)
    : trained_(std::move(trained)),
      m_(zeros_like(trained_)),
      v_(zeros_like(trained_)),
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
  t_[0] += 1;
  const auto t = static_cast<double>(t_[0]);
  const auto beta1 = static_cast<real>(options_.beta1), beta2 = static_cast<real>(options_.beta2),
             eps = static_cast<real>(options_.eps);
  const auto rate = static_cast<real>(lr / (1 - std::pow(options_.beta1, t)));
  const auto unbias = static_cast<real>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  for (std::size_t i = 0; i < trained_.size(); i++) {
    const Tensor gradient = take_gradient(trained_[i]);
    const auto keep = static_cast<real>(1 - (trained_[i].decays ? lr * options_.weight_decay : 0));
    Tensor &w = trained_[i].var->value, &m = m_[i], &v = v_[i];
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
  add_state(all, "m", trained_, m_);
  add_state(all, "v", trained_, v_);
  return all;
}

void step(Optimizer& optimizer, double lr) {
  std::visit([=](auto& o) { o.step(lr); }, optimizer);
}

NamedTensors state(Optimizer& optimizer) {
  return std::visit([](auto& o) { return o.state(); }, optimizer);
}

double gradient_norm(const std::vector<Parameter>& trained) {
  double squares = 0;
  for (const Parameter& t : trained) squares += dot(t.var->grad, t.var->grad);
  return std::sqrt(squares);
}

void clip_gradients(const std::vector<Parameter>& trained, double max_norm, double norm) {
  require<UsageError>(max_norm > 0, "clipping: norm ", max_norm, ", expected above 0");
  const auto factor = static_cast<real>(max_norm / (norm + 1e-6));
  if (!(factor < 1)) return;
  for (const Parameter& t : trained) map_into([=](real g) { return factor * g; }, t.var->grad);
}

}  // namespace excite
