// A tensor: a shape and its numbers, contiguous and row-major, of rank 0 to 4. There are no strides
// and no views, and only clone() copies, so two tensors never share numbers.
#pragma once
#include <initializer_list>
#include <iosfwd>

#include "core/memory.h"
#include "core/real.h"
#include "core/shape.h"

namespace excite {

class Rng;

class Tensor {
 public:
  Tensor() = default;                   // empty: no numbers at all
  explicit Tensor(const Shape& shape);  // numbers undefined
  Tensor(const Shape& shape, std::initializer_list<real> numbers);
  Tensor(Tensor&& other) noexcept;  // leaves the other empty
  Tensor(const Tensor&) = delete;   // for a copy call x.clone(); or hand x over: std::move(x)
  Tensor& operator=(Tensor&& other) noexcept;

  bool empty() const { return shape_.size() == 0; }
  const Shape& shape() const { return shape_; }
  long size() const { return shape_.size(); }
  long dim(int axis) const { return shape_[axis]; }  // -1 is the innermost
  real* data() { return buffer_.data(); }
  const real* data() const { return buffer_.data(); }
  // For range-based loops and algorithms, in storage order.
  real* begin() { return data(); }
  real* end() { return data() + size(); }
  const real* begin() const { return data(); }
  const real* end() const { return data() + size(); }
  real& operator[](long i) { return data()[i]; }       // i counts in storage order
  real operator[](long i) const { return data()[i]; }  // the same
  real item() const;  // the only number; Error if there is not exactly one

  Tensor clone() const;                    // a copy
  Tensor reshaped(const Shape& shape) &&;  // the same numbers under another shape of the same size

 private:
  Shape shape_{0};
  Buffer buffer_;
};

// Tensors of equal numbers.
Tensor zeros(const Shape& shape);
Tensor full(const Shape& shape, real value);
// Random numbers drawn from rng, in storage order; zeros if rng.is_silent() (core/random.h).
Tensor uniform(const Shape& shape, Rng& rng, real low = 0, real high = 1);
Tensor normal(const Shape& shape, Rng& rng, real mean = 0, real deviation = 1);

std::ostream& operator<<(std::ostream&, const Tensor&);  // shape and the first numbers

}  // namespace excite
