// One function per operation: the value, and right below it the gradient. In comments dy stands for
// y.grad = d loss / d y, and dx for d loss / d x, which is added to the gradient of an input x.
// Loops over elements are in core/kernels.
#include "autograd/ops.h"

#include <cmath>
#include <utility>

#include "autograd/conv2d_node.h"
#include "autograd/shape_checks.h"
#include "core/batch_random.h"
#include "core/check.h"
#include "core/kernels/channels.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/embedding.h"
#include "core/kernels/matmul.h"
#include "core/kernels/shift.h"
#include "core/random.h"
#include "core/shared_batch.h"

namespace excite {

namespace {
constexpr Arithmetic linear_op{.is_linear = true};

OpOption sizes(const char* name, const Size2& size) {
  return {name, {static_cast<double>(size.h), static_cast<double>(size.w)}};
}
std::vector<OpOption> pool_options(const Pool2dOptions& o) {
  return {sizes("kernel", o.kernel),
          sizes("stride", o.stride),
          sizes("pad", o.pad),
          {"count_padding", {o.count_padding ? 1.0 : 0.0}}};
}
}  // namespace

// ---- arithmetic ----

Var add(const Var& a, const Var& b) {
  require_same("add", a, b);
  Tensor value = map([](real u, real v) { return u + v; }, a->value, b->value);
  return result("add", std::move(value), {a, b}, linear_op, [=](Node& y) {
    if (a.requires_grad()) a.add_grad(y.grad.clone());
    b.add_grad(std::move(y.grad));
  });
}

Var sub(const Var& a, const Var& b) {
  require_same("sub", a, b);
  Tensor value = map([](real u, real v) { return u - v; }, a->value, b->value);
  return result("sub", std::move(value), {a, b}, linear_op, [=](Node& y) {
    if (b.requires_grad()) b.add_grad(map([](real dy) { return -dy; }, y.grad));
    a.add_grad(std::move(y.grad));
  });
}

// da = b dy, db = a dy
Var mul(const Var& a, const Var& b) {
  require_same("mul", a, b);
  const auto times = [](real u, real v) { return u * v; };
  Tensor value = map(times, a->value, b->value);
  return result("mul", std::move(value), {a, b}, [=](Node& y) {
    if (a.requires_grad()) a.add_grad(map(times, y.grad, b->value));
    if (b.requires_grad()) b.add_grad(map(times, y.grad, a->value));
  });
}

// y = a / b: da = dy / b, db = -dy y / b
Var div(const Var& a, const Var& b) {
  require_same("div", a, b);
  const auto over = [](real u, real v) { return u / v; };
  Tensor value = map(over, a->value, b->value);
  return result("div", std::move(value), {a, b}, [=](Node& y) {
    if (a.requires_grad()) a.add_grad(map(over, y.grad, b->value));
    if (b.requires_grad())
      b.add_grad(
          map([](real dy, real q, real v) { return -dy * q / v; }, y.grad, y.value, b->value));
  });
}

Var scale(const Var& x, real factor) {
  const auto times = [=](real v) { return factor * v; };
  Tensor value = map(times, x->value);
  const Var out = result("scale", std::move(value), {x}, linear_op,
                         [=](Node& y) { x.add_grad(map(times, y.grad)); });
  return with_options(out, {{"factor", {static_cast<double>(factor)}}});
}

// max(NaN, 0) is NaN here, so that a value that is not finite is not hidden. There dx = dy, as in
// PyTorch.
Var relu(const Var& x) {
  Tensor value = map([](real v) { return v < 0 ? real(0) : v; }, x->value);
  return result("relu", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real v) { return v <= 0 ? real(0) : dy; }, y.grad, y.value));
  });
}

// s' = s (1 - s)
Var sigmoid(const Var& x) {
  Tensor value = map([](real v) { return 1 / (1 + std::exp(-v)); }, x->value);
  return result("sigmoid", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real s) { return dy * s * (1 - s); }, y.grad, y.value));
  });
}

// t' = 1 - t^2
Var tanh(const Var& x) {
  Tensor value = map([](real v) { return std::tanh(v); }, x->value);
  return result("tanh", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real t) { return dy * (1 - t * t); }, y.grad, y.value));
  });
}

Var exp(const Var& x) {
  Tensor value = map([](real v) { return std::exp(v); }, x->value);
  return result("exp", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real e) { return dy * e; }, y.grad, y.value));
  });
}

// y' = p x^(p - 1)
Var pow(const Var& x, real exponent) {
  Tensor value = map([=](real v) { return std::pow(v, exponent); }, x->value);
  const Var out = result("pow", std::move(value), {x}, [=](Node& y) {
    const auto slope = [=](real v) { return exponent * std::pow(v, exponent - 1); };
    x.add_grad(map([=](real dy, real v) { return dy * slope(v); }, y.grad, x->value));
  });
  return with_options(out, {{"exponent", {static_cast<double>(exponent)}}});
}

