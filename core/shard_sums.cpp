#include "core/shard_sums.h"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "core/shared_batch.h"
#include "core/subtrees.h"

namespace excite {

namespace {

// The largest subtrees of all ranks, in order, and how many of them each rank has.
struct SubtreesOfRanks {
  std::vector<Subtree> all;
  std::vector<long> counts;
  SubtreesOfRanks(const BatchSlices& slices, long leaves) {
    const long per_shard = leaves / slices.shards;
    for (long rank = 0; rank < slices.ranks; rank++) {
      const std::vector<Subtree> own = subtrees(
          {leaves, slices.first_shard(rank) * per_shard, slices.first_shard(rank + 1) * per_shard});
      all.insert(all.end(), own.begin(), own.end());
      counts.push_back(std::ssize(own));
    }
  }
};

// The tree over sums[0], sums[1], ... of `size` numbers each. The result is at sums[0].
template <class Number>
void add_all(const TreePlan& plan, const std::vector<Number*>& sums, long size) {
  parallel_ranges(size, 4096, [&](long begin, long end) {
    for (const TreePlan::Addition& a : plan.additions)
      for (long i = begin; i < end; i++) sums[a.to][i] += sums[a.from][i];
  });
}

// Few numbers are sent to all ranks, and each adds all of them: one exchange.
template <class Number>
void add_everywhere(Ranks& ranks, const SubtreesOfRanks& subtrees, const TreePlan& plan,
                    const std::vector<const Number*>& own, long size, Number* total) {
  std::vector<Number> mine, all(subtrees.all.size() * static_cast<std::size_t>(size));
  for (const Number* sum : own) mine.insert(mine.end(), sum, sum + size);
  std::vector<long> bytes = subtrees.counts;
  for (long& count : bytes) count *= size * static_cast<long>(sizeof(Number));
  ranks.all_gather(mine.data(), all.data(), bytes);
  std::vector<Number*> sums;
  for (std::size_t i = 0; i < subtrees.all.size(); i++)
    sums.push_back(all.data() + static_cast<long>(i) * size);
  add_all(plan, sums, size);
  std::copy_n(all.data(), size, total);
}

// A sum over the shards of all ranks, of which this one has the sums `own` of its subtrees.
template <class Number>
struct ShardSum {
  SubtreesOfRanks subtrees;
  TreePlan plan;
  std::vector<const Number*> own;
  long size;
  Number* total;
  const void* result;
  std::function<void()> finish;
};

template <class Number>
ShardSum<Number> shard_sum(const SharedBatch* batch, long leaves,
                           const std::vector<const Number*>& own, long size, Number* total) {
  require(batch && leaves % batch->slices().shards == 0, "a sum over ", leaves,
          " leaves: the batch that ranks share has ", batch ? batch->slices().shards : 0,
          " shards, expected a whole number of leaves for each");
  const SubtreesOfRanks subtrees(batch->slices(), leaves);
  return {subtrees, TreePlan(leaves, subtrees.all), own, size, total, nullptr, {}};
}

// Sums that are being exchanged.
class SumsUnderWay {
 public:
  virtual ~SumsUnderWay() = default;
  // The next of the parts of the exchange.
  virtual void advance() = 0;
  virtual bool is_complete() const = 0;
  virtual bool has(const void* result) const = 0;
};

template <class Number>
bool has_result(const std::vector<ShardSum<Number>>& sums, const void* result) {
  return std::any_of(sums.begin(), sums.end(),
                     [=](const ShardSum<Number>& sum) { return sum.result == result; });
}

// Many numbers are cut into as many slices as there are ranks. Each rank receives one slice of all
// sums, adds it, and sends the result to all. So a rank sends each number of a sum twice, whatever
// the number of ranks. Several sums are exchanged by the same two calls: a rank's slice is then
// those of all of them, one after the other.
template <class Number>
class SlicedSums final : public SumsUnderWay {
 public:
  SlicedSums(Ranks& ranks, std::vector<ShardSum<Number>> sums)
      : ranks_(ranks), sums_(std::move(sums)), lengths_(ranks.count(), 0) {
    for (long rank = 0; rank < ranks.count(); rank++)
      for (const ShardSum<Number>& sum : sums_) lengths_[rank] += length(sum, rank);
  }
  void advance() override {
    if (parts_ == 0) send_slices();
    if (parts_ == 1) add_slices();
    if (parts_ == 2) write_totals();
    parts_++;
  }
  bool is_complete() const override { return parts_ == 3; }
  void complete() {
    while (!is_complete()) advance();
  }
  bool has(const void* result) const override { return has_result(sums_, result); }

