// Worker threads. Work is divided into shards, whose number depends on the problem and never on the
// number of threads, and the sums of shards are added in shard order. So the same input gives the
// same bits on 1, 2, 3 or 7 threads.
#pragma once
#include <functional>

namespace excite {

void set_threads(int count);  // 1 to 1024; the default is the number of cores
int threads();

// Runs body(0), ..., body(count - 1), each once, in any order; returns when all are done.
// - Each thread first gets an equal, contiguous range of the indices; idle threads take over
//   remaining work. So in the next parallel_for a core mostly works on the same part of memory,
//   which is still in its cache.
// - The bodies of different indices must not write to the same numbers.
// - An exception thrown by a body is thrown again here; if there are several, the one of the lowest
//   index.
// - A nested parallel_for runs entirely on the thread of the outer body.
// - A program has one set of workers, so only one of its own threads at a time may call this or
//   set_threads.
void parallel_for(long count, const std::function<void(long)>& body);

// Divides [0, items) into at most max_shards nearly equal ranges. None is shorter than `grain`
// unless it is the only one.
struct Shards {
  static constexpr long max_shards = 16;
  long items, count;
  explicit Shards(long items, long grain = 1);
  long begin(long shard) const { return items * shard / count; }
  long end(long shard) const { return items * (shard + 1) / count; }
};

// Runs body(shard, begin, end) for every shard.
void parallel_shards(const Shards& shards, const std::function<void(long, long, long)>& body);

}  // namespace excite