Var log(const Var& x) {
  Tensor value = map([](real v) { return std::log(v); }, x->value);
  return result("log", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real v) { return dy / v; }, y.grad, x->value));
  });
}

// q' = 1 / (2 q)
Var sqrt(const Var& x) {
  Tensor value = map([](real v) { return std::sqrt(v); }, x->value);
  return result("sqrt", std::move(value), {x}, [=](Node& y) {
    x.add_grad(map([](real dy, real q) { return dy / (2 * q); }, y.grad, y.value));
  });
}

// The product with a random mask whose mean is 1 (Srivastava et al., JMLR 2014).
Var dropout(const Var& x, real p, Rng& rng) {
  require(p >= 0 && p < 1, "dropout: probability ", p, ", expected at least 0 and below 1");
  const auto kept = [=](real u) { return u < p ? real(0) : 1 / (1 - p); };
  return mul(x, map(kept, uniform_of_batch(x.shape(), rng)));
}

// ---- products ----

// Y = A B: dA = dY B^T, dB = A^T dY
Var matmul(const Var& a, const Var& b) {
  Tensor value = matmul(a->value, b->value);
  const long macs = value.size() * b.shape()[0];  // each of M N elements is a sum of K products
  return result("matmul", std::move(value), {a, b}, {.macs = macs}, [=](Node& y) {
    if (a.requires_grad()) a.add_grad(matmul_transposed_b(y.grad, b->value));
    if (b.requires_grad()) b.add_grad(matmul_transposed_a(a->value, y.grad));
  });
}

// The same b is added to every row, so db is the sum of dy over all rows.
Var add_bias(const Var& x, const Var& b) {
  require_channels("add_bias", "bias", x, b);
  Tensor value = add_rows(x->value, b->value);
  return result("add_bias", std::move(value), {x, b}, linear_op, [=](Node& y) {
    if (b.requires_grad()) b.add_grad(sum_rows(y.grad));
    x.add_grad(std::move(y.grad));
  });
}

Var linear(const Var& x, const Var& w, const Var& b) {
  require(x.shape().rank() == 2 && w.shape().rank() == 2 && x.shape()[1] == w.shape()[0],
          "linear: input ", x.shape(), " and weight ", w.shape(),
          " do not fit, expected [N, in] and [in, out]");
  return add_bias(matmul(x, w), b);
}

// A row may be used several times, so its gradient is the sum of dy over all its uses.
Var embedding(const Var& table, const std::vector<int>& indices) {
  Tensor value = gather_rows(table->value, indices);
  return result("embedding", std::move(value), {table}, linear_op, [=](Node& y) {
    table.add_grad(scatter_add_rows(y.grad, indices, table.shape()[0]));
  });
}

Var conv2d_node(Tensor value, const Var& x, const Var& w, const Conv2dOptions& options) {
  const long macs = conv2d_macs(value.shape(), w.shape());
  const Var out = result("conv2d", std::move(value), {x, w}, {.macs = macs}, [=](Node& y) {
    if (w.requires_grad()) w.add_grad(conv2d_dw(x->value, y.grad, w.shape(), options));
    if (!x.requires_grad()) return;
    if (x->grad.empty())  // else dx is added while it is written, which saves a pass over it
      x.add_grad(conv2d_dx(y.grad, w->value, x.shape(), options));
    else
      conv2d_add_dx(y.grad, w->value, x->grad, options);
  });
  return with_options(out, {sizes("stride", options.stride),
                            sizes("pad", options.pad),
                            sizes("dilation", options.dilation),
                            {"groups", {static_cast<double>(options.groups)}}});
}
Var conv2d(const Var& x, const Var& w, const Conv2dOptions& options) {
  return conv2d_node(conv2d(x->value, w->value, options), x, w, options);
}

// ---- pools ----

// dy of a window goes to the element that was its maximum.
Var max_pool2d(const Var& x, const Pool2dOptions& options) {
  const auto argmax = std::make_shared<Tensor>();
  Tensor value = max_pool2d(x->value, options, *argmax);
  const Var out = result("max_pool2d", std::move(value), {x},
                         [=](Node& y) { x.add_grad(max_pool_dx(y.grad, *argmax, x.shape())); });
  return with_options(out, pool_options(options));
}

Var adaptive_max_pool(const Var& x, const Size2& cells) {
  const auto argmax = std::make_shared<Tensor>();
  Tensor value = adaptive_max_pool(x->value, cells, *argmax);
  return result("adaptive_max_pool", std::move(value), {x},
                [=](Node& y) { x.add_grad(max_pool_dx(y.grad, *argmax, x.shape())); });
}

