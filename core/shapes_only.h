// Tensors without numbers, for networks of which only names and shapes are needed.
#pragma once

namespace excite {

// While one lives, each tensor that the calling thread makes has a shape, but takes no memory: its
// data() is nullptr, and nobody may read or write its numbers.
class ShapesOnly {
 public:
  ShapesOnly();
  ~ShapesOnly();
  ShapesOnly(const ShapesOnly&) = delete;
  ShapesOnly& operator=(const ShapesOnly&) = delete;

 private:
  bool outer_;
};

}  // namespace excite
