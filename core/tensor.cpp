#include "core/tensor.h"

#include <algorithm>
#include <new>
#include <ostream>
#include <utility>

#include "core/check.h"
#include "core/random.h"
#include "core/shapes_only.h"

namespace excite {

namespace {
thread_local bool shapes_only = false;

Buffer buffer_for(const Shape& shape) {
  if (shapes_only) return {};
  try {
    return Buffer(shape.size());
  } catch (const std::bad_alloc&) {
    const double bytes = static_cast<double>(shape.size()) * sizeof(real);
    const std::string size = bytes < 1e6 ? text(bytes, " bytes") : text(bytes / 1e9, " GB");
    throw Error(text("tensor of shape ", shape, ": its ", size, " are more memory than is left"));
  }
}
}  // namespace

ShapesOnly::ShapesOnly() : outer_(std::exchange(shapes_only, true)) {}
ShapesOnly::~ShapesOnly() { shapes_only = outer_; }

Tensor::Tensor(const Shape& shape) : shape_(shape), buffer_(buffer_for(shape)) {}

Tensor::Tensor(const Shape& shape, std::initializer_list<real> numbers) : Tensor(shape) {
  require(static_cast<long>(numbers.size()) == size(), "tensor of shape ", shape, ": ",
          numbers.size(), " numbers were given, expected ", size());
  if (data()) std::copy(numbers.begin(), numbers.end(), begin());
}

Tensor::Tensor(Tensor&& other) noexcept
    : shape_(std::exchange(other.shape_, Shape{0})), buffer_(std::move(other.buffer_)) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  Tensor taken(std::move(other));
  std::swap(shape_, taken.shape_);
  buffer_ = std::move(taken.buffer_);
  return *this;
}

real Tensor::item() const {
  require(size() == 1, "item: tensor ", shape_, " has ", size(), " numbers, expected 1");
  return data()[0];
}

Tensor Tensor::clone() const {
  Tensor copy(shape_);
  if (copy.data()) std::copy(begin(), end(), copy.begin());
  return copy;
}

Tensor Tensor::reshaped(const Shape& shape) && {
  require(shape.size() == size(), "reshape: the new shape ", shape, " has ", shape.size(),
          " numbers, expected ", size(), " as in ", shape_);
  shape_ = shape;
  return std::move(*this);
}

Tensor full(const Shape& shape, real value) {
  Tensor t(shape);
  if (t.data()) std::fill(t.begin(), t.end(), value);
  return t;
}
Tensor zeros(const Shape& shape) { return full(shape, 0); }

static Tensor random_tensor(const Shape& shape, const Rng& rng, const auto& next) {
  Tensor t(shape);
  if (!t.data()) return t;
  if (rng.is_silent())
    fill_zero_lazily(t.data(), t.size());
  else
    std::generate(t.begin(), t.end(), next);
  return t;
}

Tensor uniform(const Shape& shape, Rng& rng, real low, real high) {
  return random_tensor(shape, rng,
                       [&] { return low + (high - low) * static_cast<real>(rng.uniform()); });
}

Tensor normal(const Shape& shape, Rng& rng, real mean, real deviation) {
  return random_tensor(shape, rng,
                       [&] { return mean + deviation * static_cast<real>(rng.normal()); });
}

std::ostream& operator<<(std::ostream& out, const Tensor& t) {
  constexpr long shown = 8;
  out << t.shape() << " {";
  for (long i = 0; i < std::min(t.size(), shown); i++) out << (i ? ", " : "") << t[i];
  return out << (t.size() > shown ? ", ...}" : "}");
}

}  // namespace excite