Var global_max_pool(const Var& x) {
  const auto argmax = std::make_shared<Tensor>();
  Tensor value = global_max_pool(x->value, *argmax);
  return result("global_max_pool", std::move(value), {x},
                [=](Node& y) { x.add_grad(max_pool_dx(y.grad, *argmax, x.shape())); });
}

// Every element of a window gets dy / count, where count is the divisor of the window's mean.
Var avg_pool2d(const Var& x, const Pool2dOptions& options) {
  Tensor value = avg_pool2d(x->value, options);
  const Var out = result("avg_pool2d", std::move(value), {x}, linear_op,
                         [=](Node& y) { x.add_grad(avg_pool2d_dx(y.grad, x.shape(), options)); });
  return with_options(out, pool_options(options));
}

Var adaptive_avg_pool(const Var& x, const Size2& cells) {
  Tensor value = adaptive_avg_pool(x->value, cells);
  return result("adaptive_avg_pool", std::move(value), {x}, linear_op,
                [=](Node& y) { x.add_grad(adaptive_avg_pool_dx(y.grad, x.shape())); });
}

Var global_avg_pool(const Var& x) {
  Tensor value = global_avg_pool(x->value);
  return result("global_avg_pool", std::move(value), {x}, linear_op,
                [=](Node& y) { x.add_grad(global_avg_pool_dx(y.grad, x.shape())); });
}

// ---- channels and pixels ----

// du = s dy,  ds[n, c] = sum over h, w of dy[n, h, w, c] u[n, h, w, c]. Where s is [C], the same
// for all images, ds is the sum of these over n.
Var scale_channels(const Var& u, const Var& s) {
  Tensor value = scale_channels(u->value, s->value);
  return result("scale_channels", std::move(value), {u, s}, [=](Node& y) {
    if (s.requires_grad()) {
      Tensor ds = scale_channels_ds(y.grad, u->value);
      s.add_grad(s.shape().rank() == 1 ? sum_rows(ds) : std::move(ds));
    }
    if (u.requires_grad()) u.add_grad(scale_channels(y.grad, s->value));
  });
}

Var concat_channels(const std::vector<Var>& parts) {
  std::vector<const Tensor*> values;
  for (const Var& part : parts) values.push_back(&part->value);
  Tensor value = concat_rows(values);
  return result("concat_channels", std::move(value), parts, linear_op, [=](Node& y) {
    long first = 0;
    for (const Var& part : parts) {
      if (part.requires_grad()) part.add_grad(slice_rows(y.grad, first, part.shape()[-1]));
      first += part.shape()[-1];
    }
  });
}

// The gradient of the other channels is 0.
Var slice_channels(const Var& x, long first, long count) {
  Tensor value = slice_rows(x->value, first, count);
  const Var out = result("slice_channels", std::move(value), {x}, linear_op,
                         [=](Node& y) { x.add_grad(pad_rows(y.grad, first, x.shape()[-1])); });
  return with_options(out, {{"first", {static_cast<double>(first)}}});
}

// The shuffle transposes a [groups, C/groups] table of channels; the gradient transposes it back.
Var channel_shuffle(const Var& x, long groups) {
  Tensor value = shuffle_rows(x->value, groups);
  const Var out = result("channel_shuffle", std::move(value), {x}, linear_op, [=](Node& y) {
    x.add_grad(shuffle_rows(y.grad, x.shape()[-1] / groups));
  });
  return with_options(out, {{"groups", {static_cast<double>(groups)}}});
}

Var shift(const Var& x, const Size2& offset) {
  Tensor value = shift(x->value, offset);
  const Var out = result("shift", std::move(value), {x}, linear_op, [=](Node& y) {
    x.add_grad(shift(y.grad, {-offset.h, -offset.w}));
  });
  return with_options(out, {sizes("offset", offset)});
}

Var reshape(const Var& x, const Shape& shape) {
  Tensor value = x->value.clone().reshaped(shape);
  return result("reshape", std::move(value), {x}, linear_op,
                [=](Node& y) { x.add_grad(std::move(y.grad).reshaped(x.shape())); });
}

// ---- reductions ----

Var sum(const Var& x) {
  Tensor value = full({}, static_cast<real>(sum(x->value)));
  return result("sum", std::move(value), {x}, linear_op,
                [=](Node& y) { x.add_grad(full(x.shape(), y.grad.item())); });
}

Var mean(const Var& x) {
  require(!x->value.empty(), "mean: input ", x.shape(), " has no elements, expected at least 1");
  return scale(sum(x), 1 / static_cast<real>(whole_size(x.shape())));
}

}  // namespace excite
