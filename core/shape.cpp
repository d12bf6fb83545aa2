#include "core/shape.h"

#include <ostream>

#include "core/check.h"

namespace excite {

namespace {
// These become text only when they are printed, as a network's pass checks thousands of shapes.
struct List {
  const long *begin, *end;
};
std::ostream& operator<<(std::ostream& out, const List& list) {
  out << "[";
  for (const long* d = list.begin; d != list.end; d++) out << (d == list.begin ? "" : ", ") << *d;
  return out << "]";
}

struct Axes {
  int rank;
};
std::ostream& operator<<(std::ostream& out, Axes axes) {
  if (axes.rank == 0) return out << "none: it has no dimensions";
  return out << -axes.rank << " to " << axes.rank - 1;
}
}  // namespace

Shape::Shape(const long* begin, const long* end) {
  require(end - begin <= max_rank, "shape ", List{begin, end}, " has ", end - begin,
          " dimensions, expected at most ", max_rank);
  for (const long* d = begin; d != end; d++) {
    require(*d >= 0, "shape ", List{begin, end}, " has a negative dimension, expected 0 or more");
    require(!__builtin_mul_overflow(size_, *d, &size_), "shape ", List{begin, end},
            " has more elements than can be counted in 64 bits");
    dims_[rank_++] = *d;
  }
}

long Shape::operator[](int axis) const {
  const int from_front = axis < 0 ? axis + rank_ : axis;
  require(from_front >= 0 && from_front < rank_, "shape ", *this, " has no axis ", axis,
          ", expected ", Axes{rank_});
  return dims_[from_front];
}

long Shape::rows() const {
  long product = 1;
  for (int axis = 0; axis + 1 < rank_; axis++) product *= dims_[axis];
  return product;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  const std::vector<long> dims = shape.dims();
  return out << List{dims.data(), dims.data() + dims.size()};
}

std::string index_text(const Shape& shape, long i) {
  std::string index;
  for (int axis = shape.rank() - 1; axis >= 0; i /= shape[axis--])
    index = text(i % shape[axis], index.empty() ? "" : ", ", index);
  return "[" + index + "]";
}

void require_images(const std::string& what, const Shape& shape) {
  require(shape.rank() == 4, what, ": input has shape ", shape, ", expected [N, H, W, C]");
}

std::ostream& operator<<(std::ostream& out, const Size2& size) {
  return out << size.h << "x" << size.w;
}

}  // namespace excite
