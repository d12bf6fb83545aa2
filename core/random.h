// Random numbers from a counter: the n-th number of a stream is a hash of (key, n), and the key is
// a hash of whatever names the stream, such as (seed, epoch, image, purpose). So no number depends
// on timing, on threads, or on what was drawn elsewhere. The hash is SplitMix64's (Steele, Lea,
// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#pragma once
#include <concepts>
#include <cstdint>

namespace excite {

class Rng {
 public:
  template <std::integral... Names>
  explicit Rng(Names... names) {
    ((key_ = hash(key_ ^ hash(static_cast<std::uint64_t>(names)))), ...);
  }

  // Tensors are not filled from it, and stay zero: for whoever asks what a model is, not what it
  // computes, or loads its weights anyway.
  static Rng silent() {
    Rng rng;
    rng.silent_ = true;
    return rng;
  }
  bool is_silent() const { return silent_; }

  std::uint64_t bits() { return hash(key_ + 0x9e3779b97f4a7c15u * ++count_); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }  // in [0, 1)
  double normal();                                                          // mean 0, deviation 1
  long below(long n);  // 0, 1, ..., n - 1, all equally likely

 private:
  static std::uint64_t hash(std::uint64_t x);
  std::uint64_t key_ = 0x853c49e6748fea9bu, count_ = 0;
  bool silent_ = false;
};

}  // namespace excite
