#include "core/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "core/check.h"
#include "core/random.h"

namespace excite {

Tensor::Tensor(const Shape& shape) : shape_(shape), buffer_(shape.size()) {}

Tensor::Tensor(const Shape& shape, std::initializer_list<real> numbers) : Tensor(shape) {
  require(static_cast<long>(numbers.size()) == size(), "a tensor of shape ", shape, " holds ", size(), " numbers, but ", numbers.size(), " were given");
  std::copy(numbers.begin(), numbers.end(), begin());
}

Tensor::Tensor(Tensor&& other) noexcept : shape_(std::exchange(other.shape_, Shape{0})), buffer_(std::move(other.buffer_)) {}

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
  std::copy(begin(), end(), copy.begin());
  return copy;
}

Tensor Tensor::reshaped(const Shape& shape) && {
  require(shape.size() == size(), "reshape: ", shape_, " has ", size(), " numbers, but ", shape, " has ", shape.size());
  shape_ = shape;
  return std::move(*this);
}

Tensor full(const Shape& shape, real value) {
  Tensor t(shape);
  std::fill(t.begin(), t.end(), value);
  return t;
}
Tensor zeros(const Shape& shape) { return full(shape, 0); }

// Zeros that take memory only once somebody writes them: pages that are handed back are zero when they are next looked at.
static Tensor untouched_zeros(const Shape& shape) {
  constexpr long large = 2 << 20, page = 1 << 16;  // from so many bytes on, a buffer begins on a page
  Tensor t(shape);
  const long bytes = t.size() * static_cast<long>(sizeof(real));
  const long handed_back = bytes >= large && madvise(t.data(), static_cast<std::size_t>(bytes / page * page), MADV_DONTNEED) == 0 ? bytes / page * page : 0;
  std::fill(t.begin() + handed_back / static_cast<long>(sizeof(real)), t.end(), real(0));
  return t;
}

Tensor uniform(const Shape& shape, Rng& rng, real low, real high) {
  if (rng.is_silent()) return untouched_zeros(shape);
  Tensor t(shape);
  for (real& v : t) v = low + (high - low) * static_cast<real>(rng.uniform());
  return t;
}

Tensor normal(const Shape& shape, Rng& rng, real mean, real deviation) {
  if (rng.is_silent()) return untouched_zeros(shape);
  Tensor t(shape);
  for (real& v : t) v = mean + deviation * static_cast<real>(rng.normal());
  return t;
}

std::ostream& operator<<(std::ostream& out, const Tensor& t) {
  constexpr long shown = 8;
  out << t.shape() << " {";
  for (long i = 0; i < std::min(t.size(), shown); i++) out << (i ? ", " : "") << t[i];
  return out << (t.size() > shown ? ", ...}" : "}");
}

}  // namespace excite
