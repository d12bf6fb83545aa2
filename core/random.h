// Random numbers from a counter: the n-th number of a stream is a hash of (key, n). The key is a
// hash of the integers that identify the stream, such as (seed, epoch, image, purpose). So no
// number depends on timing, on threads, or on numbers drawn elsewhere. The hash is SplitMix64's
// (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#pragma once
#include <concepts>
#include <cstdint>

namespace excite {

class Rng {
 public:
  // The stream with these identifiers; their order matters.
  template <std::integral... Ids>
  explicit Rng(Ids... ids) {
    ((key_ = hash(key_ ^ hash(static_cast<std::uint64_t>(ids)))), ...);
  }

  Rng(const Rng&) = delete;  // pass Rng&: a copy would draw the same numbers once more
  Rng(Rng&&) = default;
  Rng& operator=(Rng&&) = default;

  // A generator for a model whose parameters are not drawn, because they will be loaded or are only
  // counted. uniform() and normal() of tensor.h then return zeros without drawing, and the memory
  // of large tensors is not touched until it is written (fill_zero_lazily). This makes such a model
  // fast to build.
  static Rng silent() {
    Rng rng;
    rng.silent_ = true;
    return rng;
  }
  bool is_silent() const { return silent_; }

  // Advances as if so many numbers had been drawn by bits() or uniform(). This takes no time.
  void skip(long numbers) { count_ += static_cast<std::uint64_t>(numbers); }

  // Another stream, which follows from this one and its position; this one does not advance. So a
  // part of a model can draw its weights without a change of those that are drawn after it. Two
  // forks at the same position are equal.
  Rng fork() const;

  std::uint64_t bits() { return hash(key_ + 0x9e3779b97f4a7c15u * ++count_); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }  // in [0, 1)
  double normal();     // mean 0, standard deviation 1
  long below(long n);  // 0, 1, ..., n - 1, all equally likely; Error unless n > 0

 private:
  static std::uint64_t hash(std::uint64_t x);
  std::uint64_t key_ = 0x853c49e6748fea9bu, count_ = 0;
  bool silent_ = false;
};

}  // namespace excite
