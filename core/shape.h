// A tensor's dimensions, outermost first: {N, H, W, C} for images, {R, S, C, K} for convolution
// weights, {} for one number.
#pragma once
#include <array>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

namespace excite {

class Shape {
 public:
  static constexpr int max_rank = 4;

  // Error if there are more than max_rank dimensions, or if one is negative.
  Shape(std::initializer_list<long> dims) : Shape(dims.begin(), dims.end()) {}
  explicit Shape(const std::vector<long>& dims) : Shape(dims.data(), dims.data() + dims.size()) {}

  int rank() const { return rank_; }
  long size() const { return size_; }  // number of elements: the product of the dimensions
  long operator[](int axis) const;     // -1 is the innermost; Error if there is no such axis
  long rows() const;  // product of all dimensions but the innermost (1 if there is none)
  bool operator==(const Shape&) const = default;
  std::vector<long> dims() const { return {dims_.begin(), dims_.begin() + rank_}; }

 private:
  Shape(const long* begin, const long* end);
  std::array<long, max_rank> dims_{};
  int rank_ = 0;
  long size_ = 1;
};

std::ostream& operator<<(std::ostream&, const Shape&);  // [128, 32, 32, 3]

// The index of the i-th element in storage order, one number per dimension:
// index_text({2, 3}, 5) is "[1, 2]".
std::string index_text(const Shape& shape, long i);

// Error, beginning with the operation's name `what`, unless the shape has the rank of [N, H, W, C].
void require_images(const std::string& what, const Shape& shape);

// Height and width of a kernel, stride or padding. A single number sets both.
struct Size2 {
  long h, w;
  constexpr Size2(long both) : h(both), w(both) {}
  constexpr Size2(long height, long width) : h(height), w(width) {}
  bool operator==(const Size2&) const = default;
};
std::ostream& operator<<(std::ostream&, const Size2&);  // 3x3

}  // namespace excite