 private:
  long begin(const ShardSum<Number>& sum, long rank) const {
    return sum.size * rank / ranks_.count();
  }
  long length(const ShardSum<Number>& sum, long rank) const {
    return begin(sum, rank + 1) - begin(sum, rank);
  }
  // Receives this rank's slice of the subtrees of all sums, of rank 0, then of rank 1, and so on.
  void send_slices() {
    std::vector<long> sent(ranks_.count(), 0), received(ranks_.count(), 0);
    for (long rank = 0; rank < ranks_.count(); rank++)
      for (const ShardSum<Number>& sum : sums_) {
        const long first = begin(sum, rank), last = begin(sum, rank + 1);
        for (const Number* own : sum.own) mine_.insert(mine_.end(), own + first, own + last);
        sent[rank] += std::ssize(sum.own) * (last - first) * bytes;
        received[rank] += sum.subtrees.counts[rank] * length(sum, ranks_.rank()) * bytes;
      }
    all_.resize(std::accumulate(received.begin(), received.end(), 0l) / bytes);
    call_ = ranks_.start_all_to_all(mine_.data(), sent, all_.data(), received);
  }
  void add_slices() {
    call_->wait();
    std::vector<std::vector<Number*>> parts(sums_.size());  // of each sum: its subtrees' slices
    Number* at = all_.data();
    for (long rank = 0; rank < ranks_.count(); rank++)
      for (std::size_t i = 0; i < sums_.size(); i++)
        for (long k = 0; k < sums_[i].subtrees.counts[rank]; k++) {
          parts[i].push_back(at);
          at += length(sums_[i], ranks_.rank());
        }
    mine_.clear();
    for (std::size_t i = 0; i < sums_.size(); i++) {
      const long slice = length(sums_[i], ranks_.rank());
      add_all(sums_[i].plan, parts[i], slice);
      mine_.insert(mine_.end(), parts[i][0], parts[i][0] + slice);
    }
    send_results();
  }
  void send_results() {
    std::vector<long> sizes = lengths_;
    for (long& size : sizes) size *= bytes;
    all_.resize(std::accumulate(lengths_.begin(), lengths_.end(), 0l));
    call_ = ranks_.start_all_gather(mine_.data(), all_.data(), sizes);
  }
  void write_totals() {
    call_->wait();
    auto at = all_.begin();
    for (long rank = 0; rank < ranks_.count(); rank++)
      for (const ShardSum<Number>& sum : sums_) {
        std::copy_n(at, length(sum, rank), sum.total + begin(sum, rank));
        at += length(sum, rank);
      }
    for (const ShardSum<Number>& sum : sums_)
      if (sum.finish) sum.finish();
  }

