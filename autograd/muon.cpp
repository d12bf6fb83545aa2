// Muon: SGD with momentum whose update of each filter is made orthogonal, so that it is equally
// large in all directions.
#include <algorithm>
#include <cmath>

#include "autograd/optimizer.h"
#include "autograd/optimizer_parts.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/matmul.h"

namespace excite {

namespace {

double norm(const Tensor& x) { return std::sqrt(dot(x, x)); }

bool is_filter(const Parameter& p) {
  const Shape& w = p.var.shape();
  return w.rank() == 4 && w[0] * w[1] > 1;
}

}  // namespace

Tensor newton_schulz(const Tensor& x, long steps) {
  require(x.shape().rank() == 2, "newton_schulz: x has shape ", x.shape(), ", expected a matrix");
  constexpr auto a = real(3.4445), b = real(-4.775), c = real(2.0315);
  const auto scale = static_cast<real>(1 / (norm(x) + 1e-7));
  Tensor y = map([=](real v) { return scale * v; }, x);
  const bool is_tall = x.dim(0) > x.dim(1);
  for (long i = 0; i < steps; i++) {
    const Tensor gram = is_tall ? matmul_transposed_a(y, y) : matmul_transposed_b(y, y);
    const Tensor polynomial =
        map([=](real g, real gg) { return b * g + c * gg; }, gram, matmul(gram, gram));
    const Tensor product = is_tall ? matmul(y, polynomial) : matmul(polynomial, y);
    map_into([=](real v, real p) { return a * v + p; }, y, product);
  }
  return y;
}

Muon::Muon(const std::vector<Parameter>& parameters, const MuonOptions& options)
    : options_(options) {
  checked(parameters);
  require<UsageError>(options.momentum >= 0 && options.momentum < 1, "muon: momentum ",
                      options.momentum, ", expected at least 0 and below 1");
  require<UsageError>(options.newton_schulz_steps >= 1, "muon: ", options.newton_schulz_steps,
                      " Newton-Schulz steps, expected at least 1");
  std::vector<Parameter> others;
  for (const Parameter& p : parameters) {
    (is_filter(p) ? filters_ : others).push_back(p);
    if (!is_filter(p)) others.back().lr_factor *= options.others_lr;
  }
  momentum_ = zeros_like(filters_);
  if (!others.empty()) others_.emplace(others, options.others);
}

void Muon::step(double lr) {
  require_step(lr, filters_, momentum_);
  if (others_) others_->step(lr);
  const auto keep = static_cast<real>(options_.momentum);
  for (std::size_t i = 0; i < filters_.size(); i++) {
    const Tensor g = take_gradient(filters_[i]);
    map_into([=](real m, real dw) { return keep * m + dw; }, momentum_[i], g);
    Tensor& w = filters_[i].var->value;
    const long channels = w.dim(3);
    Tensor u = map([=](real dw, real m) { return dw + keep * m; }, g, momentum_[i]);
    const Tensor update = newton_schulz(std::move(u).reshaped({w.size() / channels, channels}),
                                        options_.newton_schulz_steps)
                              .reshaped(w.shape());
    const auto scale =
        static_cast<real>(std::sqrt(static_cast<double>(channels)) / std::max(norm(w), 1e-12));
    const auto rate = static_cast<real>(lr * filters_[i].lr_factor);
    map_into([=](real v, real du) { return scale * v - rate * du; }, w, update);
  }
}

NamedTensors Muon::state() {
  NamedTensors all;
  add_state(all, "momentum", filters_, momentum_);
  if (others_)
    for (const auto& entry : others_->state()) all.push_back(entry);
  return all;
}

}  // namespace excite
