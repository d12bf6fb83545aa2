// A range of batches for a range-based for. Each batch is made when the loop reaches it.
#pragma once
#include <functional>
#include <utility>
#include <vector>

namespace excite {

struct BatchOptions {
  long batch = 64;         // samples per batch
  long seed = 0;           // of the order of the samples
  bool drop_last = false;  // leave out the last batch of an epoch if it is smaller than the others
};

// The number of batches in an epoch. Error if it is 0, or if the batch size is below 1.
long count_batches(long samples, const BatchOptions& options);

// The part of `order` that is batch `index`; the last batch may be smaller.
std::vector<long> indices_of_batch(const std::vector<long>& order, long index, long batch);

template <class Batch>
class BatchRange {
 public:
  using Make = std::function<Batch(long index)>;
  BatchRange(long count, Make make) : count_(count), make_(std::move(make)) {}

  struct Iterator {
    const BatchRange* range;
    long index;
    Batch operator*() const { return range->make_(index); }
    Iterator& operator++() { return index++, *this; }
    bool operator==(const Iterator& other) const { return index == other.index; }
  };
  // For range-based loops; a batch is made when it is reached.
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }
  long size() const { return count_; }

 private:
  long count_;
  Make make_;
};

}  // namespace excite