  static constexpr long bytes = sizeof(Number);
  Ranks& ranks_;
  const std::vector<ShardSum<Number>> sums_;
  std::vector<long> lengths_;       // of the slices of each rank
  std::vector<Number> mine_, all_;  // what is sent, and what is received
  std::unique_ptr<StartedCall> call_;
  int parts_ = 0;  // that are done
};

template <class Number>
void sum_shards(long leaves, const std::vector<const Number*>& own, long size, Number* total) {
  const SharedBatch* batch = SharedBatch::current();
  const ShardSum<Number> sum = shard_sum(batch, leaves, own, size, total);
  constexpr long few_bytes = 1 << 14;
  if (size * static_cast<long>(sizeof(Number)) <= few_bytes)
    add_everywhere(batch->ranks(), sum.subtrees, sum.plan, own, size, total);
  else
    SlicedSums<Number>(batch->ranks(), {sum}).complete();
}

}  // namespace

void sum_over_shards(long leaves, const std::vector<const float*>& own, long size, float* total) {
  sum_shards(leaves, own, size, total);
}
void sum_over_shards(long leaves, const std::vector<const double*>& own, long size, double* total) {
  sum_shards(leaves, own, size, total);
}

struct CollectedSums::Waiting {
  // Sums of one type that are not sent yet.
  template <class Number>
  struct Bucket {
    std::vector<ShardSum<Number>> sums;
    long bytes = 0;
  };
  Bucket<float> floats;
  Bucket<double> doubles;
  std::vector<std::unique_ptr<SumsUnderWay>> under_way;  // in the order in which they were sent

  ~Waiting() {
    for (auto& sums : under_way) sums.release();  // after an error, as MPI still writes to them
  }
  template <class Number>
  void add(Bucket<Number>& bucket, ShardSum<Number> sum) {
    constexpr long enough_bytes = 1 << 20;
    bucket.bytes += sum.size * static_cast<long>(sizeof(Number));
    bucket.sums.push_back(std::move(sum));
    if (bucket.bytes >= enough_bytes) send(bucket);
  }
  bool has(const void* result) const {
    return has_result(floats.sums, result) || has_result(doubles.sums, result) ||
           std::any_of(under_way.begin(), under_way.end(),
                       [=](const auto& sums) { return sums->has(result); });
  }
  void exchange() {
    send(floats);
    send(doubles);
    while (!under_way.empty()) advance();
  }

 private:
  // What was sent before goes one part further, in the time of the next bucket.
  template <class Number>
  void send(Bucket<Number>& bucket) {
    if (bucket.sums.empty()) return;
    under_way.push_back(std::make_unique<SlicedSums<Number>>(SharedBatch::current()->ranks(),
                                                             std::exchange(bucket.sums, {})));
    bucket.bytes = 0;
    advance();
  }
  void advance() {
    for (const auto& sums : under_way) sums->advance();
    std::erase_if(under_way, [](const auto& sums) { return sums->is_complete(); });
  }
};

namespace {
thread_local CollectedSums::Waiting* collecting = nullptr;
}  // namespace

CollectedSums::CollectedSums()
    : waiting_(std::make_unique<Waiting>()), outer_(std::exchange(collecting, waiting_.get())) {}
CollectedSums::~CollectedSums() { collecting = outer_; }

void CollectedSums::exchange() { waiting_->exchange(); }
void CollectedSums::exchange_if_waiting(const void* result) {
  if (collecting && collecting->has(result)) collecting->exchange();
}

namespace {
template <class Number>
void sum_later(long leaves, const std::vector<const Number*>& own, long size, Number* total,
               const void* result, std::function<void()> finish) {
  if (!collecting) {
    sum_shards(leaves, own, size, total);
    finish();
    return;
  }
  ShardSum<Number> sum = shard_sum(SharedBatch::current(), leaves, own, size, total);
  sum.result = result, sum.finish = std::move(finish);
  if constexpr (std::is_same_v<Number, float>)
    collecting->add(collecting->floats, std::move(sum));
  else
    collecting->add(collecting->doubles, std::move(sum));
}
}  // namespace

void sum_over_shards_later(long leaves, const std::vector<const float*>& own, long size,
                           float* total, const void* result, std::function<void()> finish) {
  sum_later(leaves, own, size, total, result, std::move(finish));
}
void sum_over_shards_later(long leaves, const std::vector<const double*>& own, long size,
                           double* total, const void* result, std::function<void()> finish) {
  sum_later(leaves, own, size, total, result, std::move(finish));
}

}  // namespace excite
